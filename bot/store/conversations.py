"""Customers, conversations, messages: append-only, hash-chained over ciphertext, under the customer's key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from bot.masking import mask
from bot.masking.destroy import destroy
from bot.model import Conversation, Customer, Profile, Status
from bot.mongo import Doc, Mongo, Session
from bot.store.cases import CaseStore
from bot.store.documents import conversation_of
from bot.store.reading import COMPLAINT
from bot.store.records import Draft, Sealed, message_doc, new_conversation, new_id
from bot.store.threads import Lease
from bot.vault import Vault, customer_key

RECENT = 3
"""The customer's texts that a turn knows of those before it."""


class Stale(Exception):
    """The conversation or the lease changed under us: read again and decide again."""


@contextmanager
def _one_open_a_thread() -> Iterator[None]:
    """A resolved one was reopened, or another opened, a moment ago."""
    try:
        yield
    except DuplicateKeyError as error:
        raise Stale from error


@dataclass(frozen=True, slots=True)
class Written:
    conversation_id: str
    first_pos: int


@dataclass(frozen=True, slots=True)
class Context:
    """What a turn needs to know; `customer_id` is None at first contact, `conversation` then and after a resolution."""

    thread: Doc
    customer_id: str | None
    conversation: Conversation | None


class ConversationStore:
    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault
        self._cases = CaseStore(mongo, vault)

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
        profile: Profile | None,
        verified_as: str | None,
    ) -> None:
        key, name = customer_key(customer_id), profile.name if profile else None
        self._mongo["customers"].insert_one(
            {
                "_id": customer_id,
                "group": customer_id,
                "name": self._vault.seal(name, key) if name else None,
                "language": profile.language if profile else None,
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
        if not draft.approved:
            draft = replace(draft, text=destroy(draft.text))
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
            doc = message_doc(one, thread, conversation, seq + 1 + n, first_pos + n, head)
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
        authors = {one.draft.author.partition(":")[0] for one in sealed}
        if "customer" in authors:
            fields["customer_at"] = now
        if "staff" in authors:
            fields["staff_at"] = now
            fields["first_staff_at"] = conversation.first_staff_at or now
        if "status" in fields:
            fields["open"] = fields["status"] != Status.RESOLVED.value
        if is_new:
            with _one_open_a_thread():
                self._mongo["conversations"].insert_one(
                    {**new_conversation(conversation, now), **fields, "unread": unread}, session=session
                )
        else:
            update = {"$set": fields}
            if unread:
                update["$inc"] = {"unread": unread}
            unchanged = {
                "_id": conversation.id,
                "status": conversation.status.value,
                "assignee": conversation.assignee,
                "seq": seq,
            }
            with _one_open_a_thread():
                changed = self._mongo["conversations"].update_one(unchanged, update, session=session)
            if not changed.matched_count:
                raise Stale
        if fields.get("skill") == COMPLAINT:
            # Whoever made it one: it is received, and the law's term runs.
            with _one_open_a_thread():
                self._cases.complained(session, conversation.id, conversation.customer_id, now)
        return Written(conversation.id, first_pos)
