"""The fake's automation: a class that answers, one that lacks reviews, one that failed, and others without a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.errors import Conflict
from bot.labels import Verdict
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
        self.said: list[Verdict] = []

    def state(self) -> State:
        return self._state

    def review(self, staff: Staff, message_id: str, *, right: bool, reason: str = "") -> None:
        self.said.append(Verdict(message_id, right, staff.id, datetime.now(UTC), reason))

    def verdicts(self, message_ids: Sequence[str]) -> list[Verdict]:
        return [one for one in self.said if one.message in message_ids]

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
