"""When what is kept of a customer may go: the longest of all clocks, none under 5 years."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

MESSAGE, RELATIONSHIP, PRODUCT, DISPUTE, HOLD = "message", "relationship", "product", "dispute", "hold"
PRODUCT_AFTER = timedelta(days=92)
"""Complex products: their life and three months, in days so that no month is too short."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One clock. `until` None: it does not run out by itself. `of` is the class of record, or a case's or hold's id."""

    kind: str
    until: datetime | None
    of: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """`until` is when the last of `reasons` ends; None while one of them does not run out."""

    until: datetime | None
    reasons: tuple[Reason, ...]

    def over(self, now: datetime) -> bool:
        return self.until is not None and self.until <= now

    @property
    def open(self) -> tuple[Reason, ...]:
        """Those that do not run out by themselves."""
        return tuple(reason for reason in self.reasons if reason.until is None)


def longest(reasons: Iterable[Reason]) -> Clock:
    """Raises ValueError without a reason: what nothing is known of must not be taken for run out."""
    found = tuple(reasons)
    if not found:
        raise ValueError("a clock needs a reason")
    ends = [reason.until for reason in found if reason.until is not None]
    return Clock(max(ends) if len(ends) == len(found) else None, found)


def years_after(at: datetime, years: int) -> datetime:
    """The same day `years` later; the day after where a leap day has none."""
    try:
        return at.replace(year=at.year + years)
    except ValueError:
        return at.replace(year=at.year + years, month=3, day=1)
