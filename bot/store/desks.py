"""Who takes conversations, and who was given which: availability, loads, the queue as the router reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from bot.model import Conversation, Status
from bot.mongo import Doc, Mongo, Session
from bot.store.documents import conversation_of

CAPACITY = 4
"""Conversations at once of somebody for whom nothing else is set."""
HEAD = 300
"""So much of the queue is read in one go: those first in line, and those who wait longest."""
_OWNED = {
    **dict.fromkeys(("assignee", "skill", "priority", "assigned_at", "customer_at", "staff_at"), 1),
    **dict.fromkeys(("first_staff_at", "handed_at", "snoozed_until", "passed_by", "owed_at", "news"), 1),
}
_QUEUED = dict.fromkeys(("customer", "skill", "priority", "waiting_since", "handed_at", "passed_by"), 1)


def note_assignment(
    mongo: Mongo,
    session: Session,
    before: Conversation,
    agent: str,
    actor: str,
    why: str | None,
    at: datetime,
) -> None:
    """Somebody has the conversation from now on: for fairness, and for who is next.

    Touching the desk makes two assignments to one person at the same moment conflict, so that the later one sees the
    load of the former.
    """
    mongo["desks"].update_one({"_id": agent}, {"$set": {"assigned_at": at}}, session=session)
    mongo["assignments"].insert_one(
        {
            "kind": "assign" if actor.startswith("system:") else "take",
            "agent": agent,
            "conversation": before.id,
            "skill": before.skill or "general",
            "priority": before.priority,
            "waiting_since": before.waiting_since,
            "why": why,
            "at": at,
        },
        session=session,
    )


class DeskStore:
    """Raises PyMongoError. A desk is {_id staff id, state, auto, since, seen_at, assigned_at, available_since,
    handing_over}; `auto` says that nobody chose its state."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    # -- people -----------------------------------------------------------------------------------------------------

    def desks(self) -> dict[str, Doc]:
        return {doc["_id"]: doc for doc in self._mongo["desks"].find()}

    def desk(self, staff_id: str, session: Session | None = None) -> Doc | None:
        return self._mongo["desks"].find_one({"_id": staff_id}, session=session)

    def seen(self, ids: Iterable[str], at: datetime, fresh: datetime) -> None:
        """Those are here; whoever was noted after `fresh` is not noted again."""
        for staff_id in ids:
            blank = {"state": "away", "auto": False, "since": at, "handing_over": False}
            try:
                self._mongo.light("desks").update_one(
                    {"_id": staff_id, "seen_at": {"$lt": fresh}}, {"$set": {"seen_at": at}}
                )
                self._mongo.light("desks").update_one(
                    {"_id": staff_id}, {"$setOnInsert": {**blank, "seen_at": at}}, upsert=True
                )
            except DuplicateKeyError:
                continue

    def place(self, staff_id: str, at: datetime) -> None:
        """A desk for somebody who has none yet."""
        blank = {"state": "away", "auto": False, "since": at, "handing_over": False, "seen_at": at}
        try:
            self._mongo["desks"].update_one({"_id": staff_id}, {"$setOnInsert": blank}, upsert=True)
        except DuplicateKeyError:
            return

    def change(self, session: Session, before: Doc, fields: Mapping[str, Any]) -> bool:
        """False where the desk is no longer as it was. A time of availability that ends is kept."""
        query = {"_id": before["_id"], "state": before["state"], "since": before["since"]}
        changed = self._mongo["desks"].update_one(query, {"$set": dict(fields)}, session=session)
        if not changed.matched_count:
            return False
        begun = before.get("available_since")
        if before["state"] == "available" and begun and fields["state"] != "available":
            self._mongo["availability"].insert_one(
                {"agent": before["_id"], "from": begun, "to": fields["since"]}, session=session
            )
        return True

    def holds(self, session: Session, staff_id: str, at: datetime) -> Doc | None:
        """The desk of somebody who takes conversations, held until this transaction ends; None where it is not so."""
        return self._mongo["desks"].find_one_and_update(
            {"_id": staff_id, "state": "available"}, {"$set": {"assigned_at": at}}, session=session
        )

    def staff(self, session: Session | None = None, staff_id: str | None = None) -> dict[str, Doc]:
        """{_id, role, skills, capacity} of those who are active, without a name."""
        query: Doc = {"active": True, **({"_id": staff_id} if staff_id else {})}
        found = self._mongo["staff"].find(query, {"role": 1, "skills": 1, "capacity": 1}, session=session)
        return {doc["_id"]: doc for doc in found}

    # -- conversations ----------------------------------------------------------------------------------------------

    def loads(self, now: datetime, ids: Sequence[str], session: Session | None = None) -> dict[str, int]:
        """Open conversations in hand, without those that sleep."""
        match = {"assignee": {"$in": list(ids)}, "status": Status.ASSIGNED.value, **awake(now)}
        counted = self._mongo["conversations"].aggregate(
            [{"$match": match}, {"$group": {"_id": "$assignee", "n": {"$sum": 1}}}], session=session
        )
        return {doc["_id"]: doc["n"] for doc in counted}

    def queue(self, now: datetime, allowed: Mapping[str, Any]) -> list[Doc]:
        """Waiting conversations that match `allowed`: the first HEAD in line, and the HEAD that wait longest."""
        query = {"$and": [{"status": Status.WAITING.value, **awake(now)}, dict(allowed)]}
        waiting = self._mongo["conversations"]
        first = waiting.find(query, _QUEUED).sort([("priority", ASCENDING), ("waiting_since", ASCENDING)])
        found = {doc["_id"]: doc for doc in first.limit(HEAD)}
        if len(found) == HEAD:
            oldest = waiting.find(query, _QUEUED).sort([("waiting_since", ASCENDING)]).limit(HEAD)
            found |= {doc["_id"]: doc for doc in oldest}
        return list(found.values())

    def knowers(self, customers: Sequence[str], since: datetime) -> dict[str, str]:
        """Who served each customer last, of those whom somebody answered since then."""
        match = {"customer": {"$in": list(customers)}, "staff_at": {"$gte": since}, "assignee": {"$ne": None}}
        found = self._mongo["conversations"].aggregate(
            [
                {"$match": match},
                {"$sort": {"staff_at": ASCENDING}},
                {"$group": {"_id": "$customer", "agent": {"$last": "$assignee"}}},
            ]
        )
        return {doc["_id"]: doc["agent"] for doc in found}

    def owned(self) -> list[Doc]:
        """Every conversation that somebody has, with what decides whether it goes back."""
        return list(self._mongo["conversations"].find({"status": Status.ASSIGNED.value}, _OWNED))

    def conversation(self, conversation_id: str) -> Conversation | None:
        doc = self._mongo["conversations"].find_one({"_id": conversation_id})
        return conversation_of(doc) if doc else None

    def raw(self, conversation_id: str, session: Session) -> Doc:
        return self._mongo["conversations"].find_one({"_id": conversation_id}, _OWNED, session=session) or {}

    # -- the ledger -------------------------------------------------------------------------------------------------

    def note_return(self, session: Session, doc: Doc, why: str, at: datetime) -> None:
        self._mongo["assignments"].insert_one(
            {
                "kind": "return",
                "agent": doc["assignee"],
                "conversation": doc["_id"],
                "skill": doc.get("skill") or "general",
                "priority": doc["priority"],
                "why": why,
                "at": at,
            },
            session=session,
        )

    def ledger(self, since: datetime, until: datetime) -> list[Doc]:
        query = {"at": {"$gte": since, "$lt": until}}
        return list(self._mongo["assignments"].find(query).sort("at", ASCENDING))

    def available(self, since: datetime, until: datetime) -> list[Doc]:
        """{agent, from, to} of the times of availability that touch the period; those that go on end with it."""
        past = self._mongo["availability"].find({"to": {"$gt": since}, "from": {"$lt": until}})
        now = self._mongo["desks"].find({"state": "available", "available_since": {"$lt": until}})
        running = [{"agent": one["_id"], "from": one["available_since"], "to": until} for one in now]
        return [*past, *running]

    # -- the rules --------------------------------------------------------------------------------------------------

    def rules(self) -> Doc | None:
        return self._mongo["routing_rules"].find_one(sort=[("_id", DESCENDING)])

    def add_rules(self, session: Session, doc: Doc) -> bool:
        """False where that number is taken."""
        try:
            self._mongo["routing_rules"].insert_one(doc, session=session)
        except DuplicateKeyError:
            return False
        return True


def awake(now: datetime) -> Doc:
    """Not snoozed."""
    return {"$or": [{"snoozed_until": None}, {"snoozed_until": {"$lte": now}}]}
