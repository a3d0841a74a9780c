"""Every call in `model_calls`, no text in any; the month's sum in `model_months` stops calls before they cost too much.

A call reserves the most it can cost before it is made and settles what it did cost afterwards. A process that dies in
between leaves its reservation standing: the sum may be too high by one call, never too low.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from bot.ai.prices import MICRO, Prices
from bot.logs import logger
from bot.metrics import MODEL_BUDGET, MODEL_WARNINGS
from bot.mongo import Doc, Mongo

log = logger("model")
WARN_AT = 0.8


@dataclass(frozen=True, slots=True)
class Reservation:
    """`held` is what was reserved of `month`, in millionths of NT$."""

    id: Any
    month: str
    held: int


class Ledger:
    """`budget` in NT$ a calendar month of `zone`; None: calls are counted and never stopped."""

    def __init__(
        self,
        mongo: Mongo,
        prices: Prices,
        budget: float | None,
        zone: tzinfo,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.prices = prices
        self.budget = None if budget is None else round(budget * MICRO)
        self._mongo = mongo
        self._zone = zone
        self._clock = clock

    def month(self) -> str:
        """`2026-11`, as the firm's calendar has it."""
        return f"{self._clock().astimezone(self._zone):%Y-%m}"

    def reserve(
        self, purpose: str, model: str, prompt: str, most_in: int, most_out: int
    ) -> Reservation | None:
        """None where the month's budget does not allow a call of that size. Raises PyMongoError."""
        held, month = self.prices.cost(model, most_in, most_out), self.month()
        spent = self._hold(month, held)
        if spent is None:
            return None
        self._warn(month, spent)
        inserted = self._mongo["model_calls"].insert_one(
            {
                "purpose": purpose,
                "model": model,
                "prompt": prompt,
                "month": month,
                "at": self._clock(),
                "outcome": "running",
                "cost": held,
            }
        )
        return Reservation(inserted.inserted_id, month, held)

    def settle(
        self, held: Reservation, outcome: str, ms: int, model: str, used: tuple[int, int] | None
    ) -> int:
        """Puts down what the call did cost, and returns it; `used` None: nobody said, so what was held is charged."""
        cost = held.held if used is None else self.prices.cost(model, *used)
        facts: Doc = {"outcome": outcome, "ms": ms, "cost": cost}
        if used is not None:
            facts |= {"tokens_in": used[0], "tokens_out": used[1]}
        self._mongo["model_calls"].update_one({"_id": held.id, "outcome": "running"}, {"$set": facts})
        if cost != held.held:
            self._mongo["model_months"].update_one({"_id": held.month}, {"$inc": {"spent": cost - held.held}})
        return cost

    def spent(self, month: str | None = None) -> int:
        """Millionths of NT$, reservations included."""
        found = self._mongo["model_months"].find_one({"_id": month or self.month()})
        return int(found["spent"]) if found else 0

    def costs(self, month: str | None = None) -> list[dict[str, Any]]:
        """A row a purpose, model and outcome: calls, tokens, NT$ and mean milliseconds."""
        key = {"purpose": "$purpose", "model": "$model", "outcome": "$outcome"}
        rows = self._mongo["model_calls"].aggregate(
            [
                {"$match": {"month": month or self.month()}},
                {
                    "$group": {
                        "_id": key,
                        "calls": {"$sum": 1},
                        "tokens_in": {"$sum": "$tokens_in"},
                        "tokens_out": {"$sum": "$tokens_out"},
                        "cost": {"$sum": "$cost"},
                        "ms": {"$avg": "$ms"},
                    }
                },
                {"$sort": {"_id.purpose": 1, "_id.model": 1, "_id.outcome": 1}},
            ]
        )
        return [
            {
                **row["_id"],
                **{name: row[name] for name in ("calls", "tokens_in", "tokens_out")},
                "ntd": round(row["cost"] / MICRO, 4),
                "mean_ms": None if row["ms"] is None else round(row["ms"]),
            }
            for row in rows
        ]

    def _hold(self, month: str, held: int) -> int | None:
        """The month's sum with `held` in it, or None. One conditional update: many processes cannot overspend."""
        if self.budget is not None and held > self.budget:
            return None
        room: Doc = {"_id": month}
        if self.budget is not None:
            room["spent"] = {"$lte": self.budget - held}
        months = self._mongo["model_months"]
        for _ in range(2):
            found = months.find_one_and_update(room, {"$inc": {"spent": held}}, return_document=True)
            if found is not None:
                return int(found["spent"])
            # Nothing matched: either the month has just begun, or its budget is spent.
            begun = months.update_one({"_id": month}, {"$setOnInsert": {"spent": 0}}, upsert=True)
            if begun.upserted_id is None and months.find_one(room) is None:
                return None
        return None

    def _warn(self, month: str, spent: int) -> None:
        """Once a month and budget, by whichever process comes first."""
        if not self.budget:
            return
        MODEL_BUDGET.set(spent / self.budget)
        if spent < WARN_AT * self.budget:
            return
        first = self._mongo["model_months"].update_one(
            {"_id": month, "warned": {"$ne": self.budget}}, {"$set": {"warned": self.budget}}
        )
        if first.modified_count:
            MODEL_WARNINGS.inc()
            log.warning("model_budget_80_percent", month=month, budget_ntd=self.budget / MICRO)
