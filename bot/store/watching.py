"""What the monitor reads: of each live conversation only what its score needs, bounded, by an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import DESCENDING

from bot.model import OPEN, Delivery, Role, Staff, Status
from bot.mongo import Doc, Mongo
from bot.store.reading import readable
from bot.store.rows import Listed, Rows

WITH_PEOPLE = 2000
"""Conversations that wait or are with people: more than any desk has; beyond it the oldest by `last_at` stay out."""
WITH_BOT = 100
"""The worst of those with the bot; more are never shown."""
UNSETTLED = timedelta(hours=24)
MOST_UNSETTLED = 500
_FIELDS = (
    *(
        "status",
        "reason",
        "priority",
        "skill",
        "assignee",
        "channel",
        "account",
        "customer",
        "last_at",
        "misses",
    ),
    *("waiting_since", "customer_at", "staff_at", "assigned_at", "snoozed_until", "deadline"),
    *("bot_said", "bot_sure", "heard_crisis", "heard_fraud", "heard_legal", "heard_complaint"),
)
_PROJECTION = dict.fromkeys(_FIELDS, 1)


@dataclass(frozen=True, slots=True)
class Counts:
    bot: int
    waiting: int
    assigned: int


class WatchStore:
    """Reads only. Raises PyMongoError when MongoDB is away."""

    def __init__(self, mongo: Mongo, rows: Rows) -> None:
        self._mongo = mongo
        self._rows = rows

    def live(self, query: Mapping[str, Any]) -> list[Doc]:
        """What may matter: everything that people have or wait for, and the worst of what the bot has."""
        found: list[Doc] = []
        for status, limit in (
            (Status.WAITING, WITH_PEOPLE),
            (Status.ASSIGNED, WITH_PEOPLE),
            (Status.BOT, WITH_BOT),
        ):
            wanted = {"status": status.value, "open": True, **query}
            order = [("sign", DESCENDING), ("last_at", DESCENDING)]
            cursor = self._mongo["conversations"].find(wanted, _PROJECTION, batch_size=limit)
            found.extend(cursor.sort(order).limit(limit))
        return found

    def rows(self, staff: Staff, ids: Sequence[str]) -> dict[str, Listed]:
        """Those of the conversations that this person may read, as rows of a list."""
        may = readable(staff)
        if may is None:
            return {}
        docs = list(self._mongo["conversations"].find({"_id": {"$in": list(ids)}, **may}))
        return {row.id: row for row in self._rows.read(docs, staff)}

    def places(self, ids: Sequence[str]) -> dict[str, tuple[Role, int]]:
        """Role and capacity of members of staff, those who left included."""
        found = self._mongo["staff"].find({"_id": {"$in": list(ids)}}, {"role": 1, "capacity": 1})
        return {doc["_id"]: (Role(doc["role"]), doc.get("capacity", 4)) for doc in found}

    def counts(self, query: Mapping[str, Any]) -> Counts:
        """How many there are of each, however many."""
        n = {
            status: self._mongo["conversations"].count_documents(
                {"status": status.value, "open": True, **query}
            )
            for status in OPEN
        }
        return Counts(n[Status.BOT], n[Status.WAITING], n[Status.ASSIGNED])

    def marks(self, customer_ids: Sequence[str]) -> dict[str, str]:
        """Customer -> level of the risk mark, of those who have one."""
        query = {"_id": {"$in": list(customer_ids)}, "risk.level": {"$exists": True}}
        return {
            doc["_id"]: doc["risk"]["level"]
            for doc in self._mongo["customers"].find(query, {"risk.level": 1})
        }

    def loads(self) -> dict[str, int]:
        """Open conversations of each member of staff who has any."""
        steps = [
            {"$match": {"status": Status.ASSIGNED.value, "assignee": {"$ne": None}}},
            {"$group": {"_id": "$assignee", "n": {"$sum": 1}}},
        ]
        return {doc["_id"]: doc["n"] for doc in self._mongo["conversations"].aggregate(steps)}

    def unsettled(self) -> dict[str, tuple[str, datetime]]:
        """Conversation -> (delivery state, when) of the last message that did not arrive, or nobody knows."""
        states = [Delivery.FAILED.value, Delivery.UNKNOWN.value]
        query = {"status": {"$in": states}, "settled_at": {"$gt": datetime.now(UTC) - UNSETTLED}}
        found = (
            self._mongo["outbox"]
            .find(query, {"conversation": 1, "status": 1, "settled_at": 1})
            .sort("settled_at", DESCENDING)
            .limit(MOST_UNSETTLED)
        )
        latest: dict[str, tuple[str, datetime]] = {}
        for doc in found:
            latest.setdefault(doc["conversation"], (doc["status"], doc["settled_at"]))
        return latest
