"""The database as streams of BSON, at one moment, and back into an empty one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from bson import decode_all
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import ReplaceOne

from bot.errors import Conflict
from bot.mongo import Doc, Mongo

RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
BATCH = 1000
KEYS = "keys"
ERASURES = ("certificates", "retention", "holds")
"""What has been decided since; it goes with the keys, which are backed up more often than the data."""
LEFT_OUT = (KEYS, "sessions", "firm_locks")
"""Keys go into a file of their own; sign-ins and locks are not to come back."""
RESTORING = "restore"


class BackupStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def collections(self) -> list[str]:
        names = self._mongo.db.list_collection_names()
        return sorted(name for name in names if not name.startswith("system.") and name not in LEFT_OUT)

    def dump(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """(collection, concatenated BSON), all as of one moment: a snapshot read.

        Raises OperationFailure (SnapshotTooOld) where it takes longer than MongoDB keeps the moment, five minutes
        unless `minSnapshotHistoryWindowInSeconds` says more.
        """
        with self._mongo.client.start_session(snapshot=True) as session:
            for name in names:
                yield name, b""
                found: Any = self._mongo.db[name].find_raw_batches({}, batch_size=BATCH, session=session)
                for batch in found:
                    yield name, batch

    def begin_restore(self) -> None:
        """Raises Conflict where the database holds anything: nothing is ever restored over something."""
        if any(not name.startswith("system.") for name in self._mongo.db.list_collection_names()):
            raise Conflict("The database to restore into is not empty.")
        self._mongo["state"].insert_one({"_id": RESTORING, "at": datetime.now(UTC)})

    def load(self, name: str, batch: bytes) -> int:
        """Insert concatenated BSON; how many documents. `_id`s that are there already are replaced."""
        docs = decode_all(batch, RAW)
        if not docs:
            return 0
        target = self._mongo.db.get_collection(name, codec_options=RAW)
        if name in ERASURES or name == "state":
            target.bulk_write([ReplaceOne({"_id": doc["_id"]}, doc, upsert=True) for doc in docs])
        else:
            target.insert_many(docs, ordered=False)
        return len(docs)

    def certificates(self) -> list[Doc]:
        """Of customers, open ones too, the oldest first."""
        return list(self._mongo["certificates"].find({"kind": "customer"}).sort("begun_at", 1))

    def restricted(self) -> list[str]:
        query = {"restricted": {"$exists": True}, "erased": {"$exists": False}}
        return [doc["_id"] for doc in self._mongo["retention"].find(query, {"_id": 1})]

    def hidden(self) -> set[str]:
        return {doc["_id"] for doc in self._mongo["customers"].find({"restricted": True}, {"_id": 1})}

    def end_restore(self) -> None:
        self._mongo["state"].delete_one({"_id": RESTORING})

    def restoring(self) -> bool:
        """Whether a restore was begun here and has not ended: nothing may be opened yet."""
        found: Any = self._mongo["state"].find_one({"_id": RESTORING}, {"_id": 1})
        return found is not None
