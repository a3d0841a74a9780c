"""How a line of the record and its chain look as documents."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime

from bson import ObjectId
from bson.binary import Binary

from bot.model import Conversation, Ref
from bot.mongo import Doc
from bot.store.chain import linked


def new_id() -> str:
    return str(ObjectId())


@dataclass(frozen=True, slots=True)
class Draft:
    """A message about to be written. `entry` is the outbox entry that carries it; None where nothing has to be sent
    (inbound, or fetched by a widget). `decision` stands on the customer's line that was decided on. `platform_id` is
    the platform's own id of a customer's message, `of` our id of the one that is edited or taken back."""

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
    platform_id: str | None = None
    of: str | None = None
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Sealed:
    draft: Draft
    content: Binary = field(repr=False)
    masked: Binary = field(repr=False)


def whole_ms(at: datetime) -> datetime:
    """MongoDB keeps milliseconds; a hash must be over what is read back."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def new_conversation(conversation: Conversation, now: datetime) -> Doc:
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


def message_doc(one: Sealed, thread: str, conversation: Conversation, seq: int, pos: int, prev: str) -> Doc:
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
        "platform_id": draft.platform_id,
        "of": draft.of,
        "at": whole_ms(draft.at),
    }
    return linked(prev, doc)
