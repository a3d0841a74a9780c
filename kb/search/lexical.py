"""Words and characters: BM25 and idf cosine over posting lists, NumPy only.

Chinese is cut into character bigrams (and single characters, which save one-character questions), Latin text into
words. Both measures come as shares: 1 is what the question would score against itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]

_K1, _B = 1.2, 0.5
_TOKEN = re.compile(r"[a-z0-9%&+#$]+|[^\sa-z0-9%&+#$]+")
_PLURAL = re.compile(r"(?<=[a-z]{3})(?:ies|es|s|ing|ed)$")


@lru_cache(maxsize=65536)
def _knowledge_terms(text: str) -> tuple[str, ...]:
    return terms(text)


def terms(text: str) -> tuple[str, ...]:
    """Terms of a normalised text, with repeats."""
    found: list[str] = []
    for piece in _TOKEN.findall(text):
        if piece[0].isascii():
            found.append(_PLURAL.sub("", piece))
        else:
            found += [piece[i : i + 2] for i in range(len(piece) - 1)] or [piece]
    return tuple(found)


class Lexical:
    """Posting lists of normalised texts; immutable after construction."""

    def __init__(self, texts: Sequence[str]) -> None:
        counted = [Counter(_knowledge_terms(text)) for text in texts]
        self._size = len(texts)
        lengths = np.array([max(1, c.total()) for c in counted] or [1], np.float32)
        self._mean = float(lengths.mean())
        rows: dict[str, list[int]] = {}
        counts: dict[str, list[int]] = {}
        for number, counter in enumerate(counted):
            for term, count in counter.items():
                rows.setdefault(term, []).append(number)
                counts.setdefault(term, []).append(count)
        self._idf = {term: self._rarity(len(where)) for term, where in rows.items()}
        self._unseen = self._rarity(0)
        norms = np.zeros(max(1, self._size), np.float32)
        self._bm25: dict[str, tuple[npt.NDArray[np.int32], Scores]] = {}
        for term, where in rows.items():
            index = np.array(where, np.int32)
            times = np.array(counts[term], np.float32)
            self._bm25[term] = (index, self._idf[term] * self._saturate(times, lengths[index]))
            norms[index] += self._idf[term] ** 2
        self._norms = np.sqrt(np.maximum(norms, 1e-9))

    def scores(self, text: str) -> tuple[Scores, Scores]:
        """(BM25 as a share of the ideal, idf cosine), one figure a text."""
        bm25, shared = np.zeros(self._size, np.float32), np.zeros(self._size, np.float32)
        counter = Counter(terms(text))
        if not counter or not self._size:
            return bm25, shared
        length = np.array([counter.total()], np.float32)
        ideal = own = 0.0
        for term, count in counter.items():
            idf = self._idf.get(term, self._unseen)
            ideal += idf * float(self._saturate(np.array([count], np.float32), length)[0])
            own += idf**2
            if term in self._bm25:
                index, weight = self._bm25[term]
                bm25[index] += weight
                shared[index] += idf**2
        return np.minimum(bm25 / ideal, 1.0), shared / (self._norms[: self._size] * own**0.5)

    def rarity(self, term: str) -> float:
        return self._idf.get(term, self._unseen)

    def _rarity(self, texts_with: int) -> float:
        return float(np.log1p((self._size - texts_with + 0.5) / (texts_with + 0.5)))

    def _saturate(self, count: Scores, length: Scores) -> Scores:
        return (count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * length / self._mean))).astype(np.float32)
