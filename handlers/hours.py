"""When people answer. Data, not code: a firm changes these lines (or `opening`) and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo
from zoneinfo import ZoneInfo

TAIPEI = ZoneInfo("Asia/Taipei")
_WORKDAY = (time(9), time(21))


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening and closing (exclusive) by weekday, Monday 0; `closed` lists holidays, `zone` is where they are true."""

    zone: tzinfo = TAIPEI
    week: Mapping[int, tuple[time, time]] = field(default_factory=lambda: dict.fromkeys(range(5), _WORKDAY))
    closed: frozenset[date] = frozenset()

    def open_at(self, moment: datetime) -> bool:
        """Whether people answer at that (aware) moment."""
        local = moment.astimezone(self.zone)
        span = self.week.get(local.weekday())
        return span is not None and local.date() not in self.closed and span[0] <= local.time() < span[1]
