"""Customers, conversations, messages: append-only, hash-chained over ciphertext, under the customer's key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from bson.binary import Binary
from pymongo import ReturnDocument

from bot.masking import mask
from bot.model import Conversation, Customer, Ref, Status
from bot.mongo import Doc, Mongo, Session
from bot.store.documents import conversation_of
from bot.store.threads import Lease
from bot.vault import Vault, customer_key

RECENT = 3


class Stale(Exception):
    """The conversation or the lease changed under us: read again and decide again."""


def new_id() -> str:
    return str(ObjectId())


@dataclass(frozen=True, slots=True)
class Draft:
    """A message about to be written. `entry` is the outbox entry that carries it; None where nothing has to be sent
    (inbound, or fetched by a widget). `decision` stands on the customer's line that was decided on."""

    author: str
    text: str = field(repr=False)
    at: datetime
    kind: str = "text"
    approved: tuple[Ref, ...] = ()
    locale: str | None = None
    buttons: tuple[tuple[str, str], ...] = ()
    entry: str | None = None
    client_id: str | None = None
    event: str | None = None
    decision: Doc | None = field(default=None, repr=False)
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Sealed:
    draft: Draft
    content: Binary = field(repr=False)
    masked: Binary = field(repr=False)


@dataclass(frozen=True, slots=True)
class Written:
    conversation_id: str
    message_ids: tuple[str, ...]
    first_pos: int


@dataclass(frozen=True, slots=True)
class Context:
    """What a turn needs to know; `customer_id` is None at first contact, `conversation` then and after a resolution."""

    thread: Doc
    customer_id: str | None
    conversation: Conversation | None


def message_hash(prev: str, doc: Doc) -> str:
    """SHA-256(0x01 ‖ previous ‖ canonical meta ‖ SHA-256(ciphertext)), hex: verifies even after keys are destroyed."""
    meta = {
        "id": doc["_id"],
        "conversation": doc["conversation"],
        "seq": doc["seq"],
        "author": doc["author"],
        "kind": doc["kind"],
        "approved": doc["approved"],
        "event": doc["event"],
        "decision": doc["decision"],
        "at": doc["at"],
    }
    canonical = json.dumps(
        meta, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_moment
    ).encode()
    body = hashlib.sha256(bytes(doc["content"])).digest()
    return hashlib.sha256(b"\x01" + bytes.fromhex(prev) + canonical + body).hexdigest()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def whole_ms(at: datetime) -> datetime:
    """MongoDB keeps milliseconds; a hash must be over what is read back."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


class ConversationStore:
    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def context(self, thread: str, known: Doc | None = None) -> Context:
        """`known` is the thread's document where the caller has just read it."""
        thread_doc = known or self._mongo["threads"].find_one({"_id": thread}) or {"_id": thread}
        customer_id = thread_doc.get("customer")
        if not customer_id:
            return Context(thread_doc, None, None)
        open_doc = self._mongo["conversations"].find_one({"thread": thread, "open": True})
        return Context(thread_doc, customer_id, conversation_of(open_doc) if open_doc else None)

    def last_texts(self, conversation: Conversation) -> tuple[str, ...]:
        """The customer's latest texts, oldest first."""
        return tuple(self._vault.read(one) for one in conversation.recent)

    def new_customer(self) -> str:
        """A customer id whose data key exists; the customer itself is written with its first turn."""
        customer_id = new_id()
        self._vault.create_key(customer_key(customer_id))
        return customer_id

    def insert_customer(
        self,
        session: Session,
        customer_id: str,
        name: str | None,
        language: str | None,
        verified_as: str | None,
    ) -> None:
        key = customer_key(customer_id)
        self._mongo["customers"].insert_one(
            {
                "_id": customer_id,
                "name": self._vault.seal(name, key) if name else None,
                "language": language,
                "verified_as": self._vault.seal(verified_as, key) if verified_as else None,
                "tags": [],
                "created_at": datetime.now(UTC),
            },
            session=session,
        )

    def set_profile(self, customer_id: str, name: str | None, language: str | None) -> None:
        changes: Doc = {"language": language} if language else {}
        if name:
            changes["name"] = self._vault.seal(name, customer_key(customer_id))
        if changes:
            self._mongo.light("customers").update_one({"_id": customer_id}, {"$set": changes})

    def customer_of(self, doc: Doc) -> Customer:
        return Customer(
            id=doc["_id"],
            name=self._vault.read(doc["name"]) if doc.get("name") else None,
            language=doc.get("language"),
            verified_as=self._vault.read(doc["verified_as"]) if doc.get("verified_as") else None,
            tags=tuple(doc.get("tags", ())),
        )

    def seal(self, customer_id: str, drafts: Sequence[Draft]) -> list[Sealed]:
        """Encrypt outside the transaction: it may run more than once and should be short."""
        return [self._sealed(draft, customer_key(customer_id)) for draft in drafts]

    def _sealed(self, draft: Draft, key: str) -> Sealed:
        content = self._vault.seal(draft.text, key)
        # Approved text is the firm's own: nothing in it is anyone's to hide, and its reference stands in the clear.
        shown = draft.text if draft.approved else mask(draft.text).masked
        return Sealed(draft, content, content if shown == draft.text else self._vault.seal(shown, key))

    def write(
        self,
        session: Session,
        *,
        thread: str,
        sealed: Sequence[Sealed],
        conversation: Conversation,
        is_new: bool,
        changes: dict[str, Any],
        thread_changes: dict[str, Any] | None = None,
        lease: Lease | None = None,
        unread: int = 0,
        undelivered: bool = False,
    ) -> Written:
        """Append messages and change the conversation, in the caller's transaction; `undelivered` where the outbox gets
        something with it.

        Raises Stale when the lease was lost, or status or assignee are no longer those of `conversation`. Under a lease
        `conversation` must be wholly as it is: only a person's change may come on top of lines not yet seen.
        """
        query: Doc = {"_id": thread}
        if lease is not None:
            query["fence"] = lease.fence
        changed_thread = {**(thread_changes or {}), **({"undelivered": True} if undelivered else {})}
        update: Doc = {"$inc": {"pos": len(sealed)}}
        if changed_thread:
            update["$set"] = changed_thread
        thread_doc = self._mongo["threads"].find_one_and_update(
            query, update, return_document=ReturnDocument.AFTER, projection={"pos": 1}, session=session
        )
        if thread_doc is None:
            raise Stale
        first_pos = thread_doc["pos"] - len(sealed) + 1
        head, seq = conversation.head_hash, conversation.seq
        if lease is None:
            current = self._mongo["conversations"].find_one({"_id": conversation.id}, session=session)
            if (
                current is None
                or current["status"] != conversation.status.value
                or current["assignee"] != conversation.assignee
            ):
                raise Stale
            head, seq = current["head_hash"], current["seq"]
        docs: list[Doc] = []
        for n, one in enumerate(sealed):
            doc = _message_doc(one, thread, conversation, seq + 1 + n, first_pos + n, head)
            head = doc["hash"]
            docs.append(doc)
        if docs:
            self._mongo["messages"].insert_many(docs, session=session)
        now = datetime.now(UTC)
        fields = {**changes, "seq": seq + len(docs), "head_hash": head, "last_at": now}
        if sealed:
            # A list is read for what people said; the bot's standing notices would make all rows look alike.
            spoken = [one for one in sealed if one.draft.author != "bot"]
            fields["preview"] = (spoken or sealed)[-1].masked
        texts = [one.content for one in sealed if one.draft.author == "customer" and one.draft.kind == "text"]
        if texts:
            fields["recent"] = [*conversation.recent, *texts][-RECENT:]
        if "status" in fields:
            fields["open"] = fields["status"] != Status.RESOLVED.value
        if is_new:
            self._mongo["conversations"].insert_one(
                {**_new_conversation(conversation, now), **fields, "unread": unread}, session=session
            )
        else:
            update = {"$set": fields}
            if unread:
                update["$inc"] = {"unread": unread}
            changed = self._mongo["conversations"].update_one(
                {
                    "_id": conversation.id,
                    "status": conversation.status.value,
                    "assignee": conversation.assignee,
                    "seq": seq,
                },
                update,
                session=session,
            )
            if not changed.matched_count:
                raise Stale
        return Written(conversation.id, tuple(doc["_id"] for doc in docs), first_pos)


def _new_conversation(conversation: Conversation, now: datetime) -> Doc:
    return {
        "_id": conversation.id,
        "thread": conversation.thread,
        "customer": conversation.customer_id,
        "account": conversation.account_id,
        "channel": conversation.channel.value,
        "status": conversation.status.value,
        "open": True,
        "misses": 0,
        "assignee": None,
        "skill": None,
        "priority": 5,
        "reason": None,
        "offer": None,
        "opened_at": now,
        "waiting_since": None,
    }


def _message_doc(one: Sealed, thread: str, conversation: Conversation, seq: int, pos: int, prev: str) -> Doc:
    draft = one.draft
    doc: Doc = {
        "_id": draft.id,
        "thread": thread,
        "pos": pos,
        "conversation": conversation.id,
        "customer": conversation.customer_id,
        "seq": seq,
        "author": draft.author,
        "kind": draft.kind,
        "content": one.content,
        "masked": one.masked,
        "approved": [{**asdict(ref), "kind": ref.kind.value} for ref in draft.approved],
        "locale": draft.locale,
        "buttons": [list(button) for button in draft.buttons],
        "entry": draft.entry,
        "client_id": draft.client_id,
        "event": draft.event,
        "decision": draft.decision,
        "at": whole_ms(draft.at),
        "prev_hash": prev,
    }
    doc["hash"] = message_hash(prev, doc)
    return doc
