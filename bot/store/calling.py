"""What may call a member of staff: their conversations, notes to them, conversations taken from them, late ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING

from bot.hours import Timetable, deadline
from bot.model import ChannelType, Status
from bot.mongo import Doc, Mongo
from bot.store.restricted import UNRESTRICTED
from bot.store.rows import FIRST_REPLY, FIRST_REPLY_ELSE

MOST = 30
REMEMBERED = timedelta(hours=12)
"""So long somebody who was away still hears who took a conversation from them."""
OWNER = "owner"
"""In the detail of a take-over's audit line: the staff id of whoever had the conversation before."""


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation by its times."""

    id: str
    channel: ChannelType
    assigned_at: datetime | None
    customer_at: datetime | None
    staff_at: datetime | None
    waiting_since: datetime | None
    skill: str | None = None


@dataclass(frozen=True, slots=True)
class Called:
    """Something a colleague did, and in which conversation."""

    id: str
    kind: str
    conversation_id: str
    channel: ChannelType
    by: str


class CallingStore:
    """Reads only, each by an index. Raises PyMongoError when MongoDB is away."""

    def __init__(self, mongo: Mongo, hours: Callable[[], Timetable] = Timetable) -> None:
        self._mongo = mongo
        self._hours = hours

    def mine(self, staff_id: str) -> list[Held]:
        query = {"assignee": staff_id, "status": Status.ASSIGNED.value}
        return self._held(query, [("last_at", DESCENDING)])

    def late(self, now: datetime) -> list[Held]:
        """Those that wait over their deadline, the gravest and oldest first."""
        limits: list[tuple[Any, timedelta]] = [*FIRST_REPLY.items()]
        limits.append(({"$gt": max(FIRST_REPLY)}, FIRST_REPLY_ELSE))
        found: list[Held] = []
        table = self._hours()
        for priority, limit in limits:
            query = {
                "status": Status.WAITING.value,
                "priority": priority,
                "waiting_since": {"$lt": now - limit},
            }
            held = self._held(query, [("priority", ASCENDING), ("waiting_since", ASCENDING)])
            # The wait counts while people answer: nobody is late because of a night.
            found += [
                one
                for one in held
                if one.waiting_since and deadline(one.waiting_since, limit, table.of(one.skill)) < now
            ]
        return found[:MOST]

    def notes(self, staff_id: str) -> list[Called]:
        """Notes that call this person and were not read."""
        found = self._mongo["notes"].find({"unread": staff_id}, {"kind": 1, "conversation": 1, "author": 1})
        docs = list(found.limit(MOST))
        return self._called([(doc, doc["kind"], doc["conversation"], doc["author"]) for doc in docs])

    def lost(self, staff_id: str, now: datetime) -> list[Called]:
        """Conversations that somebody took from this person."""
        query = {f"detail.{OWNER}": staff_id, "at": {"$gt": now - REMEMBERED}}
        docs = list(self._mongo["audit"].find(query).sort("at", DESCENDING).limit(MOST))
        return self._called([(doc, "taken", doc["subject"], doc["actor"]) for doc in docs])

    def _held(self, query: Doc, order: Sequence[tuple[str, int]]) -> list[Held]:
        wanted = dict.fromkeys(
            ("channel", "assigned_at", "customer_at", "staff_at", "waiting_since", "skill"), 1
        )
        found = self._mongo["conversations"].find(query, wanted).sort(list(order)).limit(MOST)
        return [
            Held(
                doc["_id"],
                ChannelType(doc["channel"]),
                doc.get("assigned_at"),
                doc.get("customer_at"),
                doc.get("staff_at"),
                doc.get("waiting_since"),
                doc.get("skill"),
            )
            for doc in found
        ]

    def _called(self, lines: Sequence[tuple[Doc, str, str, str]]) -> list[Called]:
        ids = sorted({conversation for _, _, conversation, _ in lines})
        channels = {
            doc["_id"]: ChannelType(doc["channel"])
            for doc in self._mongo["conversations"].find(
                {"_id": {"$in": ids}, **UNRESTRICTED}, {"channel": 1}
            )
        }
        return [
            Called(str(doc["_id"]), kind, conversation, channels[conversation], by)
            for doc, kind, conversation, by in lines
            if conversation in channels
        ]
