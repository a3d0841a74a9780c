"""When people answer, as a value: weekly spans, dates that differ, and arithmetic in open time.

A span belongs to the day on which it begins; one that closes at or before its opening runs past midnight, and one
that closes when it opens lasts 24 hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

TAIPEI = ZoneInfo("Asia/Taipei")
HORIZON_DAYS = 400
"""How far an opening is looked for: beyond the longest holiday and a year of Mondays."""
_DAY = timedelta(days=1)
_MIDNIGHT = time(0)

Span = tuple[time, time]
WORKDAY: tuple[Span, ...] = ((time(9), time(21)),)
ROUND_THE_CLOCK: Mapping[int, tuple[Span, ...]] = dict.fromkeys(range(7), ((_MIDNIGHT, _MIDNIGHT),))


@dataclass(frozen=True, slots=True)
class Hours:
    """Spans by weekday, Monday 0; `dates` replaces a date's own spans, () closing it; `zone` is where they are true.

    Moments are aware; answers are UTC.
    """

    zone: tzinfo = TAIPEI
    week: Mapping[int, Sequence[Span]] = field(default_factory=lambda: dict.fromkeys(range(5), WORKDAY))
    dates: Mapping[date, Sequence[Span]] = field(default_factory=dict)

    def open_at(self, moment: datetime) -> bool:
        """Whether people answer at that moment; the closing minute is no longer open."""
        return any(opens <= moment < closes for opens, closes in self._around(moment, days=1))

    def next_opening(self, moment: datetime) -> datetime | None:
        """When people answer next: `moment` itself while open, None where they do not within HORIZON_DAYS."""
        for opens, closes in self._around(moment, days=HORIZON_DAYS):
            if closes > moment:
                return max(opens, moment.astimezone(UTC))
        return None

    def after(self, moment: datetime, length: timedelta) -> datetime:
        """When `length` of open time has passed since `moment`; by the wall clock where people never answer."""
        at, left = moment.astimezone(UTC), length
        for opens, closes in self._around(moment, days=HORIZON_DAYS):
            if closes <= at:
                continue
            at = max(opens, at)
            if closes - at >= left:
                return at + left
            left -= closes - at
            at = closes
        return moment.astimezone(UTC) + length

    def between(self, since: datetime, until: datetime) -> timedelta:
        """Open time from `since` to `until`, zero where `until` is not later; at most HORIZON_DAYS are looked at."""
        total, at = timedelta(), since.astimezone(UTC)
        if until <= since:
            return total
        for opens, closes in self._around(since, days=min((until - since).days + 2, HORIZON_DAYS)):
            begin, end = max(opens, at), min(closes, until.astimezone(UTC))
            if end > begin:
                total += end - begin
                at = end
        return total

    def spans(self, day: date) -> tuple[Span, ...]:
        """The spans that begin on that date, in order."""
        own = self.dates.get(day)
        return tuple(sorted(self.week.get(day.weekday(), ()) if own is None else own))

    def _around(self, moment: datetime, days: int) -> Iterator[tuple[datetime, datetime]]:
        """Openings and closings in order, from those that reach into the moment's date."""
        first = moment.astimezone(self.zone).date() - _DAY
        for n in range(days + 2):
            day = first + n * _DAY
            for opens, closes in self.spans(day):
                end = day if closes > opens else day + _DAY
                yield (
                    datetime.combine(day, opens, self.zone).astimezone(UTC),
                    datetime.combine(end, closes, self.zone).astimezone(UTC),
                )


@dataclass(frozen=True, slots=True)
class Timetable:
    """The hours of everybody, and those of the skills that keep their own."""

    base: Hours = field(default_factory=Hours)
    skills: Mapping[str, Hours] = field(default_factory=dict)

    def of(self, skill: str | None) -> Hours:
        return self.skills.get(skill or "", self.base)


def deadline(waiting_since: datetime, limit: timedelta, hours: Hours) -> datetime:
    """When whoever waits since then has to be answered: the limit counts while people answer, not through the night."""
    return hours.after(waiting_since, limit)


_WEEKDAYS = {
    "zh-TW": "一二三四五六日",
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def spoken(moment: datetime, zone: tzinfo, locale: str) -> str:
    """A moment as a customer reads it in a notice, to the minute: 11月24日（週二）09:00; Tuesday 24 November, 09:00."""
    local = moment.astimezone(zone)
    clock = f"{local:%H:%M}"
    if locale == "en":
        return f"{_WEEKDAYS['en'][local.weekday()]} {local.day} {_MONTHS[local.month - 1]}, {clock}"
    return f"{local.month}月{local.day}日（週{_WEEKDAYS['zh-TW'][local.weekday()]}）{clock}"
