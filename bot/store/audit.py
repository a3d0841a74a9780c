"""The audit log: what staff did and saw, numbered and chained, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo import DESCENDING

from bot.model import GENESIS
from bot.mongo import Doc, Mongo, Session
from bot.store.chain import linked
from bot.store.records import new_id


class AuditStore:
    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def add(
        self, actor: str, action: str, subject: str, detail: dict[str, Any], session: Session | None = None
    ) -> None:
        """Append an event: `actor` staff id, command or system; `action` such as `conversation:take`.

        `detail` holds no personal data. Raises PyMongoError when it cannot be written: then the action must not happen.
        """
        if session is not None:
            self._append(session, actor, action, [(subject, detail)])
            return
        self._mongo.transaction(lambda own: self._append(own, actor, action, [(subject, detail)]))

    def add_all(
        self, actor: str, action: str, lines: Sequence[tuple[str, Mapping[str, Any]]], session: Session
    ) -> None:
        """As `add`, a line for each (subject, detail), in three round trips however many they are."""
        if lines:
            self._append(session, actor, action, lines)

    def about(self, action: str, subjects: Sequence[str]) -> list[Doc]:
        """The events of that action on those subjects, oldest first. Raises PyMongoError."""
        query = {"subject": {"$in": list(subjects)}, "action": action}
        return list(self._mongo["audit"].find(query).sort("seq", 1))

    def latest(self, subject: str, actions: Sequence[str], limit: int) -> list[Doc]:
        """The last `limit` events of those actions on one subject, oldest first. Raises PyMongoError."""
        found = self._mongo["audit"].find({"subject": subject, "action": {"$in": list(actions)}})
        return list(reversed(list(found.sort([("at", DESCENDING), ("seq", DESCENDING)]).limit(limit))))

    def _append(
        self, session: Session, actor: str, action: str, lines: Sequence[tuple[str, Mapping[str, Any]]]
    ) -> None:
        # The counter knows the head, not the last line found: a tail that was cut stays a gap for ever. It also makes
        # two writers conflict, so that one retries with the other's head.
        head = self._mongo["counters"].find_one({"_id": "audit", "hash": {"$exists": True}}, session=session)
        if head is None:
            head = self._mongo["audit"].find_one(sort=[("seq", DESCENDING)], session=session)
        last, previous = (head["seq"], head["hash"]) if head else (0, GENESIS)
        at = datetime.now(UTC).replace(microsecond=0)
        docs: list[Doc] = []
        for seq, (subject, detail) in enumerate(lines, last + 1):
            doc: Doc = {
                "_id": new_id(),
                "seq": seq,
                "at": at,
                "actor": actor,
                "action": action,
                "subject": subject,
                "detail": dict(detail),
            }
            previous = linked(previous, doc)["hash"]
            docs.append(doc)
        self._mongo["counters"].update_one(
            {"_id": "audit"},
            {"$set": {"seq": last + len(lines), "hash": previous}},
            upsert=True,
            session=session,
        )
        self._mongo["audit"].insert_many(docs, session=session)
