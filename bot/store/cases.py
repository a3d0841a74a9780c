"""Cases: requests of data subjects and complaints, with a history to which only lines are added.

`cases` holds how a case stands; `case_events` its history, a line a step, sealed with the customer's key and masked
beside. Each line's SHA-256, over digests where there are ciphertexts, stands in the audit log, whose chain is sealed
daily: no line can be changed or taken away unseen, and it verifies after the customer's key is destroyed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from bson.binary import Binary
from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.errors import EncryptionError

from bot.deadlines import due, local
from bot.errors import Conflict, NotFound
from bot.masking import mask
from bot.masking.destroy import destroy
from bot.model import Role, Staff
from bot.mongo import Doc, Mongo, Session
from bot.store.audit import AuditStore
from bot.store.case_values import DAYS, Case, Event, Kind, State, Step
from bot.store.chain import canonical
from bot.store.records import new_id, whole_ms
from bot.store.restricted import UNRESTRICTED
from bot.vault import SERVICE, Vault, customer_key

READS_ALL = (Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR)
AUTOMATIC = "system:intake"
GONE = "There is no such case, or it is not yours to read."
MOVED = "A colleague has changed this case; reload and look again."


def permitted(staff: Staff) -> Doc | None:
    """What this person's role may read; None where it reads nothing.

    Agents read the requests that they took in, senior agents complaints too; nobody but them and those who decide.
    """
    if staff.role in READS_ALL:
        return {}
    own: Doc = {"opened_by": staff.id, "kind": {"$ne": Kind.COMPLAINT.value}}
    if staff.role is Role.AGENT:
        return {**own, **UNRESTRICTED}
    if staff.role is Role.SENIOR:
        return {"$or": [own, {"kind": Kind.COMPLAINT.value}], **UNRESTRICTED}
    return None


class CaseStore:
    """Every method raises PyMongoError. What changes something does so in the caller's transaction."""

    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault
        self._audit = AuditStore(mongo)

    # -- reading ---------------------------------------------------------------------------------------------------

    def get(self, staff: Staff, case_id: str, session: Session | None = None) -> Case:
        """Raises NotFound also where this person may not read it; that try is in the audit log."""
        may = permitted(staff)
        doc = self._mongo["cases"].find_one({"_id": case_id}, session=session)
        if doc is None:
            raise NotFound(GONE)
        within = {"$and": [{"_id": case_id}, may]} if may is not None else None
        if within is None or self._mongo["cases"].find_one(within, {"_id": 1}, session=session) is None:
            about = {"case": case_id}
            self._audit.add(staff.id, "cases:case:denied", f"customer:{doc['customer']}", about)
            raise NotFound(GONE)
        return case_of(doc)

    def listing(
        self,
        staff: Staff,
        kinds: Sequence[Kind] = (),
        *,
        open_: bool | None = True,
        due_before: date | None = None,
        customer: str | None = None,
        limit: int = 200,
    ) -> list[Case]:
        """What this person may read, the first to be due first; closed ones the latest first."""
        may = permitted(staff)
        if may is None:
            return []
        wanted: Doc = {"kind": {"$in": [kind.value for kind in kinds]}} if kinds else {}
        if open_ is not None:
            wanted["open"] = open_
        if due_before is not None:
            wanted["due"] = {"$lt": due_before.isoformat()}
        if customer is not None:
            wanted["customer"] = customer
        order = [("closed_at", DESCENDING)] if open_ is False else [("due", ASCENDING), ("_id", ASCENDING)]
        found = self._mongo["cases"].find({"$and": [may, wanted]}).sort(order).limit(limit)
        return [case_of(doc) for doc in found]

    def events(self, case_id: str) -> list[Event]:
        """The history, masked, in order. Who may read is checked by who calls."""
        found = self._mongo["case_events"].find({"case": case_id}).sort("seq", ASCENDING)
        return [
            Event(
                doc["seq"],
                doc["at"],
                doc["actor"],
                doc["step"],
                self._vault.read(doc["masked"]),
                doc["detail"],
            )
            for doc in found
        ]

    def full(self, case_id: str, step: str, session: Session | None = None) -> str | None:
        """The text of the latest such step in full, for code that has to act on it."""
        query = {"case": case_id, "step": step}
        doc = self._mongo["case_events"].find_one(query, sort=[("seq", DESCENDING)], session=session)
        return self._vault.read(doc["content"]) if doc else None

    def disputes(self, customers: Sequence[str]) -> list[tuple[str, datetime | None]]:
        """Complaints of these customers: (case, when it was closed; None while it is open)."""
        query = {"customer": {"$in": list(customers)}, "kind": Kind.COMPLAINT.value}
        return [(doc["_id"], doc.get("closed_at")) for doc in self._mongo["cases"].find(query)]

    def late(self, today: date, limit: int = 100) -> list[Case]:
        """Open ones whose term is over and of which the log does not tell yet."""
        query = {"open": True, "due": {"$lt": today.isoformat()}, "warned": {"$ne": True}}
        return [case_of(doc) for doc in self._mongo["cases"].find(query).limit(limit)]

    # -- writing ---------------------------------------------------------------------------------------------------

    def open(
        self,
        session: Session,
        kind: Kind,
        customer: str,
        step: Step,
        received_at: datetime,
        conversations: Sequence[str] = (),
        *,
        automatic: bool = False,
    ) -> Case:
        doc: Doc = {
            "_id": new_id(),
            "kind": kind.value,
            "customer": customer,
            "conversations": list(conversations),
            "state": State.RECEIVED.value,
            "open": True,
            "received_at": whole_ms(received_at),
            "due": due(local(received_at), DAYS[kind]).isoformat(),
            "opened_by": step.actor,
            "opened_at": whole_ms(datetime.now(UTC)),
            "rev": 1,
            "events": 0,
            **({"automatic": True} if automatic else {}),
        }
        self._mongo["cases"].insert_one(doc, session=session)
        self._append(session, doc, step)
        return case_of(doc)

    def change(
        self,
        session: Session,
        case: Case,
        step: Step,
        changes: Mapping[str, Any] | None = None,
        *,
        only: Mapping[str, Any] | None = None,
    ) -> Case:
        """The next line of the history with what it changes, as long as the case is as it was read.

        `only` is asked of the stored case besides. Raises Conflict where somebody was quicker.
        """
        fields: Doc = dict(changes or {})
        if "state" in fields:
            fields["open"] = fields["state"] != State.CLOSED.value
        update: Doc = {"$inc": {"rev": 1}, **({"$set": fields} if fields else {})}
        query: Doc = {"_id": case.id, "rev": case.rev, **(only or {})}
        doc = self._mongo["cases"].find_one_and_update(
            query, update, return_document=ReturnDocument.AFTER, session=session
        )
        if doc is None:
            raise Conflict(MOVED)
        self._append(session, doc, step)
        return case_of(doc)

    def complained(self, session: Session, conversation_id: str, customer: str, now: datetime) -> None:
        """A conversation is a complaint from now on: a case is opened, or an open one of the customer's has it too.

        It was received with the conversation's first message (金保法 13: any channel counts); where an earlier
        complaint of the same conversation is closed, with this one. Raises DuplicateKeyError where another
        conversation of the customer's became one at the same moment.
        """
        cases = self._mongo["cases"]
        mine: Doc = {"customer": customer, "kind": Kind.COMPLAINT.value}
        doc = cases.find_one({**mine, "open": True}, sort=[("received_at", 1)], session=session)
        if doc is not None:
            if conversation_id not in doc["conversations"]:
                added = [*doc["conversations"], conversation_id]
                step = Step(AUTOMATIC, "joined", detail={"conversation": conversation_id})
                self.change(session, case_of(doc), step, {"conversations": added})
            return
        received = now
        if cases.find_one({**mine, "conversations": conversation_id}, {"_id": 1}, session=session) is None:
            lines = self._mongo["messages"]
            query = {"conversation": conversation_id}
            first = lines.find_one(query, {"at": 1}, sort=[("seq", 1)], session=session)
            received = min(first["at"], now) if first else now
        step = Step(AUTOMATIC, "opened", detail={"conversation": conversation_id})
        self.open(session, Kind.COMPLAINT, customer, step, received, [conversation_id], automatic=True)

    def _append(self, session: Session, doc: Doc, step: Step) -> None:
        counted = self._mongo["cases"].find_one_and_update(
            {"_id": doc["_id"]},
            {"$inc": {"events": 1}},
            projection={"events": 1},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        content, masked, theirs = self._sealed(doc["customer"], destroy(step.text))
        event: Doc = {
            "_id": new_id(),
            "case": doc["_id"],
            "customer": doc["customer"] if theirs else None,
            "seq": counted["events"] if counted else 1,
            "at": whole_ms(datetime.now(UTC)),
            "actor": step.actor,
            "step": step.name,
            "detail": dict(step.detail),
            "content": content,
            "masked": masked,
        }
        self._mongo["case_events"].insert_one(event, session=session)
        noted = {
            "case": doc["_id"],
            "kind": doc["kind"],
            "seq": event["seq"],
            "sha256": fingerprint(event),
            **step.detail,
        }
        # The customer, so that whose data was touched is asked the same of all.
        self._audit.add(step.actor, f"cases:case:{step.name}", f"customer:{doc['customer']}", noted, session)

    def _sealed(self, customer: str, text: str) -> tuple[Binary | None, Binary | None, bool]:
        """In full, masked, and whether the customer's key opens them."""
        if not text:
            return None, None, True
        shown, key = mask(text).masked, customer_key(customer)
        try:
            content = self._vault.seal(text, key)
        except EncryptionError:
            # The customer was erased: what is still to be noted of the case is kept without personal data.
            content = self._vault.seal(shown, SERVICE)
            return content, content, False
        return content, content if shown == text else self._vault.seal(shown, key), True


def fingerprint(event: Mapping[str, Any]) -> str:
    """SHA-256 of a line of a history, as the audit log keeps it."""
    return hashlib.sha256(canonical(event)).hexdigest()


def case_of(doc: Doc) -> Case:
    return Case(
        id=doc["_id"],
        kind=Kind(doc["kind"]),
        customer=doc["customer"],
        conversations=tuple(doc["conversations"]),
        state=State(doc["state"]),
        received_at=doc["received_at"],
        due=date.fromisoformat(doc["due"]),
        extended=bool(doc.get("extended")),
        opened_by=doc["opened_by"],
        owner=doc.get("owner"),
        outcome=doc.get("outcome"),
        proposed_by=doc.get("proposed_by"),
        agreed_by=doc.get("agreed_by"),
        told=doc.get("told"),
        identified=bool(doc.get("identified")),
        replied=bool(doc.get("replied")),
        until=doc.get("until"),
        certificate=doc.get("certificate"),
        restricted=bool(doc.get("restricted")),
        closed_at=doc.get("closed_at"),
        rev=doc["rev"],
    )
