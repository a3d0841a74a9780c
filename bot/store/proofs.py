"""Runs of the proof over what the bot said (`audit_proofs`), and the messages as it reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pymongo import DESCENDING
from pymongo.errors import DuplicateKeyError

from bot.mongo import Doc, Mongo

PAGE = 1000
_FIELDS = dict.fromkeys(
    ("conversation", "seq", "content", "approved", "locale", "buttons", "kind", "author", "at"), 1
)


class ProofStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def said(self, first: str, end: str) -> Iterator[Doc]:
        """Every message of the bot with `first` <= _id < `end`, by `_id`, a page at a time."""
        low: Doc = {"$gte": first}
        while True:
            query = {"_id": {**low, "$lt": end}, "author": "bot"}
            page = list(self._mongo["messages"].find(query, _FIELDS).sort("_id", 1).limit(PAGE))
            yield from page
            if len(page) < PAGE:
                return
            low = {"$gt": page[-1]["_id"]}

    def just_before(self, conversation: str, seq: int, reach: int) -> list[Doc]:
        """The bot's lines right before this one, the nearest first; at most `reach`."""
        span = {"$lt": seq, "$gte": seq - reach}
        found = self._mongo["messages"].find(
            {"conversation": conversation, "seq": span}, {"author": 1, "approved": 1, "seq": 1}
        )
        run: list[Doc] = []
        for doc in found.sort("seq", DESCENDING):
            if doc["author"] != "bot":
                break
            run.append(doc)
        return run

    def about(self) -> int:
        """About how many messages there are of everybody."""
        return int(self._mongo["messages"].estimated_document_count())

    # -- runs ---------------------------------------------------------------------------------------------------------

    def begin(self, name: str, at: datetime, unless_since: datetime) -> bool:
        """Whether this run is the caller's: nobody finished it, and nobody began it since then."""
        mine = {"_id": name, "state": "running", "begun_at": {"$lt": unless_since}}
        fields = {"$set": {"state": "running", "begun_at": at}}
        try:
            self._mongo["audit_proofs"].update_one(mine, fields, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    def done(self, name: str, figures: Mapping[str, Any]) -> None:
        change = {"$set": {"state": "done", **figures}}
        self._mongo["audit_proofs"].update_one({"_id": name}, change, upsert=True)

    def latest(self, limit: int) -> list[Doc]:
        """Those that ended, the newest first."""
        found = self._mongo["audit_proofs"].find({"state": "done"})
        return list(found.sort("at", DESCENDING).limit(limit))
