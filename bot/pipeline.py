"""One turn: read the pending events, decide, and commit decision, messages, outbox and done-mark in one transaction."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from bot import turns
from bot.aside import KINDS, Aside
from bot.contracts import Channel, Finder, Mind, Publisher
from bot.csat import NAME, Csat, Taken
from bot.desk.pokes import pokes
from bot.desk.risk import with_signs
from bot.linking import Linking
from bot.logs import logger
from bot.metrics import DECIDE_SECONDS, DECISIONS, TURN_SECONDS
from bot.model import (
    ChannelAccount,
    Conversation,
    Decision,
    Inbound,
    Kind,
    OutText,
    Reply,
    Status,
    StaySilent,
    Turn,
)
from bot.mongo import Mongo, Session
from bot.queue import JobQueue
from bot.rendering import locale_of, render, spoken
from bot.store.accounts import AccountStore
from bot.store.conversations import Context, ConversationStore, Stale, Written
from bot.store.events import AlreadyDone, EventStore, Pending
from bot.store.outbox import Entry, OutboxStore, Parcel, token_fresh
from bot.store.records import Draft, new_id
from bot.store.threads import Lease, ThreadStore
from bot.vault import Vault

ATTEMPTS = 6
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
    csat: Csat
    linking: Linking
    aside: Aside

    def handle(self, lease: Lease, pending: Sequence[Pending]) -> tuple[int, Parcel | None]:
        """Take the first turn of `pending`: how many events it was, and what may be sent directly.

        Raises Stale when the lease is lost, PyMongoError when MongoDB is away.
        """
        group = turns.burst(pending, self.mind.unfinished)
        for attempt in range(ATTEMPTS):
            try:
                return len(group), self._turn(lease if attempt == 0 else replace(lease, known=None), group)
            except Stale:
                # A person took over, or resolved, between reading and writing: decide on what is true now.
                if not self.threads.holds(lease):
                    raise
            except AlreadyDone:
                return len(group), None
        raise Stale

    def _turn(self, lease: Lease, group: list[Pending]) -> Parcel | None:
        """What may be sent directly."""
        inbound = group[-1].inbound
        account = self.accounts.recent(inbound.account_id)
        if account is None or inbound.kind in KINDS:
            self.aside.take(lease, group)
            return None
        context = self.conversations.context(lease.thread, lease.known)
        conversation = context.conversation or self._open(lease.thread, context, account)
        group = turns.without_secrets(group, lambda: self.conversations.last_texts(conversation))
        turn = self._read(group, context, conversation)
        started = time.perf_counter()
        handler, decision = self.linking.answer(turn, inbound) or self.mind.decide(turn)
        DECIDE_SECONDS.observe(time.perf_counter() - started)
        if (taken := self.csat.take(context, turn, handler, decision)) is not None:
            conversation, handler, decision = taken.conversation, NAME, taken.decision
            context = replace(context, conversation=conversation)
        parcel = self._commit(lease, group, account, context, conversation, turn, handler, decision, taken)
        DECISIONS.labels(handler, type(decision).__name__).inc()
        TURN_SECONDS.observe((datetime.now(UTC) - group[0].delivered_at).total_seconds())
        changes = turns.changes_of(decision, conversation)
        # Nothing but words came: a page that shows it has no need to look at all the rest.
        said = {"said": True} if turns.only_words(changes, conversation) else {}
        self.live.publish(pokes(conversation, changes), {"conversation": conversation.id, **said})
        if "status" in changes or conversation.status is not Status.BOT:
            self.queue.ahead(lease.thread)
        if inbound.callback_id:
            self.channels[account.channel].acknowledge(account, inbound)
        self._want_profile(lease.thread, context, account)
        return parcel

    def _open(self, thread: str, context: Context, account: ChannelAccount) -> Conversation:
        customer_id = context.customer_id or self.conversations.new_customer()
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
        history: tuple[str, ...] = ()
        if context.conversation is not None and last.kind is Kind.TEXT and len(text) <= FOLLOW_UP:
            history = self.conversations.last_texts(conversation)
        return Turn(
            kind=last.kind,
            text=text,
            # The words of a button are ours.
            locale=locale_of(text if last.kind is Kind.TEXT else "", _language(context, last), self.locale),
            conversation=conversation,
            now=datetime.now(UTC),
            choice=last.choice,
            kind_detail=last.kind_detail,
            first_contact=self._new_here(context),
            history=history,
            verified_as=last.verified_as,
        )

    def _new_here(self, context: Context) -> bool:
        """Whether this customer was never shown the notice of 個資法 8 on this channel, or an earlier version of it."""
        shown = context.thread.get("greeted")
        if not shown:
            return True
        try:
            return int(shown) != self.finder.notice(GREETING).version
        except KeyError:
            return False

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
        taken: Taken | None,
    ) -> Parcel | None:
        limits = self.channels[account.channel].capabilities
        buttons = decision.buttons if isinstance(decision, Reply) else ()
        parts = () if isinstance(decision, StaySilent) else decision.parts
        rendered = render(parts, buttons, turn.locale, self.finder, limits)
        greeted = next((ref.version for one in rendered for ref in one.refs if ref.id == GREETING), None)
        turn_id, event_ids = new_id(), [one.id for one in group]
        heard = [replace(one, kind=taken.kind) if taken else one for one in map(turns.heard, group)]
        heard[-1] = replace(heard[-1], decision=turns.provenance(turn_id, handler, decision, event_ids))
        said = [turns.said(one, turn) for one in rendered]
        calls = [] if limits.pulls else turns.calls(said, limits.batch)
        sealed = self.conversations.seal(
            conversation.customer_id, [*heard, *(said if limits.pulls else chain.from_iterable(calls))]
        )
        thread_changes = self._thread_changes(
            context, conversation, account, group[-1].inbound, turn, greeted=greeted
        )
        # Directly only where nothing older waits; and without a claim of its own only where a second send is harmless.
        direct = bool(calls) and not context.thread.get("undelivered")
        claimed = None
        if direct and limits.settles == "retry_key":
            claimed = (
                "reply" if group[-1].inbound.reply_token and token_fresh(group[-1].delivered_at) else "push"
            )

        def work(session: Session) -> Entry | None:
            if context.customer_id is None:
                last = group[-1].inbound
                self.conversations.insert_customer(
                    session, conversation.customer_id, last.profile, last.verified_as
                )
            self.linking.settle(
                session, conversation, group[-1].inbound, decision, opened=context.conversation is None
            )
            written = self.conversations.write(
                session,
                thread=lease.thread,
                sealed=sealed,
                conversation=conversation,
                is_new=context.conversation is None,
                changes=with_signs(turns.changes_of(decision, conversation), decision, conversation),
                thread_changes=thread_changes,
                lease=lease,
                unread=0 if taken or turns.answered(conversation, decision) else len(heard),
                undelivered=bool(calls),
            )
            entries = self._enqueue(session, written, calls, len(heard), group[-1], account, claimed)
            if taken is not None:
                taken.also(session)
            self.events.done(session, event_ids, turn_id)
            return entries[0] if entries else None

        entry = self.mongo.transaction(work)
        if entry is None or not direct:
            return None
        messages = tuple(OutText(one.id, one.text, one.buttons) for one in calls[0])
        return Parcel(entry, group[-1].inbound.user_id, messages, bool(claimed), last=len(calls) == 1)

    def _thread_changes(
        self,
        context: Context,
        conversation: Conversation,
        account: ChannelAccount,
        inbound: Inbound,
        turn: Turn,
        *,
        greeted: int | None,
    ) -> dict[str, Any]:
        changes: dict[str, Any] = {"greeted": greeted} if greeted else {}
        shown = spoken(turn.text, _language(context, inbound)) if inbound.kind is Kind.TEXT else None
        if shown and shown != context.thread.get("locale"):
            changes["locale"] = shown
        if context.customer_id is None:
            changes |= {
                "customer": conversation.customer_id,
                "account": account.id,
                "channel": account.channel.value,
                "user_id": self.vault.blind(inbound.user_id),
            }
        if inbound.profile is not None:
            changes |= {"profile_at": datetime.now(UTC), "language": inbound.profile.language}
        return changes

    def _enqueue(
        self,
        session: Session,
        written: Written,
        calls: Sequence[Sequence[Draft]],
        offset: int,
        pending: Pending,
        account: ChannelAccount,
        claimed: str | None,
    ) -> list[Entry]:
        """One outbox entry a call; the single-use reply token, and the claim, go with the first."""
        entries: list[Entry] = []
        for drafts in calls:
            first = not entries
            entries.append(
                self.outbox.add(
                    session,
                    entry_id=drafts[0].id,
                    thread=pending.thread,
                    conversation_id=written.conversation_id,
                    account_id=account.id,
                    message_ids=[one.id for one in drafts],
                    pos=written.first_pos + offset,
                    event=pending.id,
                    event_at=pending.delivered_at,
                    reply_token=pending.inbound.reply_token if first else None,
                    claimed=claimed if first else None,
                )
            )
            offset += len(drafts)
        return entries

    def _want_profile(self, thread: str, context: Context, account: ChannelAccount) -> None:
        """Ask the platform who this is, once, on the slow queue: an answer never waits for a name."""
        if self.channels[account.channel].capabilities.pulls or context.thread.get("profile_at"):
            return
        tried = context.thread.get("profile_tried_at")
        if tried is None or datetime.now(UTC) - tried > PROFILE_AGAIN:
            self.queue.fetch_profile(thread)


def _language(context: Context, inbound: Inbound) -> str | None:
    """The language the customer last wrote in, else that of the profile."""
    profile = inbound.profile.language if inbound.profile else None
    return context.thread.get("locale") or context.thread.get("language") or profile
