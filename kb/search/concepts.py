"""What customers' words mean, whatever they call it: 「錢還沒進來」, 「未入帳」 and "has not arrived" are one concept.

The list (`concepts.txt`) is data that anyone may read and mend: a concept a line, its spellings in both languages.
Opposites and siblings (申請 / 取消, 房貸 / 車貸) are concepts of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import TypeVar

from kb.search.lexical import pieces
from kb.search.normalise import normalise

_ENDING = re.compile(r"(?<=[a-z]{3})(?:ies|es|s|ing|ed|y|e)$")
_LONGEST_WORDS = 6

Sliced = TypeVar("Sliced", str, list[str])


def concepts(normal: str) -> list[str]:
    """Names of the concepts in a normalised text, with repeats; a spelling within a longer one counts."""
    table, longest = _spellings()
    found: list[str] = []
    words: list[str] = []
    for piece in [*pieces(normal), ""]:
        if piece and piece[0].isascii():
            words.append(_stem(piece))
            continue
        found += _among(table, (" ".join(part) for part in _parts(words, _LONGEST_WORDS)))
        found += _among(table, _parts(piece, longest))
        words = []
    return found


def _among(table: Mapping[str, str], spellings: Iterable[str]) -> Iterator[str]:
    return (table[spelling] for spelling in spellings if spelling in table)


def _parts(whole: Sliced, longest: int) -> Iterator[Sliced]:
    """Every run of up to `longest` characters or words."""
    for start in range(len(whole)):
        for end in range(start + 1, min(start + longest, len(whole)) + 1):
            yield whole[start:end]


def _stem(word: str) -> str:
    return _ENDING.sub("", word)


@cache
def _spellings() -> tuple[dict[str, str], int]:
    """Spelling to name, and the length of the longest one without Latin words. Raises ValueError for a bad line."""
    table: dict[str, str] = {}
    text = files("kb.search").joinpath("concepts.txt").read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, spellings = line.partition(":")
        if not colon or not spellings.strip():
            raise ValueError(f"concepts.txt, line {number}: write it as name: spelling | spelling")
        for spelling in spellings.split("|"):
            normal = normalise(spelling)
            parts = pieces(normal)
            if parts:
                latin = all(part[0].isascii() for part in parts)
                key = " ".join(map(_stem, parts)) if latin else normal
                table.setdefault(key, name.strip())
    return table, max((len(key) for key in table if not key.isascii()), default=0)
