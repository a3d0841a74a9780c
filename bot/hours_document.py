"""Service hours as a document: what people edit, checked, and made into a `Timetable`.

    {"week": [["09:00-12:30", "13:30-21:00"], ... seven, Monday first],
     "calendar": "taiwan" or null,
     "exceptions": [{"date": "2026-07-10", "spans": [], "reason": "颱風"}],
     "skills": {"fraud": {"week": [...], "holidays": "open"}}}

`spans` of an exception are that date's hours, none closing it. A skill listed keeps hours of its own; `holidays` says
whether it closes ("closed") with calendar and exceptions or works through them ("open").
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from bot.errors import BadPayload
from bot.hours import TAIPEI, Hours, Span, Timetable

Document = dict[str, Any]
CALENDARS = Path(__file__).parent / "calendars"
MOST_SPANS, MOST_EXCEPTIONS, MOST_SKILLS = 6, 200, 20
LONGEST_REASON = 80
DEFAULT: Document = {
    "week": [["09:00-21:00"]] * 5 + [[], []],
    "calendar": "taiwan",
    "exceptions": [],
    "skills": {},
}
_SPAN = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*[-–—~～至到]\s*([01]?\d|2[0-4]):([0-5]\d)")
_SKILL = re.compile(r"[a-z][a-z0-9_]{0,31}")
_KEYS = {"week", "calendar", "exceptions", "skills"}


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day of a calendar: `substitute` is off for one that fell on a weekend, `works_for` the day it is worked for."""

    day: date
    name: str
    name_en: str
    substitute: bool = False
    works_for: date | None = None


@dataclass(frozen=True, slots=True)
class Year:
    """`status`: published, or derived from the law and still to be compared with the published table."""

    number: int
    source: str
    status: str
    days: tuple[Holiday, ...]


@cache
def calendar(name: str) -> tuple[Year, ...]:
    """A calendar that ships, year by year. Raises BadPayload for an unknown one."""
    path = CALENDARS / f"{name}.json"
    if not re.fullmatch(r"[a-z]+", name) or not path.is_file():
        raise BadPayload(f"There is no calendar called {name}.")
    return years_of(json.loads(path.read_text("utf-8")))


def years_of(data: Mapping[str, Any]) -> tuple[Year, ...]:
    """The years of a calendar's file."""
    return tuple(
        Year(
            int(number),
            one["source"],
            one["status"],
            tuple(
                Holiday(
                    date.fromisoformat(day["date"]),
                    day["name"],
                    day["en"],
                    bool(day.get("substitute")),
                    date.fromisoformat(day["works_for"]) if "works_for" in day else None,
                )
                for day in (*one["holidays"], *one["workdays"])
            ),
        )
        for number, one in sorted(data["years"].items())
    )


def spans(text: str) -> list[str]:
    """`09:00-12:30, 13:30-21:00` as a list in order, [] for closed. Raises BadPayload, naming what is no span."""
    pieces = [piece.strip() for piece in re.split(r"[,，、;\n]", text) if piece.strip()]
    if len(pieces) > MOST_SPANS:
        raise BadPayload(f"A day has at most {MOST_SPANS} spans.")
    return sorted(_normal(piece) for piece in pieces)


def check(document: object) -> Document:
    """The document in its normal form. Raises BadPayload with a sentence that says what to mend."""
    if not isinstance(document, Mapping) or set(document) != _KEYS:
        raise BadPayload("Service hours have a week, a calendar, exceptions and skills.")
    name = document["calendar"]
    if name is not None:
        calendar(str(name))
    exceptions = _exceptions(document["exceptions"])
    skills = document["skills"]
    if not isinstance(skills, Mapping) or len(skills) > MOST_SKILLS:
        raise BadPayload(f"At most {MOST_SKILLS} skills keep hours of their own.")
    normal: Document = {
        "week": _week(document["week"]),
        "calendar": name,
        "exceptions": exceptions,
        "skills": {skill: _own(skill, skills[skill]) for skill in sorted(skills)},
    }
    if not any(normal["week"]):
        raise BadPayload("Nobody would ever answer: give at least one day of the week its hours.")
    return normal


def timetable(document: Mapping[str, Any], zone: tzinfo = TAIPEI) -> Timetable:
    """What a checked document means."""
    week = {day: _parsed(one) for day, one in enumerate(document["week"])}
    dates = _dates(document, week)
    return Timetable(
        Hours(zone, week, dates),
        {skill: _skill(own, document, zone) for skill, own in document["skills"].items()},
    )


def uncovered(document: Mapping[str, Any], today: date) -> int | None:
    """The first of this year and the next that the calendar does not know; None where it does, or there is none."""
    if document["calendar"] is None:
        return None
    known = {year.number for year in calendar(document["calendar"])}
    return next((number for number in (today.year, today.year + 1) if number not in known), None)


def _skill(own: Mapping[str, Any], document: Mapping[str, Any], zone: tzinfo) -> Hours:
    week = {day: _parsed(one) for day, one in enumerate(own["week"])}
    return Hours(zone, week, _dates(document, week) if own["holidays"] == "closed" else {})


def _dates(document: Mapping[str, Any], week: Mapping[int, Sequence[Span]]) -> dict[date, tuple[Span, ...]]:
    """The calendar's days, over them the firm's own exceptions."""
    found: dict[date, tuple[Span, ...]] = {}
    for year in calendar(document["calendar"]) if document["calendar"] else ():
        for one in year.days:
            found[one.day] = tuple(week.get(one.works_for.weekday(), ())) if one.works_for else ()
    for exception in document["exceptions"]:
        found[date.fromisoformat(exception["date"])] = _parsed(exception["spans"])
    return found


def _parsed(texts: Sequence[str]) -> tuple[Span, ...]:
    return tuple((_time(text[:5]), _time(text[6:])) for text in texts)


def _time(text: str) -> time:
    return time.fromisoformat("00:00" if text == "24:00" else text)


def _normal(text: object) -> str:
    found = _SPAN.fullmatch(str(text))
    if found is None:
        raise BadPayload(f"“{str(text)[:30]}” is no span of hours: write it like 09:00-18:00.")
    opens, closes = (f"{int(found[n]):02}:{found[n + 1]}" for n in (1, 3))
    if opens > "23:59" or closes > "24:00":
        raise BadPayload(f"“{str(text)[:30]}” is no span of hours: write it like 09:00-18:00.")
    return f"{opens}-{closes}"


def _day(texts: object) -> list[str]:
    if not isinstance(texts, Sequence) or isinstance(texts, str) or len(texts) > MOST_SPANS:
        raise BadPayload(f"A day has at most {MOST_SPANS} spans.")
    normal = sorted(_normal(text) for text in texts)
    for before, after in pairwise(normal):
        # One that runs past midnight is the day's last.
        if before[6:] <= before[:5] or before[6:] > after[:5]:
            raise BadPayload(f"{before} and {after} overlap on one day.")
    return normal


def _week(days: object) -> list[list[str]]:
    if not isinstance(days, Sequence) or isinstance(days, str) or len(days) != 7:
        raise BadPayload("A week has seven days, Monday first.")
    return [_day(one) for one in days]


def _own(skill: object, own: object) -> Document:
    if not _SKILL.fullmatch(str(skill)):
        raise BadPayload(f"“{str(skill)[:30]}” is no skill: small letters, such as fraud.")
    if (
        not isinstance(own, Mapping)
        or set(own) != {"week", "holidays"}
        or own["holidays"] not in ("closed", "open")
    ):
        raise BadPayload("A skill's hours have a week, and say whether holidays are open or closed.")
    week = _week(own["week"])
    if not any(week):
        raise BadPayload("Nobody would ever answer: give at least one day of the week its hours.")
    return {"week": week, "holidays": own["holidays"]}


def _exceptions(rows: object) -> list[Document]:
    if not isinstance(rows, Sequence) or isinstance(rows, str) or len(rows) > MOST_EXCEPTIONS:
        raise BadPayload(f"There are at most {MOST_EXCEPTIONS} exceptions: remove old ones.")
    found: dict[str, Document] = {}
    for row in rows:
        if not isinstance(row, Mapping) or set(row) != {"date", "spans", "reason"}:
            raise BadPayload("An exception has a date, its spans and a reason.")
        try:
            day = date.fromisoformat(str(row["date"])).isoformat()
        except ValueError as error:
            raise BadPayload(f"“{str(row['date'])[:30]}” is no date: write it like 2026-07-10.") from error
        reason = str(row["reason"]).strip()
        if len(reason) > LONGEST_REASON:
            raise BadPayload(f"The reason is longer than {LONGEST_REASON} characters.")
        if day in found:
            raise BadPayload(f"{day} stands among the exceptions twice.")
        found[day] = {"date": day, "spans": _day(row["spans"]), "reason": reason}
    return [found[day] for day in sorted(found)]


def today(zone: tzinfo = TAIPEI) -> date:
    return datetime.now(UTC).astimezone(zone).date()
