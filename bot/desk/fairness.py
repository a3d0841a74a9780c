"""How evenly the work was given out, and how long customers waited for it: figures, without a name or a customer."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.hours import Timetable
from bot.store.desks import CAPACITY, DeskStore

LEAST_HOURS = 0.1
"""Who was available for less has no rate worth comparing."""


@dataclass(frozen=True, slots=True)
class Share:
    """One agent: `assigned` by the router, `taken` by hand, `returned` to the queue; `hours` available; `per_hour`
    assigned ones per hour, None under LEAST_HOURS; `share` of all that the router gave out, 0..1."""

    agent: str
    assigned: int
    taken: int
    returned: int
    hours: float
    per_hour: float | None
    share: float
    capacity: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Minutes in which people answer, from the hand-off until somebody had it; `n` assignments."""

    skill: str
    n: int
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Fairness:
    """`jain` is Jain's index of assignments per hour and place of capacity, 1/n (one got all) .. 1 (even); None where
    nobody, or only one, can be compared."""

    since: datetime
    until: datetime
    shares: tuple[Share, ...]
    waits: tuple[Wait, ...]
    jain: float | None


def fairness(store: DeskStore, hours: Timetable, since: datetime, until: datetime) -> Fairness:
    """Raises PyMongoError."""
    ledger = store.ledger(since, until)
    spans: dict[str, float] = defaultdict(float)
    for one in store.available(since, until):
        length = min(one["to"], until) - max(one["from"], since)
        spans[one["agent"]] += max(length.total_seconds(), 0) / 3600
    capacities = {one: doc.get("capacity", CAPACITY) for one, doc in store.staff().items()}
    shares = _shares(ledger, spans, capacities)
    return Fairness(since, until, shares, _waits(ledger, hours), jain(_rates(shares)))


def jain(rates: Sequence[float]) -> float | None:
    """(sum x)^2 / (n sum x^2). Source: Jain, Chiu and Hawe, DEC-TR-301, 1984."""
    squares = sum(rate * rate for rate in rates)
    return sum(rates) ** 2 / (len(rates) * squares) if len(rates) > 1 and squares else None


def quantile(values: Iterable[float], part: float) -> float:
    """The nearest rank. `values` are not empty."""
    ordered = sorted(values)
    return ordered[max(math.ceil(part * len(ordered)) - 1, 0)]


def _rates(shares: Sequence[Share]) -> list[float]:
    return [one.per_hour / max(one.capacity, 1) for one in shares if one.per_hour is not None]


def _shares(
    ledger: Sequence[Mapping[str, Any]], spans: Mapping[str, float], capacities: Mapping[str, int]
) -> tuple[Share, ...]:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: {"assign": 0, "take": 0, "return": 0})
    for one in ledger:
        counts[one["agent"]][one["kind"]] += 1
    total = sum(one["assign"] for one in counts.values())
    found = []
    for agent in {*counts, *spans}:
        counted, hours = counts[agent], spans.get(agent, 0.0)
        found.append(
            Share(
                agent=agent,
                assigned=counted["assign"],
                taken=counted["take"],
                returned=counted["return"],
                hours=round(hours, 2),
                per_hour=round(counted["assign"] / hours, 2) if hours >= LEAST_HOURS else None,
                share=round(counted["assign"] / total, 4) if total else 0.0,
                capacity=capacities.get(agent, CAPACITY),
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.assigned, -one.taken, one.agent)))


def _waits(ledger: Sequence[Mapping[str, Any]], hours: Timetable) -> tuple[Wait, ...]:
    minutes: dict[str, list[float]] = defaultdict(list)
    for one in ledger:
        if one["kind"] != "return" and one.get("waiting_since") is not None:
            waited = hours.of(one["skill"]).between(one["waiting_since"], one["at"])
            minutes[one["skill"]].append(waited.total_seconds() / 60)
    return tuple(
        Wait(skill, len(found), round(quantile(found, 0.5), 1), round(quantile(found, 0.95), 1))
        for skill, found in sorted(minutes.items())
    )
