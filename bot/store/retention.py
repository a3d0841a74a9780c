"""What the firm stated of a customer's relationship, who is restricted, and what their clocks run from: `retention`.

One document an identity: {relationship: open, ended or none, ended_at, product_until, stated_by, stated_at,
restricted: {at, by, basis, case}, threads: [{thread, at}] it was parted from, purge: the certificate that erases it,
rev: rises with every change, so that two changes at once conflict}.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from bot.errors import Conflict
from bot.mongo import Doc, Mongo, Session
from bot.store.reading import COMPLAINT
from bot.store.records import whole_ms
from bot.store.threads import NEVER

OPEN, ENDED, NONE = "open", "ended", "none"
BY = "system:retention"
BEING_ERASED = "This customer's records are being erased already."


@dataclass(frozen=True, slots=True)
class Statement:
    """The last statement of the firm about one identity; `relationship` None where there is none."""

    customer: str
    relationship: str | None
    ended_at: datetime | None
    product_until: datetime | None
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class Restriction:
    customer: str
    at: datetime
    by: str
    basis: str = field(repr=False)
    case: str | None


class RetentionStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def known(self, customer_id: str, session: Session | None = None) -> bool:
        return (
            self._mongo["customers"].find_one({"_id": customer_id}, {"_id": 1}, session=session) is not None
        )

    def conversations(self, members: Sequence[str], session: Session | None = None) -> list[str]:
        query = {"customer": {"$in": list(members)}}
        return [doc["_id"] for doc in self._mongo["conversations"].find(query, {"_id": 1}, session=session)]

    def latest(self, members: Sequence[str], session: Session | None = None) -> dict[str, datetime]:
        """Class of record -> when the last of it was written. A customer without any counts from their making."""
        ids = {"$in": list(members)}
        talks = {"$in": self.conversations(members, session)}
        queries: dict[str, Doc] = {
            "messages": {"customer": ids},
            "customer_notes": {"customer": ids},
            "files": {"customer": ids},
            "notes": {"conversation": talks},
            "ratings": {"_id": talks},
        }
        found: dict[str, datetime] = {}
        for name, query in queries.items():
            last = self._mongo[name].find_one(query, {"at": 1}, sort=[("at", -1)], session=session)
            if last is not None:
                found[name] = last["at"]
        if "messages" not in found:
            made = self._mongo["customers"].find({"_id": ids}, {"created_at": 1}, session=session)
            times = [doc["created_at"] for doc in made if doc.get("created_at")]
            found["messages"] = max(times) if times else datetime.now(UTC)
        return found

    def complaints(self, members: Sequence[str]) -> list[tuple[str, datetime | None]]:
        """(conversation, when it was closed or None) of those handed over as complaints."""
        query = {"customer": {"$in": list(members)}, "skill": COMPLAINT}
        found = self._mongo["conversations"].find(query, {"open": 1, "resolved_at": 1, "last_at": 1})
        return [
            (doc["_id"], None if doc["open"] else doc.get("resolved_at") or doc["last_at"]) for doc in found
        ]

    # -- statements ------------------------------------------------------------------------------------------------

    def stated(self, members: Sequence[str], session: Session | None = None) -> list[Statement]:
        query = {"_id": {"$in": list(members)}, "relationship": {"$exists": True}}
        return [_statement(doc) for doc in self._mongo["retention"].find(query, session=session)]

    def state(
        self,
        session: Session,
        customer_id: str,
        relationship: str,
        ended_at: datetime | None,
        product_until: datetime | None,
        by: str,
    ) -> None:
        """The next statement; it takes the place of the last, and the audit log has both."""
        self.touch(session, [customer_id])
        said = {
            "relationship": relationship,
            "ended_at": ended_at,
            "product_until": product_until,
            "stated_by": by,
            "stated_at": whole_ms(datetime.now(UTC)),
        }
        self._mongo["retention"].update_one({"_id": customer_id}, {"$set": said}, session=session)

    def ended(self) -> Iterator[str]:
        """Identities whose relationship was stated to be over and which are not erased: only theirs can run out."""
        query = {"relationship": {"$in": [ENDED, NONE]}, "erased": {"$exists": False}}
        for doc in self._mongo["retention"].find(query, {"_id": 1}).sort("_id", 1):
            yield doc["_id"]

    def touch(self, session: Session, members: Sequence[str]) -> None:
        """Two changes of one customer at once conflict. Raises Conflict where the records are being erased."""
        for member in members:
            doc = self._mongo["retention"].find_one_and_update(
                {"_id": member}, {"$inc": {"rev": 1}}, upsert=True, session=session
            )
            if doc is not None and doc.get("purge"):
                raise Conflict(BEING_ERASED)

    def claim_week(self, now: datetime, every: timedelta) -> bool:
        """Whether this process does what is done once in `every`: of several clocks one does."""
        try:
            done = self._mongo["state"].update_one(
                {"_id": "purge", "at": {"$lte": now - every}}, {"$set": {"at": now}}, upsert=True
            )
        except DuplicateKeyError:
            return False
        return bool(done.matched_count or done.upserted_id)

    # -- restriction -----------------------------------------------------------------------------------------------

    def restrict(
        self, session: Session, members: Sequence[str], by: str, basis: str, case: str | None, now: datetime
    ) -> list[str]:
        """Hide these identities and all their conversations; which of them were not before."""
        self.touch(session, members)
        query = {"_id": {"$in": list(members)}, "restricted": {"$exists": True}}
        before = {doc["_id"] for doc in self._mongo["retention"].find(query, {"_id": 1}, session=session)}
        fresh = [member for member in members if member not in before]
        mark = {"at": whole_ms(now), "by": by, "basis": basis, "case": case}
        for member in fresh:
            self._mongo["retention"].update_one(
                {"_id": member}, {"$set": {"restricted": mark}}, session=session
            )
        self.hide(session, members, now)
        return fresh

    def hide(self, session: Session, members: Sequence[str], now: datetime) -> None:
        """Set the mark that the stores' queries look at, and part the identities from their threads."""
        ids, hidden = {"$in": list(members)}, {"$set": {"restricted": True}}
        talks = {"$in": self.conversations(members, session)}
        self._part(session, ids, now)
        self._mongo["customers"].update_many({"_id": ids}, hidden, session=session)
        self._mongo["conversations"].update_many({"customer": ids}, hidden, session=session)
        ended = {"status": "resolved", "open": False, "resolved_at": whole_ms(now), "resolved_by": BY}
        self._mongo["conversations"].update_many(
            {"customer": ids, "open": True}, {"$set": ended}, session=session
        )
        self._mongo["ratings"].update_many({"_id": talks}, hidden, session=session)
        self._mongo["labels"].update_many({"conversation": talks}, hidden, session=session)
        self._mongo["link_tokens"].delete_many({"customer": ids}, session=session)

    def _part(self, session: Session, ids: Doc, now: datetime) -> None:
        """Whoever writes on the thread from here on is a new identity; a turn under way is decided again."""
        for thread in self._mongo["threads"].find(
            {"customer": ids}, {"customer": 1, "pos": 1}, session=session
        ):
            left = {"thread": thread["_id"], "at": whole_ms(now)}
            self._mongo["retention"].update_one(
                {"_id": thread["customer"]}, {"$push": {"threads": left}}, upsert=True, session=session
            )
            gone = dict.fromkeys(
                ("customer", "greeted", "locale", "language", "profile_at", "profile_tried_at"), ""
            )
            kept: dict[str, Any] = {"hidden_pos": thread.get("pos", 0), "lease_until": NEVER, "fence": 0}
            self._mongo["threads"].update_one(
                {"_id": thread["_id"]}, {"$unset": gone, "$set": kept}, session=session
            )

    def restrictions(self, limit: int = 200) -> list[Restriction]:
        """Those that stand, the latest first; the erased are in the certificates."""
        query = {"restricted": {"$exists": True}, "erased": {"$exists": False}}
        found = self._mongo["retention"].find(query).sort("restricted.at", -1).limit(limit)
        return [_restriction(doc) for doc in found]

    def restricted(self, members: Iterable[str]) -> set[str]:
        query = {"_id": {"$in": list(members)}, "restricted": {"$exists": True}}
        return {doc["_id"] for doc in self._mongo["retention"].find(query, {"_id": 1})}


def _statement(doc: Doc) -> Statement:
    return Statement(
        doc["_id"], doc["relationship"], doc.get("ended_at"), doc.get("product_until"), doc["stated_at"]
    )


def _restriction(doc: Doc) -> Restriction:
    mark = doc["restricted"]
    return Restriction(doc["_id"], mark["at"], mark["by"], mark["basis"], mark["case"])
