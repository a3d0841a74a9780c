"""Dates in a text: those that end a fact, those its figures rest on. Gregorian and 民國 (year + 1911).

A date that begins something (「自 114 年 1 月 1 日起」, "since") is history and stays true; so is the first of a range.
A basis (「基準日」, "as of") is always past: what matters is how old it is. A year counts where the text means its end
(「2025 年底」).
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from enum import StrEnum

_MONTHS = {name.lower(): n for n, name in enumerate(calendar.month_abbr) if name}
_NAMED = "|".join(rf"{name}[a-z]*\.?" for name in _MONTHS)
_ROC = r"(?:中華)?民國\s*(?P<roc>\d{2,3})|(?P<bare>1\d{2})"
_YEAR = rf"(?:{_ROC}|(?:西元\s*)?(?P<year>(?:19|20)\d{{2}}))"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![\d/.-]){_YEAR}\s*年\s*(?P<month>\d{{1,2}})\s*月(?:\s*(?P<day>\d{{1,2}})\s*日|底)?",
        rf"(?<![\d/.-]){_YEAR}(?P<sep>[/.-])(?P<month>\d{{1,2}})(?P=sep)(?P<day>\d{{1,2}})(?![\d/.-]*\d)",
        rf"(?<![\d/.-]){_YEAR}\s*年\s*(?:年?底|底前)",
        rf"(?<!\w)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<name>{_NAMED})\s*,?\s+(?P<year>(?:19|20)\d{{2}})(?!\d)",
        rf"(?<!\w)(?P<name>{_NAMED})(?:\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?)?\s*,?\s+(?P<year>(?:19|20)\d{{2}})(?!\d)",
    )
)
_BEGINS_BEFORE = re.compile(r"(?i)(?:自從|自|從|since|from|effective|starting|after)\s*(?:on\s+)?$")
_BEGINS_AFTER = re.compile(
    r"(?i)\s*(?:[(（][^)）]{0,6}[)）])?\s*(?:起|以後|之後|後|開始|生效|施行|發布|成立|創立|[-~–—～]|至|到|onwards?\b|to\b|until\b|through\b)"
)


_BASIS_BEFORE = re.compile(r"(?i)(?:基準日|截至|依據|根據|依|as of)\s*[:為是]?\s*$")
_BASIS_AFTER = re.compile(r"\s*[)）]?\s*(?:的)?(?:牌告|掛牌|公告|修正|為基準|當日)")


class Role(StrEnum):
    END = "end"
    BASIS = "basis"
    BEGINNING = "beginning"


def dates(text: str) -> Iterator[tuple[str, date, Role]]:
    """(as written, its last day, what it is) of every date, in the order of the text."""
    plain = unicodedata.normalize("NFKC", text)
    found: dict[int, tuple[int, str, date, Role]] = {}
    for pattern in _PATTERNS:
        for hit in pattern.finditer(plain):
            day = _day(hit.groupdict())
            taken = any(start <= hit.start() < end for start, (end, *_) in found.items())
            if day is not None and not taken:
                role = _role(plain, hit.start(), hit.end())
                found[hit.start()] = (hit.end(), hit.group().strip(), day, role)
    yield from ((written, day, role) for _, (_, written, day, role) in sorted(found.items()))


def _role(plain: str, start: int, end: int) -> Role:
    before = plain[max(0, start - 20) : start]
    if _BASIS_BEFORE.search(before) or _BASIS_AFTER.match(plain, end):
        return Role.BASIS
    begins = _BEGINS_BEFORE.search(before) or _BEGINS_AFTER.match(plain, end)
    return Role.BEGINNING if begins else Role.END


def _day(parts: dict[str, str | None]) -> date | None:
    """The last day a date stands for; None for what is no date of the calendar."""
    roc = parts.get("roc") or parts.get("bare")
    year = int(roc) + 1911 if roc else int(parts["year"] or 0)
    name = parts.get("name")
    month = _MONTHS[name[:3].lower()] if name else int(parts.get("month") or 12)
    if not 1 <= month <= 12:
        return None
    last = calendar.monthrange(year, month)[1]
    day = int(parts.get("day") or last)
    return date(year, month, day) if 1 <= day <= last else None
