"""Digits as people group them: '0912 345-678' is one run of three groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SEP: Final = r"(?:[ \n]{1,2}|[ \n]?[-._()]{1,2}[ \n]?)"
_RUN: Final = re.compile(rf"[0-9]+(?:{SEP}[0-9]+)*")
_CARD_RUN: Final = re.compile(r"[0-9]+(?:(?:[ \n]{1,3}|[ \n]?[-._(),/、|*:]{1,2}[ \n]?)[0-9]+)*")
_GROUP: Final = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Window:
    """Neighbouring whole groups of a run: `start:end` in the text, their digits, and the length of each group."""

    start: int
    end: int
    digits: str
    sizes: tuple[int, ...]


class Run:
    """A maximal run of digit groups."""

    __slots__ = ("groups", "text")

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text = text
        self.groups = [m.span() for m in _GROUP.finditer(text, start, end)]

    def window(self, first: int, last: int) -> Window:
        """Groups `first` to `last`, both included."""
        parts = [self.text[s:e] for s, e in self.groups[first : last + 1]]
        return Window(
            self.groups[first][0], self.groups[last][1], "".join(parts), tuple(len(part) for part in parts)
        )

    def windows(self, first: int, low: int, high: int) -> Iterator[Window]:
        """Windows that begin with group `first` and hold `low` to `high` digits, longest first."""
        total, last, ends = 0, first, []
        while last < len(self.groups):
            total += self.groups[last][1] - self.groups[last][0]
            if total > high:
                break
            if total >= low:
                ends.append(last)
            last += 1
        for end in reversed(ends):
            yield self.window(first, end)

    def __len__(self) -> int:
        return len(self.groups)


def runs(text: str) -> Iterator[Run]:
    """Runs joined by spaces, dashes, dots, brackets or one line break."""
    for m in _RUN.finditer(text):
        yield Run(text, m.start(), m.end())


def card_runs(text: str) -> Iterator[Run]:
    """Runs as `runs`, joined also by commas, slashes and colons: Luhn and brand keep lists of amounts out."""
    for m in _CARD_RUN.finditer(text):
        yield Run(text, m.start(), m.end())


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no ASCII letter or digit touches `text[start:end]`."""
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return not (before.isascii() and before.isalnum()) and not (after.isascii() and after.isalnum())


def part_of_code(text: str, start: int, end: int) -> bool:
    """Whether a dash or underscore joins `text[start:end]` to more of a code ('PO-A123456789', 'A123456789-01')."""
    joined_left = (
        start >= 2 and text[start - 1] in "-_" and text[start - 2].isascii() and text[start - 2].isalnum()
    )
    return joined_left or _TAIL.match(text, end) is not None


_TAIL: Final = re.compile(r"[-_][a-z0-9]{1,4}(?![a-z0-9])")
