"""ISO weeks (ISO 8601: Monday to Sunday, named 2026-W48) in Taipei, as days of the record are."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from bot.errors import BadPayload
from bot.records import days

_NAME = re.compile(r"(\d{4})-W(\d{2})")


def week_of(at: datetime) -> str:
    year, week, _ = at.astimezone(days.TAIPEI).date().isocalendar()
    return f"{year:04}-W{week:02}"


def monday(week: str) -> date:
    """Its first day. Raises BadPayload for what names no week."""
    found = _NAME.fullmatch(week)
    try:
        if found is None:
            raise ValueError(week)
        return date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError as error:
        raise BadPayload("A week is written like 2026-W48.") from error


def bounds(week: str) -> tuple[datetime, datetime]:
    """From Monday 00:00 to the next one in Taipei, in UTC. Raises BadPayload."""
    first = monday(week)
    return days.bounds(first)[0], days.bounds(first + timedelta(days=6))[1]


def ids(week: str) -> tuple[str, str]:
    """The first record id of the week, and the first of the week after. Raises BadPayload."""
    first = monday(week)
    return days.ids(first)[0], days.ids(first + timedelta(days=6))[1]


def before(week: str) -> str:
    """The week before. Raises BadPayload."""
    first = monday(week) - timedelta(days=1)
    return week_of(datetime(first.year, first.month, first.day, 12, tzinfo=UTC))


def over(week: str, now: datetime) -> bool:
    """Whether nothing of it is written any more: as with a day, ten minutes after its end. Raises BadPayload."""
    return now - days.GRACE >= bounds(week)[1]
