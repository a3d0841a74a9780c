"""What has to reach a platform: one entry a call, written with the decision, sent in the conversation's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pymongo import ASCENDING

from bot.attached import FILE
from bot.model import Delivery, OutText
from bot.mongo import Doc, Mongo, Session
from bot.store.conversations import Stale
from bot.store.files import FileStore
from bot.vault import INTAKE, Vault

# LINE takes a reply token for a minute from the (re)delivery; a margin for our own clock and the way there.
TOKEN_FRESH = timedelta(seconds=50)


@dataclass(frozen=True, slots=True)
class Entry:
    """`route` is how the last attempt went out (reply, push, send); `status` SENDING means: it may have arrived."""

    id: str
    thread: str
    conversation_id: str
    account_id: str
    message_ids: tuple[str, ...]
    status: Delivery
    attempts: int
    next_at: datetime
    created_at: datetime
    event: str | None
    event_at: datetime | None
    reply_token: str | None = field(repr=False)
    route: str | None
    maybe_sent: bool
    person: bool


@dataclass(frozen=True, slots=True)
class Parcel:
    """An entry with what it carries. `claimed`: the transaction that made it also said that it is going out now.
    `last`: it is all that the thread has to send."""

    entry: Entry
    user_id: str = field(repr=False)
    messages: tuple[OutText, ...]
    claimed: bool = False
    last: bool = False


def token_fresh(delivered_at: datetime | None) -> bool:
    """Whether LINE still takes the reply token of an event (re)delivered then."""
    return delivered_at is not None and datetime.now(UTC) - delivered_at <= TOKEN_FRESH


class OutboxStore:
    def __init__(self, mongo: Mongo, vault: Vault, files: FileStore | None = None) -> None:
        self._mongo = mongo
        self._vault = vault
        self._files = files

    def add(
        self,
        session: Session,
        *,
        entry_id: str,
        thread: str,
        conversation_id: str,
        account_id: str,
        message_ids: Sequence[str],
        pos: int,
        event: str | None = None,
        event_at: datetime | None = None,
        reply_token: str | None = None,
        person: bool = False,
        claimed: str | None = None,
    ) -> Entry:
        """The entry as it was before the claim: `claimed` is the route by which the caller sends it as soon as the
        transaction has committed."""
        now = datetime.now(UTC)
        doc: Doc = {
            "_id": entry_id,
            "thread": thread,
            "conversation": conversation_id,
            "account": account_id,
            "messages": list(message_ids),
            "pos": pos,
            "open": True,
            "status": Delivery.QUEUED.value,
            "attempts": 0,
            "created_at": now,
            "next_at": now,
            "event": event,
            "event_at": event_at,
            "reply_token": self._vault.seal(reply_token, INTAKE) if reply_token else None,
            "route": None,
            "maybe_sent": False,
            "person": person,
        }
        claim: Doc = {"status": Delivery.SENDING.value, "attempts": 1, "route": claimed} if claimed else {}
        self._mongo["outbox"].insert_one({**doc, **claim}, session=session)
        return _entry(doc, reply_token)

    def open(self, thread: str, limit: int = 20) -> list[Entry]:
        """The oldest entries not settled yet, in the order in which they have to go: nothing overtakes the first."""
        found = self._mongo["outbox"].find({"thread": thread, "open": True}).sort([("pos", ASCENDING)])
        return [self._read(doc) for doc in found.limit(limit)]

    def claim(self, entry: Entry, route: str, *, again: bool = False) -> None:
        """Say that it is going out now, before it does: whoever finds this after a crash knows to ask.

        Raises Stale where somebody else has claimed or settled it since `entry` was read: a process that stood still
        longer than its lease must not send what its successor sent. `again`: `entry` was claimed by this attempt.
        """
        result = self._mongo["outbox"].update_one(
            {"_id": entry.id, "open": True, "attempts": entry.attempts + again},
            {"$set": {"status": Delivery.SENDING.value, "route": route}, "$inc": {"attempts": 1}},
        )
        if not result.matched_count:
            raise Stale

    def later(self, entry: Entry, wait: timedelta, code: str, *, maybe_sent: bool) -> None:
        self._mongo["outbox"].update_one(
            {"_id": entry.id, "open": True},
            {
                "$set": {
                    "status": Delivery.QUEUED.value,
                    "next_at": datetime.now(UTC) + wait,
                    "maybe_sent": maybe_sent,
                    "error": code,
                }
            },
        )

    def settle(
        self,
        entry: Entry,
        status: Delivery,
        *,
        code: str | None = None,
        platform_ids: Sequence[str] = (),
        via: str = "",
    ) -> None:
        # Not waited for: one that a crash undoes is found `sending`, like one that was never written.
        self._mongo.light("outbox").update_one(
            {"_id": entry.id, "open": True},
            {
                "$set": {
                    "status": status.value,
                    "open": False,
                    "error": code,
                    "receipt": {"ids": list(platform_ids), "via": via},
                    "settled_at": datetime.now(UTC),
                },
                "$unset": {"reply_token": ""},
            },
        )

    def confirm(self, entry_id: str) -> Entry | None:
        """An echo named this entry: what was unknown is known to be sent."""
        doc = self._mongo["outbox"].find_one_and_update(
            {"_id": entry_id, "status": Delivery.UNKNOWN.value},
            {"$set": {"status": Delivery.SENT.value, "error": None}},
        )
        if doc is None:
            return None
        return self._read(doc)

    def due(self, limit: int = 500) -> list[str]:
        """Threads with something to send by now."""
        found = self._mongo["outbox"].aggregate(
            [
                {"$match": {"open": True, "next_at": {"$lte": datetime.now(UTC)}}},
                {"$group": {"_id": "$thread"}},
                {"$limit": limit},
            ]
        )
        return [doc["_id"] for doc in found]

    def event_delivered_at(self, event_id: str) -> datetime | None:
        """When the platform last handed us the event: a reply token lives from there."""
        doc = self._mongo["events"].find_one({"_id": event_id}, {"delivered_at": 1})
        return doc["delivered_at"] if doc else None

    def unattended(self, older_than: timedelta, limit: int = 200) -> list[tuple[str, str, str]]:
        """(entry, conversation, status) of failed or unknown sends that no person was told of yet."""
        found = self._mongo["outbox"].find(
            {
                "open": False,
                "status": {"$in": [Delivery.UNKNOWN.value, Delivery.FAILED.value]},
                "attended": {"$exists": False},
                "settled_at": {"$lt": datetime.now(UTC) - older_than},
            },
            {"conversation": 1, "status": 1},
        )
        return [(doc["_id"], doc["conversation"], doc["status"]) for doc in found.limit(limit)]

    def attend(self, entry_id: str) -> None:
        self._mongo["outbox"].update_one({"_id": entry_id}, {"$set": {"attended": datetime.now(UTC)}})

    def contents(self, message_ids: Sequence[str]) -> tuple[OutText, ...]:
        """The messages in order, in full."""
        found = {
            doc["_id"]: doc
            for doc in self._mongo["messages"].find(
                {"_id": {"$in": list(message_ids)}}, {"content": 1, "buttons": 1, "kind": 1}
            )
        }
        return tuple(self._content(one, found[one]) for one in message_ids)

    def _content(self, message_id: str, doc: Doc) -> OutText:
        text = self._vault.open(doc["content"])
        if doc.get("kind") == FILE and self._files is not None:
            return self._files.out(message_id, text)
        return OutText(message_id, text, tuple((label, value) for label, value in doc["buttons"]))

    def states(self, entry_ids: Sequence[str]) -> dict[str, tuple[str, str | None]]:
        """(status, error) by entry."""
        if not entry_ids:
            return {}
        found = self._mongo["outbox"].find({"_id": {"$in": list(entry_ids)}}, {"status": 1, "error": 1})
        return {doc["_id"]: (doc["status"], doc.get("error")) for doc in found}

    def _read(self, doc: Doc) -> Entry:
        sealed = doc.get("reply_token")
        return _entry(doc, self._vault.open(sealed) if sealed else None)


def _entry(doc: Doc, reply_token: str | None) -> Entry:
    return Entry(
        id=doc["_id"],
        thread=doc["thread"],
        conversation_id=doc["conversation"],
        account_id=doc["account"],
        message_ids=tuple(doc["messages"]),
        status=Delivery(doc["status"]),
        attempts=doc["attempts"],
        next_at=doc["next_at"],
        created_at=doc["created_at"],
        event=doc["event"],
        event_at=doc.get("event_at"),
        reply_token=reply_token,
        route=doc["route"],
        maybe_sent=doc["maybe_sent"],
        person=doc["person"],
    )
