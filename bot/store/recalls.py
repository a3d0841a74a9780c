"""Recalls and the corrections they ask of people: one `recalls` document an article, one `corrections` document for
each conversation in which it was said. Ids and figures only; the words stay in `messages`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import DESCENDING, UpdateOne
from pymongo.errors import DuplicateKeyError

from bot.mongo import Doc, Mongo, Session

BATCH = 500
OPEN = "open"
CLOSED = ("done", "not_needed")
SETTLES = timedelta(minutes=10)
"""So long an answer decided before a recall may still be committed after it."""
OpenElsewhere = DuplicateKeyError
"""Raised by a write that would make a second open conversation in a thread."""

_RECEIVED = {"customer": 1, "conversation": 1, "thread": 1, "approved": 1, "at": 1}


class RecallStore:
    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    # -- who received it ------------------------------------------------------------------------------------------

    def received(
        self, article: str, versions: Sequence[int], since: datetime | None = None
    ) -> Iterator[list[Doc]]:
        """Batches of {message, customer, conversation, thread, channel, version, at}, by version and time."""
        # The first condition says what the second implies: it lets MongoDB use the partial index.
        said = {"kind": "article", "id": article, "version": {"$in": list(versions)}}
        query: Doc = {"approved.kind": "article", "approved": {"$elemMatch": said}}
        if since is not None:
            query["at"] = {"$gte": since}
        batch: list[Doc] = []
        for found in self._mongo["messages"].find(query, _RECEIVED, batch_size=BATCH):
            batch += [
                {
                    "message": found["_id"],
                    "customer": found["customer"],
                    "conversation": found["conversation"],
                    "thread": found["thread"],
                    "at": found["at"],
                    "version": one["version"],
                }
                for one in found["approved"]
                if one["kind"] == "article" and one["id"] == article and one["version"] in versions
            ]
            if len(batch) >= BATCH:
                yield self._with_channel(batch)
                batch = []
        if batch:
            yield self._with_channel(batch)

    def _with_channel(self, batch: list[Doc]) -> list[Doc]:
        wanted = {"_id": {"$in": list({one["conversation"] for one in batch})}}
        channels = {
            doc["_id"]: doc["channel"] for doc in self._mongo["conversations"].find(wanted, {"channel": 1})
        }
        return [{**one, "channel": channels.get(one["conversation"], "")} for one in batch]

    # -- recalls --------------------------------------------------------------------------------------------------

    def begin(self, article: str, versions: Sequence[int], call: Doc, session: Session) -> None:
        """`call` is {at, by, reason, versions}; an article recalled again has one more of them."""
        self._mongo["recalls"].update_one(
            {"_id": article},
            {
                "$addToSet": {"versions": {"$each": list(versions)}},
                "$push": {"calls": call},
                "$set": {"at": call["at"], "listed": False},
            },
            upsert=True,
            session=session,
        )

    def listed(self, article: str, at: datetime) -> None:
        """Everybody is listed, unless somebody recalled it once more meanwhile."""
        self._mongo["recalls"].update_one({"_id": article, "at": at}, {"$set": {"listed": True}})

    def unsettled(self, since: datetime) -> list[Doc]:
        """Recalls not listed to the end, or so young that an answer decided before may still come out."""
        query = {"$or": [{"listed": False}, {"at": {"$gte": since}}]}
        return list(self._mongo["recalls"].find(query))

    def recall(self, article: str) -> Doc | None:
        return self._mongo["recalls"].find_one({"_id": article})

    def recalls(self, limit: int) -> list[Doc]:
        return list(self._mongo["recalls"].find().sort("at", DESCENDING).limit(limit))

    def counts(self, article: str) -> dict[str, int]:
        """Corrections by state."""
        grouped = self._mongo["corrections"].aggregate(
            [{"$match": {"recall": article}}, {"$group": {"_id": "$state", "n": {"$sum": 1}}}]
        )
        return {doc["_id"]: int(doc["n"]) for doc in grouped}

    # -- corrections ----------------------------------------------------------------------------------------------

    def queue(self, article: str, received: Iterable[Doc]) -> None:
        """One correction a conversation; one that was closed opens again where more was said than it corrected."""
        writes: list[UpdateOne] = []
        for one in received:
            name = f"{article}:{one['conversation']}"
            what = {key: one[key] for key in ("message", "at")}
            who = {key: one[key] for key in ("customer", "conversation", "thread", "channel")}
            fresh = {**who, **what, "recall": article, "versions": [one["version"]], "state": OPEN}
            more = [{"versions": {"$ne": one["version"]}}, {"at": {"$lt": one["at"]}}]
            writes += [
                UpdateOne({"_id": name}, {"$setOnInsert": {**fresh, "by": None, "closed_at": None}}, True),
                UpdateOne(
                    {"_id": name, "$or": more},
                    {
                        "$addToSet": {"versions": one["version"]},
                        "$max": {"at": one["at"]},
                        "$set": {"message": one["message"], "state": OPEN, "by": None, "closed_at": None},
                    },
                ),
            ]
        if writes:
            self._mongo["corrections"].bulk_write(writes, ordered=True)

    def corrections(self, article: str, state: str, limit: int, after: str = "") -> list[Doc]:
        query = {"recall": article, "state": state, "_id": {"$gt": after}}
        return list(self._mongo["corrections"].find(query).sort("_id", 1).limit(limit))

    def correction(self, correction_id: str) -> Doc | None:
        return self._mongo["corrections"].find_one({"_id": correction_id})

    def close(self, correction_id: str, state: str, by: str, at: datetime, session: Session) -> bool:
        """Whether it was open."""
        closed: dict[str, Any] = {"state": state, "by": by, "closed_at": at}
        done = self._mongo["corrections"].update_one(
            {"_id": correction_id, "state": OPEN}, {"$set": closed}, session=session
        )
        return bool(done.matched_count)

    # -- the conversation to correct it in ------------------------------------------------------------------------

    def where(self, correction: Doc, may: Doc, session: Session | None = None) -> Doc | None:
        """The customer's open conversation in that thread, else the one in which it was said; None if not theirs."""
        conversations = self._mongo["conversations"]
        current = conversations.find_one({"thread": correction["thread"], "open": True}, session=session)
        target = current["_id"] if current else correction["conversation"]
        return conversations.find_one({"_id": target, **may}, session=session)
