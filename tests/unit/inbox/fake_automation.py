"""The fake's automation: a class that answers, one that lacks reviews, one that failed, and others without a label."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.errors import Conflict
from bot.model import Staff
from kb.bounds import enough, lasting_bound
from kb.proof import DEFAULT_LIMIT, Standing, State, standings


def standing(product_class: str, n: int, wrong: int, reviewed: int) -> Standing:
    needed = enough(wrong, DEFAULT_LIMIT)
    return Standing(
        product_class,
        DEFAULT_LIMIT,
        threshold=0.8123,
        n=n,
        wrong=wrong,
        bound=lasting_bound(wrong, n),
        on=n >= needed,
        missing=max(0, needed - n),
        reviewed=reviewed,
        labels=n * 2,
        since=datetime(2026, 11, 20, 3, tzinfo=UTC) if n >= needed else None,
    )


class FakeAutomation:
    mode = "proven"

    def __init__(self) -> None:
        known = {
            one.product_class: one
            for one in (
                standing("card", 720, 0, 120),
                standing("loan", 281, 0, 9),
                standing("deposit", 700, 2, 50),
                Standing("investment", DEFAULT_LIMIT, labels=40, missing=822),
            )
        }
        empty = standings((), DEFAULT_LIMIT)
        self._state = State(
            DEFAULT_LIMIT, tuple(known.get(one.product_class, one) for one in empty), revision=3
        )
        self.busy = False

    def state(self) -> State:
        return self._state

    def set_limit(self, staff: Staff, share: float, reason: str) -> State:
        if self.busy:
            raise Conflict("The state of the automation keeps changing; try again.")
        self._state = replace(
            self._state,
            limit=share,
            set_by=staff.id,
            set_at=datetime(2026, 11, 23, 1, tzinfo=UTC),
            reason=reason,
        )
        return self._state
