"""Texts as terms, and terms as numbers.

Chinese is cut into pairs of characters (or the one character there is), Latin text into words without their endings.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

_PIECE = re.compile(r"[a-z0-9%&+#$]+|[^\sa-z0-9%&+#$]+")
_ENDING = re.compile(r"(?<=[a-z]{3})(?:ies|es|s|ing|ed)$")


def pieces(text: str) -> list[str]:
    """Latin words, and what stands between them and spaces, of a normalised text."""
    return _PIECE.findall(text)


def stem(word: str) -> str:
    return _ENDING.sub("", word)


def terms(text: str) -> tuple[str, ...]:
    """Terms of a normalised text, with repeats."""
    found: list[str] = []
    for piece in pieces(text):
        if piece[0].isascii():
            found.append(stem(piece))
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
    """Numbers for terms; only grows. Indexes that follow each other share one, and two may be built at once."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self._adding = threading.Lock()

    def terms(self, texts: Iterable[Iterable[str]]) -> Terms:
        """`texts` as the terms of each."""
        known = self.numbers
        terms = [list(text) for text in texts]
        with self._adding:
            found = [[known.setdefault(term, len(known)) for term in text] for text in terms]
        flat = np.fromiter((n for one in found for n in one), np.int32)
        return Terms(flat, np.array([len(one) for one in found], np.int64))
