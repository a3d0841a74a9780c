"""Changes of staff that a second person has to agree to: asked, then approved or declined, never edited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.mongo import Doc, Mongo, Session
from bot.store.records import new_id


@dataclass(frozen=True, slots=True)
class StaffRequest:
    """`change` names role, skills, capacity or active with their new values. `state`: open, approved, declined."""

    id: str
    staff_id: str
    change: Mapping[str, Any]
    by: str
    at: datetime
    state: str
    decided_by: str | None = None


class StaffRequestStore:
    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def add(self, session: Session, staff_id: str, change: Mapping[str, Any], by: str) -> StaffRequest:
        """A newer one takes the place of what the same person asked for the same colleague."""
        self._mongo["staff_requests"].delete_many(
            {"staff": staff_id, "by": by, "state": "open"}, session=session
        )
        doc: Doc = {
            "_id": new_id(),
            "staff": staff_id,
            "change": dict(change),
            "by": by,
            "at": datetime.now(UTC),
            "state": "open",
            "decided_by": None,
        }
        self._mongo["staff_requests"].insert_one(doc, session=session)
        return _read(doc)

    def open(self, staff_id: str | None = None) -> list[StaffRequest]:
        query: Doc = {"state": "open", **({"staff": staff_id} if staff_id else {})}
        return [_read(doc) for doc in self._mongo["staff_requests"].find(query).sort("at", 1)]

    def one(self, request_id: str, session: Session) -> StaffRequest | None:
        doc = self._mongo["staff_requests"].find_one({"_id": request_id}, session=session)
        return _read(doc) if doc else None

    def decide(self, request_id: str, state: str, by: str, session: Session) -> bool:
        done = self._mongo["staff_requests"].update_one(
            {"_id": request_id, "state": "open"},
            {"$set": {"state": state, "decided_by": by}},
            session=session,
        )
        return done.modified_count == 1


def _read(doc: Doc) -> StaffRequest:
    return StaffRequest(
        doc["_id"], doc["staff"], doc["change"], doc["by"], doc["at"], doc["state"], doc["decided_by"]
    )
