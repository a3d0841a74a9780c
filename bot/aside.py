"""Events to which nothing is said: receipts, memberships, echoes of our own messages, what customers edit or take back.

The bot does not answer an edit: what it answered stands beside the words it answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot import turns
from bot.contracts import Publisher
from bot.desk.pokes import pokes
from bot.metrics import EVENTS
from bot.model import Inbound, Kind, Status
from bot.mongo import Mongo, Session
from bot.store.amended import AmendStore, Original
from bot.store.conversations import ConversationStore
from bot.store.events import EventStore, Pending
from bot.store.outbox import OutboxStore
from bot.store.records import Draft
from bot.store.threads import Lease

KINDS = (Kind.IGNORED, Kind.ECHO, Kind.EDIT, Kind.UNSEND)
AMENDS = (Kind.EDIT, Kind.UNSEND)


@dataclass(frozen=True, slots=True)
class Aside:
    mongo: Mongo
    events: EventStore
    outbox: OutboxStore
    conversations: ConversationStore
    amended: AmendStore
    live: Publisher

    def take(self, lease: Lease, group: Sequence[Pending]) -> None:
        """Handle one event. Raises Stale, AlreadyDone, PyMongoError."""
        inbound = group[-1].inbound
        if inbound.kind in AMENDS and inbound.of and self._amended(lease, group[-1]):
            return
        if inbound.kind is Kind.ECHO and inbound.echo_of:
            confirmed = self.outbox.confirm(inbound.echo_of)
            if confirmed is not None:
                topics = (f"conversation:{confirmed.conversation_id}", f"thread:{confirmed.thread}")
                self.live.publish(topics, {"conversation": confirmed.conversation_id})
        # It stays in the ledger as handled: so does an edit of what was never in the record, or of somebody forgotten.
        self.mongo.transaction(lambda session: self.events.done(session, [one.id for one in group], "aside"))
        EVENTS.labels("any", "set_aside").inc(len(group))

    def _amended(self, lease: Lease, pending: Pending) -> bool:
        """Whether the original was found and the amendment written."""
        customer_id = self.conversations.context(lease.thread, lease.known).customer_id
        original = (
            self.amended.original(lease.thread, customer_id, pending.inbound.of or "")
            if customer_id
            else None
        )
        if original is None:
            return False
        conversation = original.conversation
        (clean,) = turns.without_secrets([pending], lambda: self.conversations.last_texts(conversation))
        (sealed,) = self.conversations.seal(conversation.customer_id, [amendment(clean, original)])
        people = conversation.status in (Status.WAITING, Status.ASSIGNED)

        def work(session: Session) -> None:
            before = self.amended.before(session, conversation.id)
            self.conversations.write(
                session,
                thread=lease.thread,
                sealed=[sealed],
                conversation=conversation,
                is_new=False,
                changes={},
                lease=lease,
                unread=1 if people else 0,
            )
            self.amended.after(session, original, before, sealed)
            self.events.done(session, [pending.id], "amended")

        self.mongo.transaction(work)
        self.live.publish(pokes(conversation, {}), {"conversation": conversation.id})
        EVENTS.labels("any", "amended").inc()
        return True


def aside_of(
    mongo: Mongo,
    events: EventStore,
    outbox: OutboxStore,
    conversations: ConversationStore,
    live: Publisher,
) -> Aside:
    return Aside(mongo, events, outbox, conversations, AmendStore(mongo), live)


def amendment(pending: Pending, original: Original) -> Draft:
    """The line of the record: the new words, or that they were taken back."""
    inbound = pending.inbound
    return Draft(
        author="customer",
        text=_words(inbound),
        at=inbound.sent_at,
        kind=inbound.kind.value,
        event=pending.id,
        of=original.id,
    )


def _words(inbound: Inbound) -> str:
    if inbound.kind is Kind.UNSEND:
        return "[unsend]"
    return inbound.text or f"[{inbound.kind_detail or 'other'}]"
