"""Terms in days as the law counts them, on the dates of Taipei.

The first day does not count (民法 120 II). A term that ends on a Saturday, a Sunday or a holiday ends with the next
working day (民法 122). Holidays are those of `bot/calendars/taiwan.json`; a year that is not in it has weekends only.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from bot.hours import TAIPEI
from bot.hours_document import calendar

CALENDAR = "taiwan"
_SATURDAY = 5


def local(at: datetime) -> date:
    """The day in Taipei. `at` is aware."""
    return at.astimezone(TAIPEI).date()


def working(day: date) -> bool:
    """Whether offices are open: a Saturday that is worked in place of another day is a working day."""
    for year in calendar(CALENDAR):
        if year.number != day.year:
            continue
        for one in year.days:
            if one.day == day:
                return one.works_for is not None
    return day.weekday() < _SATURDAY


def due(received: date, days: int) -> date:
    """The last day of a term of `days` that began to run with what came on `received`."""
    last = received + timedelta(days=days)
    while not working(last):
        last += timedelta(days=1)
    return last
