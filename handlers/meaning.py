"""What a text means, judged by nearness to labelled examples: closed-form ridge, deterministic, needs only numpy.

Three views side by side: the sentence encoder's vector (if there is one), character n-grams, and which word lists
occur. Trained once in the process on a policy's examples (some two thousand lines, under a second of algebra).
"""

from __future__ import annotations

import re
import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from .policy import Policy
from .policy_document import LABELS
from .rules import Vocabulary

Floats = NDArray[np.float32]
Encoder = Callable[[list[str]], Floats]

ELSE = "ordinary_question"
# Fitted by ten-fold cross-validation on examples.jsonl; the surface is flat around them.
GRAMS_WEIGHT = 0.7
CUES_WEIGHT = 0.2
RIDGE = 0.5
SHARPNESS = 8.0

_MARKS = re.compile(r"[^\w\s]+")
_LATIN = re.compile(r"[a-z]+")


def _grams(cleaned: str) -> set[str]:
    bare = f"^{_MARKS.sub('', cleaned)}$"
    found = {bare[at : at + size] for size in (1, 2, 3) for at in range(len(bare) - size + 1)}
    return found.union(f"w:{word}" for word in _LATIN.findall(bare))


@dataclass(frozen=True, slots=True)
class Likeness:
    """`shares` sum to one whatever the text; `nearest` is the cosine to the nearest example of each label, -1 to 1.

    Shares alone cannot say "never seen anything like it", for they must go somewhere.
    """

    shares: Mapping[str, float]
    nearest: Mapping[str, float]


class Meaning:
    """Likeness of a text to the six labels. Immutable once made, hence safe in threads."""

    def __init__(
        self, pairs: Sequence[tuple[str, str]], vocabulary: Vocabulary, encode: Encoder | None = None
    ) -> None:
        self._encode = encode
        self._lists = tuple(vocabulary.words.values())
        texts = [vocabulary.clean(text) for text, _ in pairs]
        grams = [_grams(text) for text in texts]
        counts = Counter(gram for found in grams for gram in found)
        kept = sorted(gram for gram, count in counts.items() if count > 1)
        self._column = {gram: at for at, gram in enumerate(kept)}
        self._idf = np.log((1 + len(texts)) / (1 + np.array([counts[gram] for gram in kept]))).astype(
            np.float32
        )
        rows = self._features(texts, grams)
        self._of = {label: np.array([label == known for _, known in pairs]) for label in LABELS}
        target = np.array([[label == known for known in LABELS] for _, label in pairs], dtype=np.float32)
        # The ridge falls back on this for what resembles nothing: such a text is the search's, not a person's in part.
        self._bias = np.array([label == ELSE for label in LABELS], dtype=np.float32)
        gram_matrix = rows @ rows.T + RIDGE * np.eye(len(rows), dtype=np.float32)
        self._weights: Floats = rows.T @ np.linalg.solve(gram_matrix, target - self._bias)
        # In place, and only now: a copy of these rows is tens of megabytes.
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        # A column for each example: a text has few n-grams, and only their lines are multiplied.
        self._known: Floats = np.ascontiguousarray(rows.T)

    def _features(self, cleaned: list[str], grams: list[set[str]]) -> Floats:
        lexical = np.zeros((len(cleaned), len(self._column)), dtype=np.float32)
        for at, found in enumerate(grams):
            columns = [self._column[gram] for gram in found if gram in self._column]
            lexical[at, columns] = self._idf[columns]
        lexical /= np.linalg.norm(lexical, axis=1, keepdims=True) + 1e-9
        cues = np.array(
            [[1.0 if words.search(text) else 0.0 for words in self._lists] for text in cleaned],
            dtype=np.float32,
        )
        parts = [GRAMS_WEIGHT * lexical, CUES_WEIGHT * cues]
        if self._encode is not None:
            parts.append(np.asarray(self._encode([text or " " for text in cleaned]), dtype=np.float32))
        return np.hstack(parts)

    def likeness(self, cleaned: str) -> Likeness:
        """Of a text that went through the vocabulary's `clean`."""
        row = self._features([cleaned], [_grams(cleaned)])[0]
        score = row @ self._weights + self._bias
        lifted = np.exp(SHARPNESS * (score - score.max()))
        filled = np.flatnonzero(row)
        cosines = (row[filled] / (np.linalg.norm(row) + 1e-9)) @ self._known[filled]
        return Likeness(
            shares=dict(zip(LABELS, (lifted / lifted.sum()).tolist(), strict=True)),
            nearest={label: float(cosines[of].max(initial=-1.0)) for label, of in self._of.items()},
        )


_Key = tuple[Encoder | None, str]
# Tens of megabytes each: whoever decides by one holds it, and only the latest is kept for who comes next.
KEPT = 1
_latest: OrderedDict[_Key, Meaning] = OrderedDict()
_alive: WeakValueDictionary[_Key, Meaning] = WeakValueDictionary()
_making: defaultdict[_Key, threading.Lock] = defaultdict(threading.Lock)
_books = threading.Lock()


def trained(encode: Encoder | None, policy: Policy) -> Meaning:
    """The model for that encoder and policy, trained once in the process however many chains and threads ask for it.

    Training one keeps nobody waiting for another.
    """
    key = (encode, policy.learned)
    with _books:
        making = _making[key]
    with making:
        found = _alive.get(key)
        if found is None:
            found = Meaning(policy.examples, policy.vocabulary, encode)
        with _books:
            _alive[key] = _latest[key] = found
            _latest.move_to_end(key)
            while len(_latest) > KEPT:
                _latest.popitem(last=False)
        return found
