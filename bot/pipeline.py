"""One turn: read the pending events, decide, and commit decision, messages, outbox and done-mark in one transaction."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot import turns
from bot.contracts import Channel, Finder, Mind, Publisher
from bot.logs import logger
from bot.metrics import DECIDE_SECONDS, DECISIONS, EVENTS, TURN_SECONDS
from bot.model import (
    ChannelAccount,
    Conversation,
    Decision,
    Delivery,
    Inbound,
    Kind,
    Reply,
    Status,
    StaySilent,
    Turn,
)
from bot.mongo import Mongo, Session
from bot.queue import JobQueue
from bot.rendering import locale_of, render
from bot.store.accounts import AccountStore
from bot.store.conversations import Context, ConversationStore, Sealed, Stale, Written, new_id
from bot.store.events import AlreadyDone, EventStore, Pending
from bot.store.outbox import OutboxStore
from bot.store.threads import Lease, ThreadStore
from bot.vault import Vault

ATTEMPTS = 6
BURST = timedelta(seconds=8)
HISTORY = 3
# A longer text says itself what it is about.
FOLLOW_UP = 40
PROFILE_AGAIN = timedelta(hours=1)
GREETING = "greeting"

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Pipeline:
    mongo: Mongo
    vault: Vault
    accounts: AccountStore
    threads: ThreadStore
    events: EventStore
    conversations: ConversationStore
    outbox: OutboxStore
    channels: Mapping[Any, Channel]
    mind: Mind
    finder: Finder
    queue: JobQueue
    live: Publisher
    locale: str

    def handle(self, lease: Lease, pending: Sequence[Pending]) -> int:
        """Take the first turn of `pending`. Raises Stale when the lease is lost, PyMongoError when MongoDB is away."""
        group = self._burst(pending)
        for attempt in range(ATTEMPTS):
            try:
                self._turn(lease if attempt == 0 else replace(lease, known=None), group)
            except Stale:
                # A person took over, or resolved, between reading and writing: decide on what is true now.
                if not self.threads.holds(lease):
                    raise
            except AlreadyDone:
                return len(group)
            else:
                return len(group)
        raise Stale

    def _burst(self, pending: Sequence[Pending]) -> list[Pending]:
        """Lines that a person would read as one: an unfinished text and the next one, if it is there already."""
        group = [pending[0]]
        for following in pending[1:]:
            last, new = group[-1].inbound, following.inbound
            joins = (
                last.kind is Kind.TEXT
                and new.kind is Kind.TEXT
                and new.sent_at - last.sent_at <= BURST
                and self.mind.unfinished(last.text or "")
            )
            if not joins:
                break
            group.append(following)
        return group

    def _turn(self, lease: Lease, group: list[Pending]) -> None:
        inbound = group[-1].inbound
        if inbound.kind in (Kind.IGNORED, Kind.ECHO):
            self._set_aside(inbound, group)
            return
        account = self.accounts.recent(inbound.account_id)
        if account is None:
            self._set_aside(inbound, group)
            return
        context = self.conversations.context(lease.thread, lease.known)
        conversation = context.conversation or self._open(lease.thread, context, account)
        turn = self._read(group, context, conversation)
        started = time.perf_counter()
        handler, decision = self.mind.decide(turn)
        DECIDE_SECONDS.observe(time.perf_counter() - started)
        self._commit(lease, group, account, context, conversation, turn, handler, decision)
        DECISIONS.labels(handler, type(decision).__name__).inc()
        TURN_SECONDS.observe((datetime.now(UTC) - group[0].delivered_at).total_seconds())
        self._tell(lease.thread, conversation.id)
        if inbound.callback_id:
            self.channels[account.channel].acknowledge(account, inbound)
        self._want_profile(lease.thread, context, account)

    def _set_aside(self, inbound: Inbound, group: list[Pending]) -> None:
        """Nothing to say to it: a receipt, a membership, an echo. It stays in the ledger as handled."""
        if inbound.kind is Kind.ECHO and inbound.echo_of:
            confirmed = self.outbox.confirm(inbound.echo_of)
            if confirmed is not None:
                self._tell(confirmed.thread, confirmed.conversation_id)
        self.mongo.transaction(lambda session: self.events.done(session, [one.id for one in group], "aside"))
        EVENTS.labels("any", "set_aside").inc(len(group))

    def _open(self, thread: str, context: Context, account: ChannelAccount) -> Conversation:
        customer_id = context.customer.id if context.customer else self.conversations.new_customer()
        return Conversation(
            id=new_id(),
            thread=thread,
            customer_id=customer_id,
            account_id=account.id,
            channel=account.channel,
            status=Status.BOT,
        )

    def _read(self, group: list[Pending], context: Context, conversation: Conversation) -> Turn:
        last = group[-1].inbound
        text = "\n".join(one.inbound.text for one in group if one.inbound.text)
        language = context.customer.language if context.customer else None
        if language is None and last.profile is not None:
            language = last.profile.language
        history: tuple[str, ...] = ()
        if context.conversation is not None and last.kind is Kind.TEXT and len(text) <= FOLLOW_UP:
            history = self.conversations.last_texts(conversation.id, HISTORY)
        return Turn(
            kind=last.kind,
            text=text,
            locale=locale_of(text, language, self.locale),
            conversation=conversation,
            now=datetime.now(UTC),
            choice=last.choice,
            kind_detail=last.kind_detail,
            first_contact=not context.thread.get("greeted"),
            history=history,
        )

    def _commit(
        self,
        lease: Lease,
        group: list[Pending],
        account: ChannelAccount,
        context: Context,
        conversation: Conversation,
        turn: Turn,
        handler: str,
        decision: Decision,
    ) -> None:
        limits = self.channels[account.channel].capabilities
        buttons = decision.buttons if isinstance(decision, Reply) else ()
        parts = () if isinstance(decision, StaySilent) else decision.parts
        rendered = render(parts, buttons, turn.locale, self.finder, limits)
        delivery = None if limits.pulls else Delivery.QUEUED
        heard = [turns.heard(one) for one in group]
        said = [turns.said(one, turn, delivery) for one in rendered]
        sealed = self.conversations.seal(conversation.customer_id, [*heard, *said])
        greeted = any(ref.id == GREETING for one in rendered for ref in one.refs)
        thread_changes = self._thread_changes(
            context, conversation, account, group[-1].inbound, greeted=greeted
        )
        turn_id = new_id()

        def work(session: Session) -> None:
            if context.customer is None:
                self._insert_customer(session, conversation, group[-1].inbound)
            written = self.conversations.write(
                session,
                thread=lease.thread,
                sealed=sealed,
                conversation=conversation,
                is_new=context.conversation is None,
                changes=turns.changes_of(decision, conversation),
                thread_changes=thread_changes,
                lease=lease,
                unread=0 if conversation.status is Status.BOT and isinstance(decision, Reply) else len(heard),
            )
            if delivery is not None:
                self._enqueue(
                    session, written, sealed[len(heard) :], len(heard), group[-1], account, limits.batch
                )
            self.events.done(session, [one.id for one in group], turn_id)
            self.mongo["decisions"].insert_one(
                {
                    "_id": turn_id,
                    "conversation": conversation.id,
                    "events": [one.id for one in group],
                    "handler": handler,
                    "decision": type(decision).__name__,
                    "reason": decision.reason,
                    "trace": decision.trace,
                    "at": turn.now,
                },
                session=session,
            )

        self.mongo.transaction(work)

    def _insert_customer(self, session: Session, conversation: Conversation, inbound: Inbound) -> None:
        profile = inbound.profile
        self.conversations.insert_customer(
            session,
            conversation.customer_id,
            profile.name if profile else None,
            profile.language if profile else None,
            inbound.verified_as,
        )

    def _thread_changes(
        self,
        context: Context,
        conversation: Conversation,
        account: ChannelAccount,
        inbound: Inbound,
        *,
        greeted: bool,
    ) -> dict[str, Any]:
        changes: dict[str, Any] = {"greeted": True} if greeted else {}
        if context.customer is None:
            changes |= {
                "customer": conversation.customer_id,
                "account": account.id,
                "channel": account.channel.value,
                "user_id": self.vault.blind(inbound.user_id),
            }
        if inbound.profile is not None:
            changes["profile_at"] = datetime.now(UTC)
        return changes

    def _enqueue(
        self,
        session: Session,
        written: Written,
        said: Sequence[Sealed],
        offset: int,
        pending: Pending,
        account: ChannelAccount,
        batch: int,
    ) -> None:
        """Outbox entries of at most `batch` messages; the single-use reply token goes with the first."""
        for start in range(0, len(said), batch):
            self.outbox.add(
                session,
                entry_id=said[start].draft.id,
                thread=pending.thread,
                conversation_id=written.conversation_id,
                account_id=account.id,
                message_ids=[one.draft.id for one in said[start : start + batch]],
                pos=written.first_pos + offset + start,
                event=pending.id,
                event_at=pending.delivered_at,
                reply_token=pending.inbound.reply_token if start == 0 else None,
            )

    def _tell(self, thread: str, conversation_id: str) -> None:
        topics = ("inbox", f"conversation:{conversation_id}", f"thread:{thread}")
        self.live.publish(topics, {"conversation": conversation_id})

    def _want_profile(self, thread: str, context: Context, account: ChannelAccount) -> None:
        """Ask the platform who this is, once, on the slow queue: an answer never waits for a name."""
        if self.channels[account.channel].capabilities.pulls or context.thread.get("profile_at"):
            return
        tried = context.thread.get("profile_tried_at")
        if tried is None or datetime.now(UTC) - tried > PROFILE_AGAIN:
            self.queue.fetch_profile(thread)
