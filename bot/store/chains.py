"""Reading every chain for verification: raw, in the order of an index, some at a time, each time as of one moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from bot.mongo import Doc, Mongo, Session

_READ: CodecOptions[Doc] = CodecOptions(tz_aware=True)
SPELLING: CodecOptions[Doc] = CodecOptions(
    tz_aware=True,
    unicode_decode_error_handler="replace",
    datetime_conversion=DatetimeConversion.DATETIME_MS,
)
"""Reads what somebody damaged as far as it can be read: a verification that breaks off names nothing."""
_RAW: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)
BEGUN, CERTIFICATE = "records:purge:begin", "records:purge:certificate"
"""The audit entries without which no record may have given up its ciphertexts; their subject is `certificate:<id>`. The
first names the customers; a purge at work has no other yet."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as it lies there. `doc` is None where its bytes are no document, and `same` is False where they say
    another type than Teller would write; `id`, `chain` and `seq` are as far as they can be made out."""

    doc: Doc | None = field(repr=False)
    same: bool
    id: Any
    chain: Any
    seq: Any


class ChainStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    @contextmanager
    def moment(self) -> Iterator[Session]:
        """What is read in it is as of one point in time, majority-committed; for less than five minutes."""
        with self._mongo.client.start_session(snapshot=True) as session:
            yield session

    def owners(self, collection: str, after: str, limit: int, session: Session) -> list[Doc]:
        """Conversations or customers by id: `seq` and `head_hash` of the messages, `notes` and `note_head`."""
        wanted = dict.fromkeys(("seq", "head_hash", "notes", "note_head"), 1)
        kept = self._mongo[collection].with_options(codec_options=SPELLING)
        found = kept.find({"_id": {"$gt": after}}, wanted, session=session)
        return list(found.sort("_id", 1).limit(limit))

    def lines(
        self, collection: str, owner: str, after: str, upto: str | None, session: Session
    ) -> Iterator[Stored]:
        """The records of the chains with `after` < id <= `upto` (None: all that follow), by chain and `seq`."""
        span = {"$gt": after} if upto is None else {"$gt": after, "$lte": upto}
        found = self._mongo[collection].with_options(codec_options=_RAW)
        cursor = found.find({owner: span}, session=session).sort([(owner, 1), ("seq", 1)])
        return (_stored(raw, owner) for raw in cursor.batch_size(1000))

    def log(self, after: int, limit: int) -> list[Stored]:
        """The next lines of the audit log by `seq`."""
        found = self._mongo["audit"].with_options(codec_options=_RAW)
        return [_stored(raw, "") for raw in found.find({"seq": {"$gt": after}}).sort("seq", 1).limit(limit)]

    def log_head(self) -> tuple[int, str | None]:
        """How far the audit log goes, and its last hash; None where the counter is from before hashes stood there."""
        found = self._mongo["counters"].find_one({"_id": "audit"}) or {}
        return int(found.get("seq", 0)), found.get("hash")

    def threads(self, after: str, limit: int, session: Session) -> list[tuple[str, int]]:
        """(id, how many messages were ever written), by id."""
        found = self._mongo["threads"].find({"_id": {"$gt": after}}, {"pos": 1}, session=session)
        return [(doc["_id"], int(doc.get("pos", 0))) for doc in found.sort("_id", 1).limit(limit)]

    def places(self, after: str, upto: str | None, session: Session) -> Iterator[tuple[str, int]]:
        """(thread, pos) of every message of those threads, in order; out of the index alone."""
        span = {"$gt": after} if upto is None else {"$gt": after, "$lte": upto}
        wanted = {"_id": 0, "thread": 1, "pos": 1}
        found = self._mongo["messages"].find({"thread": span}, wanted, session=session)
        ordered = found.sort([("thread", 1), ("pos", 1)]).batch_size(10_000)
        return ((doc["thread"], doc["pos"]) for doc in ordered)

    def certified(self, certificate: str, customer: str) -> bool:
        """Whether the audit log has it that this customer's records were destroyed under that certificate."""
        query = {"subject": f"certificate:{certificate}", "action": {"$in": [BEGUN, CERTIFICATE]}}
        kept = self._mongo["audit"].with_options(codec_options=SPELLING)
        found = list(kept.find(query, {"action": 1, "detail.customers": 1}))
        named = [doc["detail"].get("customers", []) for doc in found if doc["action"] == BEGUN]
        # After a restore the beginning may be lost; the list of erasures brought the end back.
        return any(customer in one for one in named) if named else bool(found)

    def sizes(self) -> dict[str, int]:
        """About how many records there are, by collection."""
        names = ("audit", "customer_notes", "messages", "notes")
        return {name: int(self._mongo[name].estimated_document_count()) for name in names}


def _stored(raw: Mapping[str, Any], owner: str) -> Stored:
    data = bytes(raw.raw)  # type: ignore[attr-defined]
    try:
        doc = bson.decode(data, _READ)
        return Stored(doc, bson.encode(doc) == data, doc.get("_id"), doc.get(owner), doc.get("seq"))
    except (BSONError, UnicodeDecodeError, OverflowError, ValueError):
        pass
    try:
        spelt = bson.decode(data, SPELLING)
    except (BSONError, UnicodeDecodeError, OverflowError, ValueError):
        spelt = {}
    return Stored(None, False, spelt.get("_id"), spelt.get(owner), spelt.get("seq"))
