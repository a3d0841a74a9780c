"""The weekly audit: draws (`audit_weeks`), what they drew from (`audit_populations`), replies to read (`audit_items`).

No customer is named in them: an item names a message and its conversation, whose words stay under the customer's key.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bson.binary import Binary
from pymongo import DESCENDING
from pymongo.errors import DuplicateKeyError

from bot.mongo import Doc, Mongo, Session
from bot.store.restricted import of_others

PAGE = 2000
PART = 1_000_000
"""Bytes of a population in one document, before it is packed."""
COMMITTED, DRAWN, SIGNED = "committed", "drawn", "signed"
OPEN, DISPUTED, SETTLED = "open", "disputed", "settled"

Known = DuplicateKeyError
"""Raised by a write that would make a second one of the same id."""


class QualityStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    # -- what was said ------------------------------------------------------------------------------------------------

    def lines(self, first: str, end: str) -> Iterator[Doc]:
        """Lines of customers and bot with `first` <= _id < `end`, by `_id`, without their words; of no customer whose
        data is restricted. By pages: a week takes longer than one read may."""
        fields = dict.fromkeys(
            ("author", "conversation", "approved", "decision.decision", "decision.reason"), 1
        )
        fields |= {"decision.trace.confidence": 1}
        others = of_others(self._mongo)
        low: Doc = {"$gte": first}
        while True:
            query = {"_id": {**low, "$lt": end}, "author": {"$in": ["customer", "bot"]}, **others}
            page = list(self._mongo["messages"].find(query, fields).sort("_id", 1).limit(PAGE))
            yield from page
            if len(page) < PAGE:
                return
            low = {"$gt": page[-1]["_id"]}

    def places(self, conversations: Sequence[str]) -> dict[str, Doc]:
        """By conversation: `channel` and `account`."""
        found: dict[str, Doc] = {}
        for at in range(0, len(conversations), PAGE):
            query = {"_id": {"$in": list(conversations[at : at + PAGE])}}
            rows = self._mongo["conversations"].find(query, {"channel": 1, "account": 1, "skill": 1})
            found |= {doc["_id"]: doc for doc in rows}
        return found

    def restricted(self, conversations: Sequence[str]) -> set[str]:
        """Those of customers whose data is restricted: hidden from reviewers since the draw."""
        query = {"_id": {"$in": list(conversations)}, "restricted": True}
        return {doc["_id"] for doc in self._mongo["conversations"].find(query, {"_id": 1})}

    def messages(self, ids: Sequence[str]) -> dict[str, Doc]:
        found = self._mongo["messages"].find({"_id": {"$in": list(ids)}})
        return {doc["_id"]: doc for doc in found}

    def around(self, conversation: str, seq: int, before: int, after: int) -> list[Doc]:
        """The lines beside one, in order, itself included."""
        span = {"$gte": seq - before, "$lte": seq + after}
        found = self._mongo["messages"].find({"conversation": conversation, "seq": span})
        return list(found.sort("seq", 1))

    # -- draws --------------------------------------------------------------------------------------------------------

    def week(self, draw: str, session: Session | None = None) -> Doc | None:
        return self._mongo["audit_weeks"].find_one({"_id": draw}, session=session)

    def add_week(self, week: Mapping[str, Any], session: Session) -> None:
        """Raises Known."""
        self._mongo["audit_weeks"].insert_one(dict(week), session=session)

    def change_week(self, draw: str, state: str, fields: Mapping[str, Any], session: Session) -> bool:
        """False where it is not in that state any more."""
        query = {"_id": draw, "state": state}
        change = {"$set": dict(fields)}
        return bool(self._mongo["audit_weeks"].update_one(query, change, session=session).matched_count)

    def undrawn(self) -> list[Doc]:
        return list(self._mongo["audit_weeks"].find({"state": COMMITTED}).sort("_id", 1))

    def draws(self, limit: int, kind: str | None = None) -> list[Doc]:
        """Those that were drawn, the newest first."""
        query: Doc = {"state": {"$in": [DRAWN, SIGNED]}, **({"kind": kind} if kind else {})}
        return list(self._mongo["audit_weeks"].find(query).sort("drawn_at", DESCENDING).limit(limit))

    def keep_population(self, digest: str, written: bytes) -> None:
        """Before the draw that names it; the same population twice is one."""
        for n, at in enumerate(range(0, max(1, len(written)), PART)):
            doc = {"digest": digest, "part": Binary(zlib.compress(written[at : at + PART]))}
            self._mongo["audit_populations"].replace_one({"_id": f"{digest}/{n:05}"}, doc, upsert=True)

    def population(self, digest: str) -> bytes:
        """Its lines; empty where there is none."""
        span = {"$gte": f"{digest}/", "$lt": f"{digest}0"}
        found = self._mongo["audit_populations"].find({"_id": span}).sort("_id", 1)
        return b"".join(zlib.decompress(doc["part"]) for doc in found)

    # -- replies to read ----------------------------------------------------------------------------------------------

    def add_items(self, items: Iterable[Mapping[str, Any]], session: Session) -> None:
        if docs := [dict(one) for one in items]:
            self._mongo["audit_items"].insert_many(docs, session=session)

    def item(self, item_id: str, session: Session | None = None) -> Doc | None:
        return self._mongo["audit_items"].find_one({"_id": item_id}, session=session)

    def items(self, draw: str) -> list[Doc]:
        """In order."""
        return list(self._mongo["audit_items"].find({"draw": draw}).sort("n", 1))

    def open_for(self, draw: str, staff: str) -> list[Doc]:
        """Those that somebody has still to read and this person has not."""
        query = {"draw": draw, "state": OPEN, "reviews.by": {"$ne": staff}}
        return list(self._mongo["audit_items"].find(query).sort("n", 1))

    def change_item(
        self, item_id: str, state: str, reviews: int, change: Mapping[str, Any], session: Session
    ) -> bool:
        """False where somebody was quicker: another state, or another number of reviews."""
        query = {"_id": item_id, "state": state, "reviews": {"$size": reviews}}
        return bool(self._mongo["audit_items"].update_one(query, dict(change), session=session).matched_count)

    def change_finding(
        self, item_id: str, where: Mapping[str, Any], fields: Mapping[str, Any], session: Session
    ) -> bool:
        """False where the finding is not so any more."""
        query = {"_id": item_id, **{f"finding.{name}": value for name, value in where.items()}}
        change = {"$set": {f"finding.{name}": value for name, value in fields.items()}}
        return bool(self._mongo["audit_items"].update_one(query, change, session=session).matched_count)

    def findings(self, state: str | None, limit: int, owner: str | None = None) -> list[Doc]:
        """The first due first."""
        query: Doc = {"finding.state": state} if state else {"finding": {"$exists": True}}
        if owner is not None:
            query["finding.owner"] = owner
        return list(self._mongo["audit_items"].find(query).sort("finding.due", 1).limit(limit))
