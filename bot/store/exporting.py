"""What goes into an examiner's pack, read as streams: whole conversations, notes, the audit log, seals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pymongo.read_concern import ReadConcern

from bot.mongo import Doc, Mongo
from bot.store.links import identities

BATCH = 200


class ExportStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def touched(
        self, since: datetime, until: datetime, customers: Sequence[str], conversation: str | None
    ) -> Iterator[list[str]]:
        """The ids of the conversations in which something was said from `since` on and before `until`, in order, BATCH
        at a time; of these customers or that conversation only, where they are named."""
        query: Doc = {"at": {"$gte": since, "$lt": until}}
        if customers:
            query["customer"] = {"$in": list(customers)}
        if conversation:
            query["conversation"] = conversation
        steps = [{"$match": query}, {"$group": {"_id": "$conversation"}}, {"$sort": {"_id": 1}}]
        found = self._mongo["messages"].aggregate(steps, allowDiskUse=True, batchSize=5000)
        some: list[str] = []
        for doc in found:
            some.append(str(doc["_id"]))
            if len(some) == BATCH:
                yield some
                some = []
        if some:
            yield some

    def members(self, customer_id: str) -> list[str]:
        """All identities of the person; that id alone where nobody has it, for none at all would mean everybody."""
        return identities(self._mongo, customer_id) or [customer_id]

    def conversations(self, ids: Sequence[str]) -> dict[str, Doc]:
        return {doc["_id"]: doc for doc in self._mongo["conversations"].find({"_id": {"$in": list(ids)}})}

    def lines(self, collection: str, conversations: Sequence[str]) -> Iterator[Doc]:
        """`messages` or `notes` of whole conversations, in the order of conversation and number."""
        kept = self._mongo[collection].with_options(read_concern=ReadConcern("majority"))
        found = kept.find({"conversation": {"$in": list(conversations)}})
        return iter(found.sort([("conversation", 1), ("seq", 1)]).batch_size(1000))

    def accounts(self) -> dict[str, str]:
        return {doc["_id"]: doc["name"] for doc in self._mongo["accounts"].find({}, {"name": 1})}

    def names(self, customers: Sequence[str]) -> dict[str, bytes]:
        """Sealed."""
        query = {"_id": {"$in": list(customers)}, "name": {"$ne": None}}
        return {doc["_id"]: doc["name"] for doc in self._mongo["customers"].find(query, {"name": 1})}

    def log(self, since: datetime, until: datetime) -> Iterator[Doc]:
        """The audit log of a time, in order of its numbers, without a gap."""
        at = {"at": {"$gte": since, "$lt": until}}
        first = self._mongo["audit"].find_one(at, {"seq": 1}, sort=[("at", 1), ("seq", 1)])
        last = self._mongo["audit"].find_one(at, {"seq": 1}, sort=[("at", -1), ("seq", -1)])
        if first is None or last is None:
            return iter(())
        between = {"seq": {"$gte": first["seq"], "$lte": last["seq"]}}
        return iter(self._mongo["audit"].find(between).sort("seq", 1).batch_size(1000))

    def about(self, customers: Sequence[str], conversation: str | None) -> Iterator[Doc]:
        """Who saw or changed what of these customers, or of that conversation, whenever it was."""
        query: Doc = {"customers": {"$in": list(customers)}}
        if conversation:
            query = {"$or": [{"subject": f"conversation:{conversation}"}, {"shown": conversation}]}
        return iter(self._mongo["audit"].find(query).sort("seq", 1).batch_size(1000))

    def content(self, keys: Sequence[str]) -> Iterator[Doc]:
        """Versions of articles and notices by `kind:id@version`."""
        for n in range(0, len(keys), 500):
            yield from self._mongo["content"].find({"_id": {"$in": list(keys[n : n + 500])}}).sort("_id", 1)

    def case(self, case_id: str) -> Doc | None:
        return self._mongo["cases"].find_one({"_id": case_id})

    def history(self, case_id: str) -> Iterator[Doc]:
        """A case's, in order."""
        return iter(self._mongo["case_events"].find({"case": case_id}).sort("seq", 1))

    def staff(self) -> Iterator[Doc]:
        return iter(self._mongo["staff"].find({}, {"name": 1, "role": 1, "active": 1}).sort("_id", 1))

    def size(self, since: datetime, until: datetime, query: dict[str, Any]) -> int:
        """About how many messages were said in that time."""
        return int(self._mongo["messages"].count_documents({"at": {"$gte": since, "$lt": until}, **query}))
