"""Words and characters: BM25 and idf cosine over posting lists, NumPy only.

Chinese is cut into character bigrams (and single characters, which save one-character questions), Latin text into
words. Both measures come as shares: 1 is what the question would score against itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]

_K1, _B = 1.2, 0.5
_TOKEN = re.compile(r"[a-z0-9%&+#$]+|[^\sa-z0-9%&+#$]+")
_PLURAL = re.compile(r"(?<=[a-z]{3})(?:ies|es|s|ing|ed)$")


def terms(text: str) -> tuple[str, ...]:
    """Terms of a normalised text, with repeats."""
    found: list[str] = []
    for piece in _TOKEN.findall(text):
        if piece[0].isascii():
            found.append(_PLURAL.sub("", piece))
        else:
            found += [piece[i : i + 2] for i in range(len(piece) - 1)] or [piece]
    return tuple(found)


class Terms:
    """Term numbers of many texts, one after the other: text n owns `flat[starts[n]:starts[n + 1]]`. Immutable."""

    def __init__(self, flat: npt.NDArray[np.int32], lengths: npt.NDArray[np.int64]) -> None:
        self.flat = flat
        self.lengths = lengths
        self.starts = np.r_[0, np.cumsum(lengths)]

    def taken(self, numbers: npt.NDArray[np.int64]) -> Terms:
        """Those texts, in that order."""
        lengths = self.lengths[numbers]
        offsets = np.repeat(self.starts[:-1][numbers] - np.r_[0, np.cumsum(lengths)[:-1]], lengths)
        return Terms(self.flat[np.arange(lengths.sum()) + offsets], lengths)

    def __add__(self, other: Terms) -> Terms:
        return Terms(np.concatenate([self.flat, other.flat]), np.concatenate([self.lengths, other.lengths]))


class Vocabulary:
    """Numbers for terms; only grows, and only one builder at a time adds to it."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def terms(self, texts: Iterable[Iterable[str]]) -> Terms:
        """`texts` as the terms of each."""
        known = self.numbers
        found = [[known.setdefault(term, len(known)) for term in text] for text in texts]
        flat = np.fromiter((n for one in found for n in one), np.int32)
        return Terms(flat, np.array([len(one) for one in found], np.int64))


class Lexical:
    """Posting lists of normalised texts; immutable after construction."""

    def __init__(self, vocabulary: Vocabulary, texts: Terms) -> None:
        self._numbers = vocabulary.numbers
        self._size = size = len(texts.lengths)
        lengths = np.maximum(texts.lengths, 1).astype(np.float32)
        self._mean = float(lengths.mean()) if size else 1.0
        owners = np.repeat(np.arange(size), texts.lengths)
        pairs, counts = np.unique(texts.flat.astype(np.int64) * max(1, size) + owners, return_counts=True)
        term, self._texts = np.divmod(pairs, max(1, size))
        self._texts = self._texts.astype(np.int32)
        with_it = np.bincount(term, minlength=len(self._numbers))
        self._ends = np.cumsum(with_it)
        self._idf = self._rarity(with_it.astype(np.float32))
        self._unseen = float(self._rarity(np.zeros(1, np.float32))[0])
        idf = self._idf[term]
        self._weights = idf * self._saturate(counts.astype(np.float32), lengths[self._texts])
        norms = np.bincount(self._texts, weights=idf**2, minlength=size)
        self._norms = np.sqrt(np.maximum(norms, 1e-9)).astype(np.float32)

    def scores(self, text: str) -> tuple[Scores, Scores]:
        """(BM25 as a share of the ideal, idf cosine), one figure a text."""
        bm25, shared = np.zeros(self._size, np.float32), np.zeros(self._size, np.float32)
        counter = Counter(terms(text))
        if not counter or not self._size:
            return bm25, shared
        length = np.array([counter.total()], np.float32)
        ideal = own = 0.0
        for term, count in counter.items():
            number = self._numbers.get(term, len(self._idf))
            idf = float(self._idf[number]) if number < len(self._idf) else self._unseen
            ideal += idf * float(self._saturate(np.array([count], np.float32), length)[0])
            own += idf**2
            if number < len(self._idf):
                found = slice(self._ends[number - 1] if number else 0, self._ends[number])
                bm25[self._texts[found]] += self._weights[found]
                shared[self._texts[found]] += idf**2
        return np.minimum(bm25 / ideal, 1.0), shared / (self._norms * own**0.5)

    def _rarity(self, texts_with: Scores) -> Scores:
        return np.log1p((self._size - texts_with + 0.5) / (texts_with + 0.5)).astype(np.float32)

    def _saturate(self, count: Scores, length: Scores) -> Scores:
        return (count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * length / self._mean))).astype(np.float32)
