"""Saved replies: the firm's and each person's own. Templates without personal data, so they lie in the clear."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pymongo.errors import DuplicateKeyError

from bot.errors import Conflict
from bot.mongo import Doc, Mongo, Session
from bot.store.records import new_id

FIRM = "firm"


@dataclass(frozen=True, slots=True)
class Canned:
    """`scope` is FIRM or the id of whose own it is; `text` may hold the places of `bot.desk.canned.PLACES`."""

    id: str
    scope: str
    shortcut: str
    text: str
    by: str
    at: datetime


class CannedStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def of(self, *scopes: str) -> list[Canned]:
        """By shortcut; of two that share one, the person's own comes first."""
        found = [_canned(doc) for doc in self._mongo["canned"].find({"scope": {"$in": list(scopes)}})]
        return sorted(found, key=lambda one: (one.shortcut, one.scope == FIRM))

    def get(self, canned_id: str) -> Canned | None:
        doc = self._mongo["canned"].find_one({"_id": canned_id})
        return _canned(doc) if doc else None

    def count(self, scope: str, session: Session) -> int:
        return self._mongo["canned"].count_documents({"scope": scope}, session=session)

    def add(self, session: Session, scope: str, shortcut: str, text: str, by: str) -> str:
        """Raises Conflict where the scope has that shortcut."""
        doc: Doc = {
            "_id": new_id(),
            "scope": scope,
            "shortcut": shortcut,
            "text": text,
            "by": by,
            "at": datetime.now(UTC),
        }
        try:
            self._mongo["canned"].insert_one(doc, session=session)
        except DuplicateKeyError as error:
            raise Conflict("There is a saved reply with this shortcut already.") from error
        return str(doc["_id"])

    def change(self, session: Session, canned_id: str, shortcut: str, text: str, by: str) -> None:
        change: Doc = {"shortcut": shortcut, "text": text, "by": by, "at": datetime.now(UTC)}
        try:
            self._mongo["canned"].update_one({"_id": canned_id}, {"$set": change}, session=session)
        except DuplicateKeyError as error:
            raise Conflict("There is a saved reply with this shortcut already.") from error

    def delete(self, session: Session, canned_id: str) -> None:
        self._mongo["canned"].delete_one({"_id": canned_id}, session=session)


def _canned(doc: Doc) -> Canned:
    return Canned(doc["_id"], doc["scope"], doc["shortcut"], doc["text"], doc["by"], doc["at"])
