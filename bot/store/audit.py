"""The audit log: what staff did and saw, numbered and chained, never changed.

An event: `at`, `actor`, `role`, `action`, `subject`, `detail`, `where` and `why` (bot/origin.py), `kind`
(audit_kinds.py), and where it is about customers `customers` (ids) and `shown` (the conversations of a list).
`trail.py` reads them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from pymongo import DESCENDING

from bot import origin
from bot.model import GENESIS
from bot.mongo import Doc, Mongo, Session, is_away
from bot.origin import Origin
from bot.store.audit_kinds import kind_of
from bot.store.chain import linked
from bot.store.concerned import Concerned, named_in
from bot.store.records import new_id

BATCH = 64
"""Most events that wait for one another in a process and are then written in one transaction."""


class Noting(Protocol):
    """`AuditStore.add` as the console has it."""

    def __call__(
        self,
        actor: str,
        action: str,
        subject: str,
        detail: dict[str, Any],
        *,
        shown: Sequence[str] = (),
        customers: Sequence[str] = (),
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Event:
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    shown: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    origin: Origin = field(default_factory=origin.now)


class _Waiting:
    """Events that have to be written before their caller goes on."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.done = False
        self.error: BaseException | None = None


class AuditStore:
    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._concerned = Concerned(mongo)
        self._waiting: list[_Waiting] = []
        self._queue = threading.Lock()
        self._writing = threading.Lock()

    def add(
        self,
        actor: str,
        action: str,
        subject: str,
        detail: dict[str, Any],
        session: Session | None = None,
        *,
        shown: Sequence[str] = (),
        customers: Sequence[str] = (),
    ) -> None:
        """Append an event: `actor` staff id, command or system; `action` such as `conversation:take`.

        `shown`: ids of the conversations of a list; `customers`: ids beyond those of subject and `shown`. `detail`
        holds no personal data. Raises PyMongoError when it cannot be written: then the action must not happen.
        """
        event = Event(actor, str(action), subject, detail, tuple(shown), tuple(customers))
        if session is not None:
            self._append(session, [event])
        else:
            self._write([event])

    def add_all(
        self, actor: str, action: str, lines: Sequence[tuple[str, Mapping[str, Any]]], session: Session
    ) -> None:
        """As `add`, a line for each (subject, detail), in few round trips however many they are."""
        if lines:
            self._append(session, [Event(actor, action, subject, detail) for subject, detail in lines])

    def about(self, action: str, subjects: Sequence[str]) -> list[Doc]:
        """The events of that action on those subjects, oldest first. Raises PyMongoError."""
        query = {"subject": {"$in": list(subjects)}, "action": action}
        return list(self._mongo["audit"].find(query).sort("seq", 1))

    def latest(self, subject: str, actions: Sequence[str], limit: int) -> list[Doc]:
        """The last `limit` events of those actions on one subject, oldest first. Raises PyMongoError."""
        found = self._mongo["audit"].find({"subject": subject, "action": {"$in": list(actions)}})
        return list(reversed(list(found.sort([("at", DESCENDING), ("seq", DESCENDING)]).limit(limit))))

    def _write(self, events: Sequence[Event]) -> None:
        """Returns once the events are in the log. There is one head, over which writers would conflict: those of a
        process wait for each other, and whoever comes first writes for all who came meanwhile."""
        mine = _Waiting(events)
        with self._queue:
            self._waiting.append(mine)
        with self._writing:
            if not mine.done:
                with self._queue:
                    batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                self._settle(batch)
        while not mine.done:  # more than a batch was before it
            with self._writing, self._queue:
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            self._settle(batch)
        if mine.error is not None:
            raise mine.error

    def _settle(self, batch: Sequence[_Waiting]) -> None:
        try:
            together = [event for one in batch for event in one.events]
            self._mongo.transaction(lambda own: self._append(own, together))
        except BaseException as error:  # noqa: BLE001 - those who wait are told, whatever it was
            if len(batch) > 1 and not is_away(error):
                # What is wrong with one of them must not hold up the others.
                for one in batch:
                    self._settle([one])
                return
            for one in batch:
                one.error = error
        for one in batch:
            one.done = True

    def _append(self, session: Session, events: Sequence[Event]) -> None:
        # The counter knows the head, not the last line found: a tail that was cut stays a gap for ever. It also makes
        # two writers conflict, so that one retries with the other's head.
        head = self._mongo["counters"].find_one({"_id": "audit", "hash": {"$exists": True}}, session=session)
        if head is None:
            head = self._mongo["audit"].find_one(sort=[("seq", DESCENDING)], session=session)
        last, previous = (head["seq"], head["hash"]) if head else (0, GENESIS)
        at = datetime.now(UTC).replace(microsecond=0)
        customers = self._concerned.of([(one.subject, one.shown) for one in events], session)
        docs: list[Doc] = []
        for seq, (event, theirs) in enumerate(zip(events, customers, strict=True), last + 1):
            doc: Doc = {
                "_id": new_id(),
                "seq": seq,
                "at": at,
                "actor": event.actor,
                "action": event.action,
                "kind": kind_of(event.action),
                "subject": event.subject,
                "detail": dict(event.detail),
                "where": dict(event.origin.where),
                "why": event.origin.why,
            }
            if event.origin.role:
                doc["role"] = event.origin.role
            if event.shown:
                doc["shown"] = list(event.shown)
            if all_of_them := sorted({*theirs, *event.customers, *named_in(event.detail)}):
                doc["customers"] = all_of_them
            previous = linked(previous, doc)["hash"]
            docs.append(doc)
        self._mongo["counters"].update_one(
            {"_id": "audit"},
            {"$set": {"seq": last + len(events), "hash": previous}},
            upsert=True,
            session=session,
        )
        self._mongo["audit"].insert_many(docs, session=session)
