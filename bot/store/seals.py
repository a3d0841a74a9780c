"""Seals (`seals`, one a day, never changed), the lists they are over (`seal_leaves`) and what became of their copies
(`seal_copies`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from bson.binary import Binary
from pymongo import DESCENDING
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern

from bot.mongo import Doc, Mongo
from bot.store.chains import SPELLING

AlreadySealed = DuplicateKeyError
"""Raised by a write that would make a second seal of a day."""


class SealStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    @property
    def _seals(self) -> Collection[Doc]:
        return self._mongo["seals"].with_options(SPELLING)

    # -- what is sealed -----------------------------------------------------------------------------------------------

    def first_id(self, collection: str) -> str | None:
        found = self._mongo[collection].find_one({}, {"_id": 1}, sort=[("_id", 1)])
        return None if found is None else str(found["_id"])

    def records(self, collection: str, first: str, end: str, *, after: str | None = None) -> Iterator[Doc]:
        """`_id`, `hash`, `seq` and the chain's id of the records with `first` <= _id < `end`, by `_id`; what no failure
        of a server can take back."""
        low = {"$gt": after} if after else {"$gte": first}
        wanted = dict.fromkeys(("hash", "seq", "conversation", "customer"), 1)
        kept = self._mongo[collection].with_options(SPELLING, read_concern=ReadConcern("majority"))
        return iter(kept.find({"_id": {**low, "$lt": end}}, wanted).sort("_id", 1).batch_size(5000))

    def count(self, collection: str, first: str, end: str) -> int:
        return int(self._mongo[collection].count_documents({"_id": {"$gte": first, "$lt": end}}))

    # -- seals --------------------------------------------------------------------------------------------------------

    def latest(self) -> Doc | None:
        return self._seals.find_one(sort=[("_id", DESCENDING)])

    def first_by(self, key_id: str) -> Doc | None:
        """The first day that this key signed."""
        return self._seals.find_one({"key_id": key_id}, sort=[("_id", 1)])

    def seal(self, day: str) -> Doc | None:
        return self._seals.find_one({"_id": day})

    def since(self, day: str, upto: str = "9999") -> Iterator[Doc]:
        """From the day on, in order."""
        return iter(self._seals.find({"_id": {"$gte": day, "$lte": upto}}).sort("_id", 1))

    def all(self) -> Iterator[Doc]:
        """In order, whatever somebody made of their ids."""
        return iter(self._seals.find().sort("_id", 1))

    def number(self) -> int:
        return int(self._mongo["seals"].count_documents({}))

    def add(self, seal: Doc) -> None:
        """Raises AlreadySealed."""
        self._mongo["seals"].insert_one(seal)

    # -- their lists --------------------------------------------------------------------------------------------------

    def add_parts(self, day: str, run: str, parts: Iterable[bytes]) -> None:
        for n, part in enumerate(parts):
            self._mongo["seal_leaves"].insert_one(
                {"_id": f"{run}/{n:06}", "day": day, "run": run, "part": Binary(part)}
            )

    def parts(self, run: str) -> Iterator[bytes]:
        found = self._mongo["seal_leaves"].find({"_id": {"$gte": f"{run}/", "$lt": f"{run}0"}})
        return (bytes(doc["part"]) for doc in found.sort("_id", 1).batch_size(4))

    def drop_parts(self, day: str, but: str | None) -> None:
        """What an attempt that came to nothing left behind."""
        self._mongo["seal_leaves"].delete_many({"day": day, "run": {"$ne": but}})

    # -- one at a time ------------------------------------------------------------------------------------------------

    def lease(self, token: str, now: datetime, until: datetime) -> bool:
        """Whether the sealing is `token`'s until then: two clocks must not drop each other's lists."""
        mine = {"_id": "sealing", "$or": [{"token": token}, {"until": {"$lt": now}}]}
        try:
            self._mongo["state"].update_one(mine, {"$set": {"token": token, "until": until}}, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    def release(self, token: str) -> None:
        self._mongo["state"].delete_one({"_id": "sealing", "token": token})

    # -- keys ---------------------------------------------------------------------------------------------------------

    def hand_over(self, word: Doc) -> None:
        """The old key's word for the new one, until the next seal carries it."""
        self._mongo["state"].replace_one({"_id": "seal_key"}, {"_id": "seal_key", **word}, upsert=True)

    def word(self) -> Doc | None:
        found = self._mongo["state"].find_one({"_id": "seal_key"})
        return None if found is None else {name: value for name, value in found.items() if name != "_id"}

    # -- copies -------------------------------------------------------------------------------------------------------

    def copies(self, days: Iterable[str]) -> dict[str, Doc]:
        """By day: `folder` and `webhook`, each {"at": when it arrived} or {"tries", "next_at", "fault"}."""
        found = self._mongo["seal_copies"].find({"_id": {"$in": list(days)}})
        return {str(doc["_id"]): doc for doc in found}

    def uncopied(self, place: str, now: datetime, limit: int) -> list[str]:
        """The days of seals that did not arrive at `place` and are due, the oldest first."""
        done = self._mongo["seal_copies"].find(
            {"$or": [{f"{place}.at": {"$exists": True}}, {f"{place}.next_at": {"$gt": now}}]}, {"_id": 1}
        )
        settled = {doc["_id"] for doc in done}
        days = (doc["_id"] for doc in self._seals.find({}, {"_id": 1}).sort("_id", 1))
        return [day for day in days if day not in settled][:limit]

    def copied(self, day: str, place: str, state: dict[str, Any]) -> None:
        self._mongo["seal_copies"].update_one({"_id": day}, {"$set": {place: state}}, upsert=True)
