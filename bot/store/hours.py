"""Versions of the service hours: each is written once, the newest is in force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo import DESCENDING
from pymongo.errors import DuplicateKeyError

from bot.errors import Conflict
from bot.mongo import Doc, Mongo, Session


class HoursStore:
    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def newest(self) -> Doc | None:
        """{_id number, document, by, at, note}; None before the first change. Raises PyMongoError."""
        return self._mongo["hours"].find_one(sort=[("_id", DESCENDING)])

    def versions(self, limit: int) -> list[Doc]:
        """The newest first."""
        return list(self._mongo["hours"].find().sort("_id", DESCENDING).limit(limit))

    def add(
        self, session: Session, number: int, document: dict[str, Any], by: str, at: datetime, note: str
    ) -> None:
        """Raises Conflict where that number is taken: somebody else's change came first."""
        doc = {"_id": number, "document": document, "by": by, "at": at, "note": note}
        try:
            self._mongo["hours"].insert_one(doc, session=session)
        except DuplicateKeyError as error:
            raise Conflict("Somebody changed the service hours meanwhile; reload and look again.") from error
