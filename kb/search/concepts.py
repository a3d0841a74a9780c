"""What customers' words mean, whatever they call it: 「錢還沒進來」, 「未入帳」 and "has not arrived" are one concept.

The list (`concepts.txt`) is data that anyone may read and mend: a concept a line, its spellings in both languages.
Opposites and siblings (申請 / 取消, 房貸 / 車貸) are concepts of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from kb.search.normalise import normalise

_PIECE = re.compile(r"[a-z0-9%&+#$]+|[^\sa-z0-9%&+#$]+")
_ENDING = re.compile(r"(?<=[a-z]{3})(?:ies|es|s|ing|ed|y|e)$")
_LONGEST_WORDS = 6


def concepts(normal: str) -> list[str]:
    """Names of the concepts in a normalised text, in order and with repeats; the longest spelling counts."""
    found: list[str] = []
    words: list[str] = []
    for piece in _PIECE.findall(normal):
        if piece[0].isascii():
            words.append(_stem(piece))
        else:
            found += _in_words(words)
            words = []
            found += _in_characters(piece)
    return [*found, *_in_words(words)]


def _in_characters(text: str) -> Iterator[str]:
    table, longest = _spellings()
    at = 0
    while at < len(text):
        for size in range(min(longest, len(text) - at), 0, -1):
            name = table.get(text[at : at + size])
            if name is not None:
                yield name
                at += size - 1
                break
        at += 1


def _in_words(words: Sequence[str]) -> Iterator[str]:
    table, _ = _spellings()
    at = 0
    while at < len(words):
        for size in range(min(_LONGEST_WORDS, len(words) - at), 0, -1):
            name = table.get(" ".join(words[at : at + size]))
            if name is not None:
                yield name
                at += size - 1
                break
        at += 1


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
            pieces = _PIECE.findall(normal)
            if pieces:
                latin = all(piece[0].isascii() for piece in pieces)
                key = " ".join(map(_stem, pieces)) if latin else normal
                table.setdefault(key, name.strip())
    return table, max((len(key) for key in table if not key.isascii()), default=0)
