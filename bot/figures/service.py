"""Figures for /dashboard: which days changed, computing them again, handing out those of a period.

The clock looks once a minute at what changed and computes one day at a time, the newest first. A day is computed as a
whole from the record, so doing it twice, or by two clocks, gives the same; `rebuild` does all at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.ai.prices import MICRO
from bot.figures.cell import Cell
from bot.figures.day import ALL, BACK_WITHIN, Day, days_of
from bot.figures.facts import facts
from bot.logs import logger
from bot.store.figures import CHUNK, FigureStore

LOOK_S = 60.0
OVERLAP = timedelta(minutes=2)
"""A change commits after it was dated, and clocks differ: what was looked at so lately is looked at again."""
AGAIN = timedelta(hours=1)
"""Who came back within 24 hours is known when they are over."""

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class AsOf:
    """`at` None: never computed. `open` conversations by status then. `behind`: days still to be computed."""

    at: datetime | None
    open: dict[str, int]
    behind: int


@dataclass(frozen=True, slots=True)
class Period:
    """`days` a cell each; days that nothing is known of are left out."""

    first: date
    last: date
    account: str
    skill: str
    days: dict[date, Cell]


@dataclass(frozen=True, slots=True)
class Money:
    """Of the calendar month, in NT$; `budget` None without a limit."""

    month: str
    spent: float
    budget: float | None


@dataclass(slots=True)
class _Beat:
    looked: float | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """`spent(month)` in millionths of NT$. Methods raise PyMongoError when the store is away."""

    store: FigureStore
    zone: ZoneInfo
    spent: Callable[[str], int]
    budget: float | None
    _beat: _Beat = field(default_factory=_Beat, repr=False)

    # -- the clock -----------------------------------------------------------------------------------------------------

    def tick(self) -> bool:
        """Once a minute what changed, and at each call one day; whether more is to do."""
        now = time.monotonic()
        if self._beat.looked is None or now - self._beat.looked >= LOOK_S:
            self.look()
            self._beat.looked = now
        return self.compute_next()

    def look(self) -> int:
        """Mark the days that changed since the last time; how many."""
        now = datetime.now(UTC)
        upto = self.store.state().get("upto")
        days = self._all_days(now) if upto is None else self._changed_days(upto - OVERLAP)
        days |= {now.astimezone(self.zone).date()}
        self.store.mark((day.isoformat() for day in days), now)
        # After the days are marked: a process that ends here leaves them to be done.
        self.store.looked(now, {"at": now, "open": self.store.open_now()})
        return len(days)

    def compute_next(self) -> bool:
        """Compute the newest day that is due; False where none was."""
        found = self.store.due(datetime.now(UTC))
        if found is None:
            return False
        self.compute(*found)
        return True

    def compute(self, name: str, token: str) -> bool:
        """Compute the day `name`, an ISO date; False where somebody had it from something newer."""
        now = datetime.now(UTC)
        day = date.fromisoformat(name)
        began = time.perf_counter()
        made = self.day(day, now)
        begin, end = self._bounds(day)
        cells = made.cells(*self.store.model_calls(begin, end))
        kept = self.store.put(
            name,
            token,
            now,
            {key: cell.document() for key, cell in cells.items()},
            now + AGAIN if made.pending else None,
        )
        log.info("figures_computed", day=name, seconds=round(time.perf_counter() - began, 2), kept=kept)
        return kept

    def rebuild(self, first: date | None, last: date | None, told: Callable[[str], None]) -> int:
        """Compute every day from `first` (default: of the first line) to `last` (default: today); how many."""
        now = datetime.now(UTC)
        known = self._all_days(now)
        days = sorted(
            day for day in known if (first is None or day >= first) and (last is None or day <= last)
        )
        names = [day.isoformat() for day in days]
        self.store.mark(names, now)
        if first is None and last is None:
            self.store.looked(now, {"at": now, "open": self.store.open_now()})
        for name in names:
            # The token of the mark: whoever marks it again meanwhile wants it again.
            token = self.store.token(name)
            self.compute(name, token)
            told(name)
        return len(names)

    # -- a day ---------------------------------------------------------------------------------------------------------

    def day(self, day: date, now: datetime) -> Day:
        """The day out of the record, as it stands now."""
        begin, end = self._bounds(day)
        made = Day(day, self.zone, now)
        found = self.store.conversations(begin, end)
        for start in range(0, len(found), CHUNK):
            some = found[start : start + CHUNK]
            lines = self.store.lines([doc["_id"] for doc in some])
            told = [facts(doc, lines[doc["_id"]]) for doc in some]
            alone = [one.customer for one in told if one.closed is not None and one.closed.alone]
            later = self.store.opened(alone, begin, end + BACK_WITHIN) if alone else {}

            def came_back(
                customer: str,
                conversation: str,
                closed: datetime,
                later: dict[str, list[tuple[str, datetime]]] = later,
            ) -> bool:
                return any(
                    other != conversation and closed < at <= closed + BACK_WITHIN
                    for other, at in later.get(customer, ())
                )

            for one in told:
                made.add(one, came_back)
        for rating in self.store.ratings(begin, end):
            made.rated(*rating)
        for account, skill, right in self.store.reviews(begin, end):
            made.reviewed(account, skill, right=right)
        return made

    def _changed_days(self, since: datetime) -> set[date]:
        found = self.store.changed(since)
        ids = [doc["_id"] for doc in found]
        moments: list[datetime] = list(self.store.rated_and_reviewed(since))
        lines = self.store.lines(ids)
        reopened = self.store.reopened(ids, since)
        days: set[date] = set()
        for doc in found:
            own = [line["at"] for line in lines[doc["_id"]]]
            own += [at for name in ("handed_at", "resolved_at") if (at := doc.get(name)) is not None]
            moments += own
            if doc["_id"] in reopened and own:
                # It was closed on some day since, and is not any more.
                days |= set(_between(min(own).astimezone(self.zone).date(), self._today()))
        fresh = [doc for doc in found if doc["opened_at"] >= since]
        if fresh:
            # They may be the coming back of somebody whose conversation the bot closed.
            begin, end = (pick(doc["opened_at"] for doc in fresh) for pick in (min, max))
            customers = [doc["customer"] for doc in fresh]
            moments += self.store.closed_before(customers, begin - BACK_WITHIN, end)
        return days | set(days_of(moments, self.zone))

    def _all_days(self, now: datetime) -> set[date]:
        first = self.store.first()
        if first is None:
            return set()
        return set(_between(first.astimezone(self.zone).date(), now.astimezone(self.zone).date()))

    def _bounds(self, day: date) -> tuple[datetime, datetime]:
        """Midnight to midnight, in the firm's time."""
        begin = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        after = day + timedelta(days=1)
        return begin.astimezone(UTC), datetime(
            after.year, after.month, after.day, tzinfo=self.zone
        ).astimezone(UTC)

    def _today(self) -> date:
        return datetime.now(self.zone).date()

    # -- reading -------------------------------------------------------------------------------------------------------

    def period(self, first: date, last: date, account: str = ALL, skill: str = ALL) -> Period:
        docs: list[dict[str, Any]] = self.store.cells(account, skill, first.isoformat(), last.isoformat())
        return Period(first, last, account, skill, {date.fromisoformat(d["day"]): Cell.of(d) for d in docs})

    def as_of(self) -> AsOf:
        state = self.store.state()
        return AsOf(state.get("at"), state.get("open", {}), self.store.waiting(datetime.now(UTC)))

    def skills(self) -> list[str]:
        """The skills that figures exist for, without `ALL`; the empty one is of conversations never handed over."""
        return [one for one in self.store.skills() if one != ALL]

    def money(self) -> Money:
        """Of this month, what is reserved for calls under way included."""
        month = f"{datetime.now(self.zone):%Y-%m}"
        return Money(month, self.spent(month) / MICRO, self.budget)


def _between(first: date, last: date) -> Iterable[date]:
    for n in range((last - first).days + 1):
        yield first + timedelta(days=n)
