"""Labelled traffic and what it has earned: `labels` (ids and figures, no customer text) and the state in `auto_answer`.

A label names a message; what the customer wrote stays there, under the customer's key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo
from pymongo import ReplaceOne, UpdateOne

from bot.mongo import Doc, Mongo, Session
from bot.store.restricted import UNRESTRICTED, of_others

FIRM = "firm"
READ_UP_TO = "read_up_to"
OVERLAP = timedelta(minutes=5)
"""A turn commits after it was decided, and clocks differ: what was read so lately is read again."""
LONG_S = 60.0
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_DECISION = {"conversation": 1, "seq": 1, "author": 1, "decision": 1}


class LabelStore:
    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    # -- the record, as far as labels need it ---------------------------------------------------------------------

    def choices(self) -> Iterator[Doc]:
        """Lines on which a button decided, since shortly before `read_up_to`, in order; without their text."""
        known = self._mongo["auto_answer"].find_one({"_id": READ_UP_TO})
        since = known["at"] - OVERLAP if known else EPOCH
        query = {"decision.handler": "choice", "decision.at": {"$gte": since}, **of_others(self._mongo)}
        return iter(self._mongo["messages"].find(query, _DECISION).sort("decision.at", 1))

    def read_up_to(self, at: datetime) -> None:
        self._mongo["auto_answer"].update_one({"_id": READ_UP_TO}, {"$max": {"at": at}}, upsert=True)

    def message(self, message_id: str) -> Doc | None:
        return self._mongo["messages"].find_one({"_id": message_id}, _DECISION)

    def decided_before(self, conversation_id: str, seq: int) -> Doc | None:
        """The line with the last decision before `seq` that was more than silence."""
        query = {
            "conversation": conversation_id,
            "seq": {"$lt": seq},
            "decision.decision": {"$in": ["Reply", "HandOff"]},
        }
        return self._mongo["messages"].find_one(query, _DECISION, sort=[("seq", -1)])

    # -- labels ---------------------------------------------------------------------------------------------------

    def known(self, ids: Iterable[str]) -> set[str]:
        found = self._mongo["labels"].find({"_id": {"$in": list(ids)}}, {"_id": 1})
        return {doc["_id"] for doc in found}

    def add(self, labels: Sequence[Doc]) -> int:
        """Those that are new; how many. The same label twice is one."""
        if not labels:
            return 0
        writes = [
            UpdateOne(
                {"_id": one["_id"]},
                {"$setOnInsert": {k: v for k, v in one.items() if k != "_id"}},
                upsert=True,
            )
            for one in labels
        ]
        return int(self._mongo["labels"].bulk_write(writes, ordered=False).upserted_count)

    def put(self, label: Doc, session: Session) -> None:
        """A review; a later one of the same question takes its place, and the audit log has both."""
        self._mongo["labels"].bulk_write(
            [ReplaceOne({"_id": label["_id"]}, label, upsert=True)], session=session
        )

    def counting(self, since: datetime) -> list[Doc]:
        """The labels of that time that say something about a direct answer; a year of them may take a while."""
        wanted = dict.fromkeys(("question", "product_class", "confidence", "right", "source", "at"), 1)
        asked = {"direct": True, "asked_at": {"$gte": since}, **UNRESTRICTED}
        with pymongo.timeout(LONG_S):
            return list(self._mongo["labels"].find(asked, wanted))

    # -- the state ------------------------------------------------------------------------------------------------

    def state(self, session: Session | None = None) -> Doc | None:
        """Raises PyMongoError. One read by key."""
        return self._mongo["auto_answer"].find_one({"_id": FIRM}, session=session)

    def write_state(self, revision: int, fields: dict[str, Any], session: Session) -> bool:
        """The next state, if the one it was made from is still `revision` (0: none yet)."""
        after = {**fields, "revision": revision + 1}
        states = self._mongo["auto_answer"]
        if revision:
            known = {"_id": FIRM, "revision": revision}
            return bool(states.update_one(known, {"$set": after}, session=session).matched_count)
        if self.state(session) is not None:
            return False
        states.insert_one({"_id": FIRM, **after}, session=session)
        return True
