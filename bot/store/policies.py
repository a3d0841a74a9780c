"""Versions of the hand-off rules: `policies`, one document each, never deleted; what is in force in `counters`.

The rules themselves are kept as the text that the hash is of: nothing between us and the disk may reorder them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo import DESCENDING, ReturnDocument

from bot.mongo import Doc, Mongo, Session

DRAFT, IN_REVIEW, APPROVED = "draft", "in_review", "approved"
REJECTED, REPLACED, RETIRED = "rejected", "replaced", "retired"
OPEN = (DRAFT, IN_REVIEW)
_STATE = "policies"


class PolicyStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def state(self, session: Session | None = None) -> tuple[int, int]:
        """(revision, version in force); the revision grows with every change in force, 0 is what ships."""
        doc = self._mongo["counters"].find_one({"_id": _STATE}, session=session) or {}
        return doc.get("revision", 0), doc.get("approved", 0)

    def number(self, session: Session) -> int:
        """The next version's. Two writers conflict here, so that one retries after the other."""
        doc = self._mongo["counters"].find_one_and_update(
            {"_id": _STATE},
            {"$inc": {"last": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        assert doc is not None  # noqa: S101 - an upsert finds or makes it
        return int(doc["last"])

    def put_in_force(self, number: int, session: Session) -> None:
        change = {"$set": {"approved": number}, "$inc": {"revision": 1}}
        self._mongo["counters"].update_one({"_id": _STATE}, change, upsert=True, session=session)

    def add(self, version: Mapping[str, Any], session: Session) -> None:
        self._mongo["policies"].insert_one(dict(version), session=session)

    def change(self, number: int, state: str, fields: Mapping[str, Any], session: Session) -> bool:
        """False where the version is not in that state any more."""
        query = {"_id": number, "state": state}
        return bool(
            self._mongo["policies"].update_one(query, {"$set": fields}, session=session).matched_count
        )

    def version(self, number: int, session: Session | None = None) -> Doc | None:
        """Without the rules themselves."""
        return self._mongo["policies"].find_one({"_id": number}, {"document": 0}, session=session)

    def text(self, number: int) -> tuple[str, str] | None:
        """(rules as canonical text, their sha256)."""
        doc = self._mongo["policies"].find_one({"_id": number}, {"document": 1, "sha256": 1})
        return None if doc is None else (doc["document"], doc["sha256"])

    def versions(self, limit: int = 0) -> list[Doc]:
        """Latest first, without the rules and without what their trial found."""
        fields = {"document": 0, "trial.misread": 0, "trial.changed": 0}
        return list(self._mongo["policies"].find({}, fields).sort("_id", DESCENDING).limit(limit))

    def open_one(self, session: Session | None = None) -> Doc | None:
        """The draft, or what is in review; there is one at a time."""
        query = {"state": {"$in": list(OPEN)}}
        return self._mongo["policies"].find_one(
            query, {"document": 0}, sort=[("_id", DESCENDING)], session=session
        )

    def trial(self, number: int, token: str, fields: Mapping[str, Any]) -> bool:
        """What a trial says of itself; False where another trial of that version has begun since."""
        change = {"$set": {f"trial.{name}": value for name, value in fields.items()}}
        query = {"_id": number, "trial.token": token}
        return bool(self._mongo["policies"].update_one(query, change).matched_count)

    def begin_trial(self, number: int, trial: Mapping[str, Any], unless_since: Any) -> bool:
        """False where one is at work that gave a sign of life since then."""
        busy = {"trial.state": "running", "trial.beat": {"$gte": unless_since}}
        query = {"_id": number, "$nor": [busy]}
        return bool(self._mongo["policies"].update_one(query, {"$set": {"trial": dict(trial)}}).matched_count)
