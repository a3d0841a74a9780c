"""Threads: one identity (a user id on one channel account) and the lease under which it is handled in order."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from bot.mongo import Doc, Mongo, Session

LEASE = timedelta(seconds=6)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lease:
    """`fence` rises with every holder: a write that cites an older one is refused.

    `known` is the thread as it was when the lease was taken; only the first turn may rely on it.
    """

    thread: str
    fence: int
    known: Doc | None = field(default=None, compare=False, repr=False)


class ThreadStore:
    """Leases are not journalled: one that a crash undoes is nobody's, and the next holder's fence is another."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def acquire(self, thread: str) -> Lease | None:
        """The lease, or None while somebody else holds it."""
        now, fence = datetime.now(UTC), time.time_ns()
        try:
            known = self._mongo.light("threads").find_one_and_update(
                {"_id": thread, "lease_until": {"$lt": now}},
                {"$set": {"lease_until": now + LEASE, "fence": fence}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:
            return None
        return Lease(thread, fence, known)

    def settle_in(self, session: Session, lease: Lease, place: Doc) -> None:
        """Say whose thread this is before it has any message. Raises LookupError where the lease was lost."""
        query = {"_id": lease.thread, "fence": lease.fence, "customer": {"$exists": False}}
        done = self._mongo["threads"].update_one(query, {"$set": place}, session=session)
        if not done.matched_count:
            raise LookupError(lease.thread)

    def renew(self, leases: list[Lease]) -> None:
        until = datetime.now(UTC) + LEASE
        for lease in leases:
            self._mongo.light("threads").update_one(
                {"_id": lease.thread, "fence": lease.fence}, {"$set": {"lease_until": until}}
            )

    def release(self, lease: Lease, *, delivered: bool) -> None:
        """`delivered`: nothing is left to send, so the next answer overtakes nothing when it goes out directly."""
        # Without the fence a renewal that was on its way finds nothing to renew: nobody would let go of it.
        changes: Doc = {"lease_until": NEVER, "fence": 0}
        if delivered:
            changes["undelivered"] = False
        self._mongo.light("threads").update_one(
            {"_id": lease.thread, "fence": lease.fence}, {"$set": changes}
        )

    def holds(self, lease: Lease) -> bool:
        found = self._mongo["threads"].find_one({"_id": lease.thread, "fence": lease.fence}, {"_id": 1})
        return found is not None

    def free(self, threads: list[str]) -> list[str]:
        """Those of `threads` that nobody holds at this moment."""
        held = self._mongo["threads"].find(
            {"_id": {"$in": threads}, "lease_until": {"$gte": datetime.now(UTC)}}, {"_id": 1}
        )
        busy = {doc["_id"] for doc in held}
        return [thread for thread in threads if thread not in busy]

    def get(self, thread: str) -> Doc | None:
        return self._mongo["threads"].find_one({"_id": thread})

    def set_profile(self, thread: str, *, fetched: bool, language: str | None = None) -> None:
        """That the profile was asked for; a failed attempt may be repeated after an hour."""
        now = datetime.now(UTC)
        changes: Doc = {"profile_tried_at": now}
        if fetched:
            changes |= {"profile_at": now, "language": language}
        self._mongo.light("threads").update_one({"_id": thread}, {"$set": changes})
