"""The ledger of what platforms posted: each event once, sealed until it is handled, then only its ids remain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from pymongo import ASCENDING
from pymongo.errors import BulkWriteError

from bot.masking.destroy import destroy
from bot.model import Inbound, Kind, Profile
from bot.mongo import Doc, Mongo, Session
from bot.vault import INTAKE, Vault

NEW = "new"
DONE = "done"
DUPLICATE_KEY = 11000
ORDER = [("sent_at", ASCENDING), ("received_at", ASCENDING), ("n", ASCENDING), ("_id", ASCENDING)]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a webhook's events: `threads` to wake, how many were `new`, how many we had."""

    threads: tuple[str, ...]
    new: int
    known: int


@dataclass(frozen=True, slots=True)
class Pending:
    id: str
    thread: str
    delivered_at: datetime
    inbound: Inbound


def thread_of(vault: Vault, account_id: str, user_id: str) -> str:
    """The pseudonym under which jobs, locks and live channels speak of a user."""
    return hashlib.sha256(account_id.encode() + bytes(vault.blind(f"{account_id}\n{user_id}"))).hexdigest()[
        :32
    ]


class EventStore:
    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def record(self, inbounds: Sequence[Inbound]) -> Recorded:
        """Store what is new, majority and journalled. Raises PyMongoError when that is not certain."""
        if not inbounds:
            return Recorded((), 0, 0)
        now = datetime.now(UTC)
        docs = [self._doc(inbound, now, n) for n, inbound in enumerate(inbounds)]
        known: set[int] = set()
        try:
            self._mongo["events"].insert_many(docs, ordered=False)
        except BulkWriteError as error:
            faults = error.details["writeErrors"]
            if any(fault["code"] != DUPLICATE_KEY for fault in faults) or error.details["writeConcernErrors"]:
                raise
            known = {fault["index"] for fault in faults}
            # A redelivered reply token lives a minute from its redelivery.
            self._mongo["events"].update_many(
                {"_id": {"$in": [docs[index]["_id"] for index in known]}}, {"$max": {"delivered_at": now}}
            )
        threads = tuple(dict.fromkeys(doc["thread"] for doc in docs))
        return Recorded(threads, len(docs) - len(known), len(known))

    def _doc(self, inbound: Inbound, now: datetime, n: int) -> Doc:
        values = asdict(inbound)
        # Before the first write: a code or a password is not kept, not even sealed and not for a second.
        values["text"] = destroy(inbound.text) if inbound.text else inbound.text
        values["sent_at"] = inbound.sent_at.isoformat()
        return {
            "_id": f"{inbound.account_id}:{inbound.event_id}",
            "account": inbound.account_id,
            "thread": thread_of(self._vault, inbound.account_id, inbound.user_id),
            "kind": inbound.kind.value,
            "sent_at": inbound.sent_at,
            "received_at": now,
            "delivered_at": now,
            "n": n,
            "status": NEW,
            "payload": self._vault.seal(json.dumps(values), INTAKE),
        }

    def pending(self, thread: str, limit: int = 20) -> list[Pending]:
        """Oldest first by the platform's clock."""
        found = self._mongo["events"].find({"thread": thread, "status": NEW}).sort(ORDER).limit(limit)
        return [
            Pending(doc["_id"], thread, doc["delivered_at"], self._inbound(self._vault.open(doc["payload"])))
            for doc in found
        ]

    def has_pending(self, thread: str) -> bool:
        return self._mongo["events"].find_one({"thread": thread, "status": NEW}, {"_id": 1}) is not None

    def done(self, session: Session, event_ids: Sequence[str], turn: str) -> None:
        """Within the transaction that commits the decision: the event is consumed and its content dropped."""
        result = self._mongo["events"].update_many(
            {"_id": {"$in": list(event_ids)}, "status": NEW},
            {"$set": {"status": DONE, "turn": turn}, "$unset": {"payload": ""}},
            session=session,
        )
        if result.modified_count != len(event_ids):
            raise AlreadyDone

    def stuck(self, older_than: timedelta, limit: int = 500) -> list[str]:
        """Threads with an event pending longer than that."""
        cut = datetime.now(UTC) - older_than
        found = self._mongo["events"].aggregate(
            [
                {"$match": {"status": NEW, "received_at": {"$lt": cut}}},
                {"$group": {"_id": "$thread"}},
                {"$limit": limit},
            ]
        )
        return [doc["_id"] for doc in found]

    def oldest_pending_s(self) -> float:
        """Age in seconds of the oldest event not handled yet, 0 where there is none."""
        doc = self._mongo["events"].find_one({"status": NEW}, {"received_at": 1}, sort=[("received_at", 1)])
        return (datetime.now(UTC) - doc["received_at"]).total_seconds() if doc else 0.0

    @staticmethod
    def _inbound(payload: str) -> Inbound:
        values = json.loads(payload)
        values["kind"] = Kind(values["kind"])
        values["sent_at"] = datetime.fromisoformat(values["sent_at"])
        if values["profile"] is not None:
            values["profile"] = Profile(**values["profile"])
        return Inbound(**values)


class AlreadyDone(Exception):
    """Another holder of the lease has consumed the event: drop this attempt."""
