"""Customers as people know them: identities and what proves who they are, tags, risk mark, notes; one key each.

Tags, mark and notes stand on identities, not on groups, so that to link and unlink moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pymongo import ReturnDocument

from bot.errors import NotFound
from bot.masking import mask
from bot.masking.destroy import destroy
from bot.model import GENESIS, ChannelType, Staff
from bot.mongo import Doc, Mongo, Session
from bot.store.chain import PURGED, linked
from bot.store.links import SIGNED_TOKEN
from bot.store.records import new_id, whole_ms
from bot.store.restricted import UNRESTRICTED, shown_to
from bot.vault import ERASED, Vault, customer_key

NOTES = 200
"""The latest notes of a person that a page shows."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The firm's own customer id that this very identity has proven: `by` what, on which channel account, when last."""

    firm_id: str = field(repr=False)
    by: str
    account_name: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Risk:
    """`level`: watch or high; the reason is masked, `by` a staff id."""

    level: str
    reason: str = field(repr=False)
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Face:
    """One identity: a user of one channel account. `tags`, `risk` as they stand on it."""

    id: str
    channel: ChannelType | None
    account_name: str
    name: str | None = field(repr=False)
    language: str | None
    created_at: datetime | None
    last_at: datetime | None
    verified: Verified | None
    risk: Risk | None
    tags: tuple[str, ...]
    # `restricted`: for the examiner only; `erased`: nothing of it is left.
    kept: str | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """A note about the person, masked; `corrects` is the id of the earlier one that it replaces."""

    id: str
    author: str
    text: str = field(repr=False)
    at: datetime
    corrects: str | None


def firm_key(vault: Vault, firm_id: str) -> bytes:
    """The firm's own customer id, to be looked up by equality; never that of a platform's user id of the same text."""
    return vault.blind(f"firm\n{firm_id}")


class CustomerStore:
    """Reads and writes raise PyMongoError when MongoDB is away. Who may read is checked by who calls."""

    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def shown(self, staff: Staff, members: Sequence[str]) -> list[str]:
        """Those of the identities that this person's role may know of: restricted ones are not for everybody."""
        may = shown_to(staff)
        if not may:
            return list(members)
        found = self._mongo["customers"].find({"_id": {"$in": list(members)}, **may}, {"_id": 1})
        return sorted(doc["_id"] for doc in found)

    def firm_ids(self, customer_ids: Iterable[str]) -> dict[str, str]:
        """Of those identities, the ones verified themselves, with the firm's own id of each."""
        query = {"_id": {"$in": list(customer_ids)}, "verified_as": {"$ne": None}}
        found = self._mongo["customers"].find(query, {"verified_as": 1})
        read = {doc["_id"]: self._vault.read(doc["verified_as"]) for doc in found}
        return {customer: firm_id for customer, firm_id in read.items() if firm_id != ERASED}

    def of_firm_id(self, firm_id: str, session: Session | None = None) -> list[str]:
        """The identities that have proven to be this customer of the firm's, the oldest first."""
        # A restricted identity is kept and used for nothing: nobody who comes is tied to it.
        query = {"verified_key": firm_key(self._vault, firm_id), **UNRESTRICTED}
        found = self._mongo["customers"].find(query, {"_id": 1}, session=session)
        return [doc["_id"] for doc in found.sort("_id", 1).limit(50)]

    def verify(self, session: Session, customer_id: str, firm_id: str, account_id: str) -> None:
        """Note that this identity came with the firm's signature, in the caller's transaction.

        Of two identities of one customer at the same moment the second waits, and finds the first.
        """
        key, now = firm_key(self._vault, firm_id), whole_ms(datetime.now(UTC))
        self._mongo["firm_locks"].update_one(
            {"_id": key}, {"$set": {"at": now}}, upsert=True, session=session
        )
        proof = {"by": SIGNED_TOKEN, "account": account_id, "at": now}
        changes = {
            "verified_as": self._vault.seal(firm_id, customer_key(customer_id)),
            "verified_key": key,
            "verified": proof,
        }
        self._mongo["customers"].update_one({"_id": customer_id}, {"$set": changes}, session=session)

    def faces(self, members: Sequence[str]) -> list[Face]:
        """These identities, the one that was active last first."""
        ids = {"$in": list(members)}
        docs = list(self._mongo["customers"].find({"_id": ids}))
        places = {doc["customer"]: doc for doc in self._mongo["threads"].find({"customer": ids})}
        last = {
            doc["_id"]: doc["at"]
            for doc in self._mongo["conversations"].aggregate(
                [{"$match": {"customer": ids}}, {"$group": {"_id": "$customer", "at": {"$max": "$last_at"}}}]
            )
        }
        wanted = {doc["account"] for doc in places.values() if doc.get("account")}
        wanted |= {doc["verified"]["account"] for doc in docs if doc.get("verified")}
        accounts = {
            doc["_id"]: doc["name"]
            for doc in self._mongo["accounts"].find({"_id": {"$in": sorted(wanted)}}, {"name": 1})
        }
        found = [self._face(doc, places.get(doc["_id"], {}), accounts, last.get(doc["_id"])) for doc in docs]
        return sorted(found, key=lambda face: (face.last_at is not None, face.last_at, face.id), reverse=True)

    def _face(self, doc: Doc, place: Doc, accounts: dict[str, str], last_at: datetime | None) -> Face:
        read, proof, risk = self._vault.read, doc.get("verified") or {}, doc.get("risk")
        verified = None
        firm_id = read(doc.get("verified_as"))
        if firm_id and firm_id != ERASED:
            # Those from before proofs were noted came with the firm's signature, as there was no other.
            name = accounts.get(proof.get("account") or place.get("account") or "", "")
            at = proof.get("at") or doc.get("created_at")
            verified = Verified(firm_id, proof.get("by", SIGNED_TOKEN), name, at)
        return Face(
            id=doc["_id"],
            channel=ChannelType(place["channel"]) if place.get("channel") else None,
            account_name=accounts.get(place.get("account", ""), ""),
            name=read(doc["name"]) if doc.get("name") else ERASED if PURGED in doc else None,
            language=doc.get("language"),
            created_at=doc.get("created_at"),
            last_at=last_at,
            verified=verified,
            risk=Risk(risk["level"], read(risk["reason"]), risk["by"], risk["at"]) if risk else None,
            tags=tuple(doc.get("tags", ())),
            kept="erased" if PURGED in doc else "restricted" if doc.get("restricted") else None,
        )

    def mark(self, session: Session, members: Sequence[str], level: str | None, reason: str, by: str) -> None:
        """Set or lift (None) the risk mark of these identities; the reason is masked and sealed for each."""
        shown, now = mask(reason).masked, whole_ms(datetime.now(UTC))
        for member in members:
            risk = {
                "level": level,
                "reason": self._vault.seal(shown, customer_key(member)),
                "by": by,
                "at": now,
            }
            changes = {"$set": {"risk": risk}} if level else {"$unset": {"risk": ""}}
            self._mongo["customers"].update_one({"_id": member}, changes, session=session)

    def tag(self, session: Session, members: Sequence[str], tags: Sequence[str]) -> None:
        query = {"_id": {"$in": list(members)}}
        self._mongo["customers"].update_many(query, {"$set": {"tags": list(tags)}}, session=session)

    def note(self, session: Session, customer_id: str, author: str, text: str, corrects: str | None) -> str:
        """Append a note in the caller's transaction; its id. Notes are chained over ciphertext, a chain an identity."""
        text = destroy(text)
        key, shown = customer_key(customer_id), mask(text).masked
        counted = self._mongo["customers"].find_one_and_update(
            {"_id": customer_id},
            {"$inc": {"notes": 1}},
            projection={"notes": 1, "note_head": 1},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        if counted is None:
            raise NotFound("There is no such customer.")
        previous = counted.get("note_head", GENESIS)
        content = self._vault.seal(text, key)
        doc: Doc = {
            "_id": new_id(),
            "customer": customer_id,
            "seq": counted["notes"],
            "author": author,
            "corrects": corrects,
            "content": content,
            "masked": content if shown == text else self._vault.seal(shown, key),
            "at": whole_ms(datetime.now(UTC)),
        }
        linked(previous, doc)
        self._mongo["customer_notes"].insert_one(doc, session=session)
        head = {"$set": {"note_head": doc["hash"]}}
        self._mongo["customers"].update_one({"_id": customer_id}, head, session=session)
        return str(doc["_id"])

    def notes(self, members: Sequence[str]) -> list[Remark]:
        """The latest NOTES notes about these identities, masked, the latest first."""
        found = self._mongo["customer_notes"].find({"customer": {"$in": list(members)}})
        return [
            Remark(doc["_id"], doc["author"], self._vault.read(doc["masked"]), doc["at"], doc["corrects"])
            for doc in found.sort([("at", -1), ("_id", -1)]).limit(NOTES)
        ]
