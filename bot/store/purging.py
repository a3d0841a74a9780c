"""Destroying what is kept of a customer: keys, then data; records keep the digests that their chains are over.

Every step may run again: a purge that was killed in the middle is taken up by the next one with the same certificate.
What stays of a record is what its chain covers and no person is in: ids, times, whose line it was, which approved text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from bot.mongo import Doc, Mongo, Session
from bot.store.chain import DIGEST, PURGED, canonical
from bot.store.records import new_id, whole_ms
from bot.store.retention import RetentionStore
from bot.vault import KEYS, customer_key

BATCH = 500
SEALED = ("content", "masked")
CHAINED = ("messages", "notes", "customer_notes", "case_events")
_OF_CONVERSATION = dict.fromkeys(
    ("preview", "recent", "tags", "offer", "news", "reason", "snoozed_until", "unread_by"), ""
)
_OF_CUSTOMER = dict.fromkeys(
    ("name", "language", "verified_as", "verified_key", "verified", "tags", "risk"), ""
)
_OF_THREAD = dict.fromkeys(("user_id", "account", "channel", "language", "locale"), "")


class PurgeStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo, records: RetentionStore) -> None:
        self._mongo = mongo
        self._records = records

    # -- certificates ----------------------------------------------------------------------------------------------

    def begun(self, members: Sequence[str], session: Session | None = None) -> Doc | None:
        """The certificate under which these customers are being erased, where one is open."""
        query = {"state": "open", "customers": {"$in": list(members)}}
        return self._mongo["certificates"].find_one(query, session=session)

    def open(self) -> list[Doc]:
        return list(self._mongo["certificates"].find({"state": "open"}).sort("begun_at", 1))

    def certificates(self, limit: int) -> list[Doc]:
        """The latest first."""
        return list(self._mongo["certificates"].find().sort("begun_at", -1).limit(limit))

    def certificate(self, certificate_id: str, session: Session | None = None) -> Doc | None:
        return self._mongo["certificates"].find_one({"_id": certificate_id}, session=session)

    def begin(
        self, session: Session, members: Sequence[str], by: str, basis: str, case: str | None, now: datetime
    ) -> Doc:
        """Nothing is written under these customers from here on, and no hold comes between."""
        self._records.touch(session, members)
        doc = self._certificate("customer", by, basis, now)
        mark = {"$set": {"purge": doc["_id"]}}
        self._mongo["retention"].update_many({"_id": {"$in": list(members)}}, mark, session=session)
        self._records.hide(session, members, now)
        # Nobody is to send what nobody can read any more.
        talks = self._records.conversations(members, session)
        ended = {"open": False, "status": "failed", "error": "erased", "settled_at": whole_ms(now)}
        self._mongo["outbox"].update_many(
            {**_threads(list(self._parted(members, session))), "conversation": {"$in": talks}, "open": True},
            {"$set": {**ended, "attended": whole_ms(now)}},
            session=session,
        )
        # Parted from their threads by now, which says which events are theirs.
        doc |= {"customers": sorted(members), "case": case, "counts": self._counts(members, session)}
        self._mongo["certificates"].insert_one(doc, session=session)
        return doc

    def adopt(self, doc: Doc) -> None:
        """A certificate of before a restore: its customers are erased again. Safe to repeat."""
        again = {
            **{key: value for key, value in doc.items() if key not in ("_id", "sha256")},
            "state": "open",
        }
        self._mongo["certificates"].update_one({"_id": doc["_id"]}, {"$set": again}, upsert=True)

        def work(session: Session) -> None:
            for member in doc["customers"]:
                self._mongo["retention"].update_one(
                    {"_id": member}, {"$set": {"purge": doc["_id"]}}, upsert=True, session=session
                )
            self._records.hide(session, doc["customers"], doc["begun_at"])

        self._mongo.transaction(work)

    def finish(self, session: Session, doc: Doc, now: datetime) -> Doc:
        """The certificate as it stands from now on, with the digest that the audit log keeps."""
        done: Doc = {**doc, "state": "done", "done_at": doc.get("done_at") or whole_ms(now)}
        done.pop("sha256", None)
        done["sha256"] = digest(done)
        self._mongo["certificates"].replace_one({"_id": doc["_id"]}, done, upsert=True, session=session)
        if doc["kind"] != "customer":
            return done
        erased = {"$set": {"erased": doc["_id"]}, "$unset": {"restricted.basis": ""}}
        members = {"_id": {"$in": doc.get("customers", [])}}
        self._mongo["retention"].update_many(members, erased, session=session)
        return done

    @staticmethod
    def _certificate(kind: str, by: str, basis: str, now: datetime) -> Doc:
        return {
            "_id": new_id(),
            "kind": kind,
            "state": "open",
            "by": by,
            "basis": basis,
            "method": "data keys deleted; ciphertexts replaced by SHA-256 digests; other data deleted",
            "begun_at": whole_ms(now),
        }

    # -- one customer ----------------------------------------------------------------------------------------------

    def _counts(self, members: Sequence[str], session: Session | None = None) -> dict[str, int]:
        counts = {
            name: self._mongo[name].count_documents(query, session=session)
            for name, query in self._all(members, session)
        }
        counts["keys"] = self._mongo[KEYS].count_documents(_keys(members), session=session)
        counts["customers"] = len(members)
        return counts

    def left(self, members: Sequence[str]) -> int:
        """Documents that still hold something of them."""
        still = sum(
            self._mongo[name].count_documents({**query, PURGED: {"$exists": False}})
            for name, query in self._all(members)
        )
        return still + self._mongo[KEYS].count_documents(_keys(members))

    def _all(self, members: Sequence[str], session: Session | None = None) -> list[tuple[str, Doc]]:
        ids = {"$in": list(members)}
        talks = self._records.conversations(members, session)
        chained: list[tuple[str, Doc]] = [
            ("messages", {"customer": ids}),
            ("notes", {"conversation": {"$in": talks}}),
            ("customer_notes", {"customer": ids}),
            ("case_events", {"customer": ids}),
        ]
        return [*chained, *self._gone(members, talks, session)]

    def _gone(
        self, members: Sequence[str], talks: list[str], session: Session | None
    ) -> list[tuple[str, Doc]]:
        """What is deleted whole: nothing of it is chained."""
        ids, within = {"$in": list(members)}, {"$in": talks}
        lines = self._mongo["messages"].find({"customer": ids, "kind": "file"}, {"_id": 1}, session=session)
        files = {"$in": [doc["_id"] for doc in lines]}
        left = list(self._parted(members, session))
        events: list[Doc] = [{"thread": one["thread"], "received_at": {"$lte": one["at"]}} for one in left]
        tries = [f"tries:{one['thread']}" for one in left]
        return [
            ("files", {"customer": ids}),
            ("file_parts", {"file": files}),
            ("outbox", {"conversation": within, **_threads(left)}),
            ("events", {"$or": events} if events else {"_id": None}),
            ("ratings", {"_id": within}),
            ("labels", {"conversation": within}),
            ("drafts", {"_id": {"$regex": f":({'|'.join(talks)})$"}} if talks else {"_id": None}),
            ("link_tokens", {"$or": [{"customer": ids}, {"used_by": ids}, {"_id": {"$in": tries}}]}),
            ("corrections", {"customer": ids}),
            ("assignments", {"conversation": within}),
        ]

    def destroy(self, doc: Doc, forget: Callable[[], None], step: Callable[[str], None]) -> None:
        """All of it; `forget` after the keys are gone; `step` is told the name of each part before it begins."""
        members, certificate = list(doc["customers"]), str(doc["_id"])
        talks = self._records.conversations(members)
        step("keys")
        self._mongo[KEYS].delete_many(_keys(members))
        forget()
        for name, query in self._all(members)[: len(CHAINED)]:
            step(name)
            self._tombstones(name, query, certificate)
        gone = self._gone(members, talks, None)
        for name, query in gone:
            step(name)
            self._mongo[name].delete_many(query)
        step("conversations")
        purged = {"$set": {PURGED: certificate, "preview": None, "reason": None, "offer": None}}
        unset = {key: value for key, value in _OF_CONVERSATION.items() if key not in purged["$set"]}
        self._mongo["conversations"].update_many({"_id": {"$in": talks}}, {**purged, "$unset": unset})
        step("links")
        self._mongo["links"].update_many(
            {"customers": {"$in": members}},
            {
                "$set": {"standing": False, PURGED: certificate},
                "$unset": {"reason": "", "undone_reason": ""},
            },
        )
        step("threads")
        left = {one["thread"] for one in self._parted(members)}
        self._mongo["threads"].update_many(
            {"_id": {"$in": sorted(left)}, "customer": {"$exists": False}}, {"$unset": _OF_THREAD}
        )
        step("customers")
        for member in members:
            alone = {"group": member, PURGED: certificate}
            self._mongo["customers"].update_one({"_id": member}, {"$set": alone, "$unset": _OF_CUSTOMER})

    def _parted(self, members: Sequence[str], session: Session | None = None) -> Iterable[Doc]:
        query = {"_id": {"$in": list(members)}}
        for doc in self._mongo["retention"].find(query, {"threads": 1}, session=session):
            yield from doc.get("threads", ())

    def _tombstones(self, name: str, query: Doc, certificate: str) -> None:
        """Digests in place of ciphertexts; the chain is over the digests, so its hashes stay what they were."""
        open_ = {**query, PURGED: {"$exists": False}}
        while docs := list(self._mongo[name].find(open_, dict.fromkeys(SEALED, 1)).limit(BATCH)):
            writes = [
                UpdateOne(
                    {"_id": doc["_id"], PURGED: {"$exists": False}}, {"$set": _tombstone(doc, certificate)}
                )
                for doc in docs
            ]
            self._mongo[name].bulk_write(writes, ordered=False)

    # -- by age ----------------------------------------------------------------------------------------------------

    def aged(self, before: dict[str, datetime]) -> dict[str, int]:
        """How many documents of each class, which no customer is in, are older than its term."""
        return {name: self._mongo[name].count_documents(_aged(name, cut)) for name, cut in before.items()}

    def destroy_aged(
        self, session: Session, before: dict[str, datetime], by: str, basis: str, now: datetime
    ) -> Doc:
        doc = self._certificate("age", by, basis, now)
        doc["method"] = "deleted; no customer is in these records"
        doc["before"] = dict(before)
        doc["counts"] = {
            name: self._mongo[name].delete_many(_aged(name, cut), session=session).deleted_count
            for name, cut in before.items()
        }
        return doc


def digest(certificate: Doc) -> str:
    """SHA-256 of the certificate's canonical form without `sha256`, as the audit log keeps it."""
    return hashlib.sha256(canonical({k: v for k, v in certificate.items() if k != "sha256"})).hexdigest()


def _tombstone(doc: Doc, certificate: str) -> dict[str, Any]:
    kept: dict[str, Any] = {PURGED: certificate}
    for name in SEALED:
        if isinstance(doc.get(name), bytes):
            kept[name] = {DIGEST: hashlib.sha256(doc[name]).hexdigest()}
    return kept


def _keys(members: Sequence[str]) -> Doc:
    return {"keyAltNames": {"$in": [customer_key(one) for one in members]}}


def _threads(left: Sequence[Doc]) -> Doc:
    """For the index: entries lie by thread."""
    return {"thread": {"$in": sorted({one["thread"] for one in left})}}


def _aged(name: str, cut: datetime) -> Doc:
    return {{"availability": "to"}.get(name, "at"): {"$lt": cut}}
