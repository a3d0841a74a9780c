"""The form of the service hours: a document as fields, and fields as people filled them as a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import BadPayload
from bot.hours_document import MOST_EXCEPTIONS, MOST_SKILLS, Document, spans
from inbox.words import SKILLS

USUAL, ALWAYS, OWN = "usual", "always", "own"
ROUND_THE_CLOCK = "00:00-24:00"
BLANK_ROWS = 3
_WEEK = range(7)


@dataclass(frozen=True, slots=True)
class Row:
    date: str = ""
    spans: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Skill:
    """`mode` is one of usual, always, own."""

    mode: str = USUAL
    days: tuple[str, ...] = ("",) * 7
    holidays: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the fields, as written."""

    days: tuple[str, ...]
    calendar: str
    exceptions: tuple[Row, ...]
    skills: Mapping[str, Skill]

    def document(self) -> Document:
        """Raises BadPayload at a day whose spans cannot be read; the rest is for `check`."""
        return {
            "week": [spans(day) for day in self.days],
            "calendar": self.calendar or None,
            "exceptions": [
                {"date": one.date, "spans": spans(one.spans), "reason": one.reason}
                for one in self.exceptions
                if one.date
            ],
            "skills": {name: _own(one) for name, one in self.skills.items() if one.mode != USUAL},
        }


def form_of(document: Document) -> Form:
    """With blank rows for new exceptions."""
    exceptions = [Row(one["date"], ", ".join(one["spans"]), one["reason"]) for one in document["exceptions"]]
    known = {name: _skill(own) for name, own in document["skills"].items()}
    return Form(
        days=tuple(", ".join(day) for day in document["week"]),
        calendar=document["calendar"] or "",
        exceptions=(*exceptions, *[Row()] * BLANK_ROWS),
        skills={name: known.get(name, Skill()) for name in (*SKILLS, *sorted(known.keys() - SKILLS.keys()))},
    )


def read(fields: Mapping[str, str]) -> Form:
    """As it was sent; a page that is shown again loses nothing."""

    def said(name: str) -> str:
        return fields.get(name, "").strip()[:200]

    rows = [
        Row(said(f"date-{n}"), said(f"spans-{n}"), said(f"reason-{n}"))
        for n in range(MOST_EXCEPTIONS + BLANK_ROWS)
        if f"date-{n}" in fields
    ]
    names = [name.removeprefix("mode-") for name in fields if name.startswith("mode-")][: MOST_SKILLS * 2]
    return Form(
        days=tuple(said(f"day-{n}") for n in _WEEK),
        calendar=said("calendar"),
        exceptions=(*(one for one in rows if one != Row()), *[Row()] * BLANK_ROWS),
        skills={
            name: Skill(
                said(f"mode-{name}") or USUAL,
                tuple(said(f"{name}-day-{n}") for n in _WEEK),
                bool(said(f"{name}-holidays")),
            )
            for name in names
        },
    )


def readable(text: str) -> bool:
    """Whether the spans of a field can be read: those that cannot are marked."""
    try:
        spans(text)
    except BadPayload:
        return False
    return True


def _skill(own: Document) -> Skill:
    days = tuple(", ".join(day) for day in own["week"])
    closed = own["holidays"] == "closed"
    always = all(day == ROUND_THE_CLOCK for day in days) and not closed
    return Skill(ALWAYS if always else OWN, days, closed)


def _own(one: Skill) -> Document:
    if one.mode == ALWAYS:
        return {"week": [[ROUND_THE_CLOCK] for _ in _WEEK], "holidays": "open"}
    return {"week": [spans(day) for day in one.days], "holidays": "closed" if one.holidays else "open"}
