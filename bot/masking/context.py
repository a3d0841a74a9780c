"""Which name stands beside a number, and which stretches of a text are certainly something else."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from bot.masking.labels import LABELS

_KINDS: Final = tuple(kind for kind, _ in LABELS)
_LABEL: Final = re.compile("|".join(f"({pattern})" for _, pattern in LABELS))
_BROKEN: Final = re.compile(r"[0-9]{5}|[。!?;]")
_FOLLOWS: Final = re.compile(
    r"[\s,、]*(?:(?<=\s)|[(\[「]\s?|(?:我|本人)的?|(?:就|才|都|也|這|那|此|即)?(?:是|為)|這|那|為)(?:[是為我你他她的這那組個支張本家人媽爸老公婆新舊]|"
    r"一|\s)*"
)
_AND: Final = re.compile(
    r"[\s,、/;&+]*(?:跟|和|與|及|或|還有|以及|另外|另|and|or|不是|應該|改成|換成)?[\s,、/:]*"
    r"(?:[新舊]的?)?[是為]?[\s:]*(?:[0-9]\.)?\s*"
)

# Numbers nobody owns whatever stands beside them: they are taken out before anything soft is looked for.
_HARD: Final = re.compile(
    r"(?<![a-z0-9])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![a-z0-9])"
    r"|(?<![0-9.+])(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|"
    r"1?[0-9]?[0-9])(?![0-9.])(?::[0-9]{2,5})?"
    r"|(?<![a-z0-9])(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{20,}(?![a-z0-9])"
)
_UNIT: Final = (
    r"(?:元(?!大)|塊|圓|萬(?!事)|億|千|百萬|美金|美元|日圓|日幣|歐元|台幣|港幣|人民幣|ntd|twd|usd|jpy|%|"
    r"(?<=[0-9])(?:股|口|單位|歲|次|期|筆|點(?!心)))"
)
_SOFT: Final = re.compile(
    r"(?<![0-9a-z])(?<![0-9][-.])(?<![0-9]\s-\s)(?:(?:19|20)[0-9]{2}|1[0-2][0-9]|[0-9]{2})\s?[-/.年]\s?(?:1[0-2]|0?[1-9])\s?[-/.月]\s?(?:3[01]|"
    r"[12][0-9]|0?[1-9])"
    r"(?![-.]?[0-9])[日號]?(?:t| ?[上下中]午| )?\s?(?:[0-9]{1,2}[:點時][0-9]{0,2}(?::[0-9]{2})?(?:\.[0-9]{1,6})?)?"
    r"|(?<![0-9])[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9])?(?![0-9])"
    r"|(?<![0-9])(?<![0-9][-.])(?<![0-9]\s-\s)[0-2][0-9][0-5][0-9]\s?[-~]\s?[0-2][0-9][0-5][0-9](?!\s?[-.]?\s?[0-9])"
    r"|(?<![0-9,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])"
    r"|(?:(?<![a-z])(?:nt\$?|us\$?|twd|usd)|\$|台幣|美金)\s?[0-9][0-9,.]*"
    rf"|(?<![0-9a-z.])[1-9][0-9]{{0,12}}(?:\.[0-9]+)?\s?{_UNIT}"
    r"|字第\s?[0-9a-z-]+\s?號"
    r"|(?<![a-z0-9])[a-z]{2}-[0-9]{8}(?![0-9a-z])"
)


@dataclass(frozen=True, slots=True)
class Label:
    kind: str
    start: int
    end: int


class Context:
    """The labels of one normalised text, and the text without what is certainly harmless.

    `hard` lacks identifiers of machines (UUID, IP, digests); `soft` also dates, times and amounts. What was
    taken out is replaced by NUL characters, so offsets stay those of `text`.
    """

    __slots__ = ("_ends", "_labels", "hard", "soft", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.hard = _HARD.sub(_blank, text)
        self.soft = _SOFT.sub(_blank, self.hard)
        self._labels = [Label(_KINDS[(m.lastindex or 1) - 1], *m.span()) for m in _LABEL.finditer(text)]
        self._ends = [label.end for label in self._labels]

    def before(self, pos: int, reach: int = 15) -> Label | None:
        """The nearest label that ends at most `reach` characters before `pos`, with no other number between."""
        index = bisect_right(self._ends, pos) - 1
        if index < 0:
            return None
        label = self._labels[index]
        if pos - label.end > reach or _BROKEN.search(self.text, label.end, pos):
            return None
        return label

    def after(self, pos: int) -> Label | None:
        """The label a number is said to be ('0912... 是我的手機'), not the name of the next number."""
        match = _FOLLOWS.match(self.text, pos, pos + 12)
        if match is None:
            return None
        for label in self._labels[bisect_right(self._ends, pos) :]:
            if label.start > match.end() + 3:
                return None
            if not re.match(r"[\s:=是為]{0,3}[a-z]?[0-9]{3}", self.text[label.end : label.end + 8]):
                return label
        return None

    def kind(self, start: int, end: int, reach: int = 15) -> str:
        """The kind of the label of the number at `start:end`; empty when nothing names it."""
        near = self.before(start, reach)
        if near is not None and start - near.end <= 4:
            return near.kind
        said = self.after(end)
        chosen = said or near
        return chosen.kind if chosen else ""

    def continues(self, end: int, start: int) -> bool:
        """Whether a number at `start` is the next of a list whose last number ended at `end`."""
        return end >= 0 and 0 <= start - end <= 8 and _AND.fullmatch(self.text, end, start) is not None


def _blank(match: re.Match[str]) -> str:
    return "\0" * (match.end() - match.start())
