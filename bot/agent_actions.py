"""What people do in a conversation: take, reply, resolve, hand back. Check, change and audit in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.contracts import Channel, Publisher
from bot.errors import AdviceWarning, BadPayload, Conflict, NotAllowed, NotFound
from bot.masking import mask
from bot.model import Conversation, Page, Role, Row, Staff, Status
from bot.mongo import Mongo, Session
from bot.queue import JobQueue
from bot.store.audit import AuditStore
from bot.store.conversations import ConversationStore, Stale
from bot.store.outbox import OutboxStore
from bot.store.records import Draft
from bot.store.views import VIEWS, Views

LONGEST_REPLY = 2000
SHORTEST_REASON, LONGEST_REASON = 3, 500
ANSWERS = (Role.AGENT, Role.SENIOR, Role.SUPERVISOR)
TAKES_FROM_OTHERS = (Role.SUPERVISOR,)


@dataclass(frozen=True, slots=True)
class Desk:
    """Raises NotFound, NotAllowed, Conflict (reload), AdviceWarning and BadPayload; each sentence is fit to show.

    `reads_as_advice` names what makes a reply personalised advice, without its words; () where nothing does.
    """

    mongo: Mongo
    views: Views
    conversations: ConversationStore
    outbox: OutboxStore
    audit: AuditStore
    channels: Mapping[Any, Channel]
    queue: JobQueue
    live: Publisher
    reads_as_advice: Callable[[str], tuple[str, ...]]

    def rows(self, staff: Staff, view: str) -> list[Row]:
        if view not in VIEWS:
            raise NotFound(f"There is no list called {view!r}; use one of {', '.join(VIEWS)}.")
        return self.views.rows(staff, view)

    def counts(self, staff: Staff) -> dict[str, int]:
        return self.views.counts(staff)

    def page(self, staff: Staff, conversation_id: str) -> Page:
        page = self.views.page(staff, conversation_id)
        if page is None:
            raise NotFound("There is no such conversation, or it is not yours to read.")
        return page

    def take(self, staff: Staff, conversation_id: str) -> None:
        """Make `staff` the owner; a supervisor may take over from a colleague."""
        conversation = self._mine_to_answer(staff, conversation_id)
        if conversation.status is Status.ASSIGNED and conversation.assignee == staff.id:
            return
        if conversation.status is Status.RESOLVED:
            raise Conflict("This conversation is resolved; the customer's next message opens a new one.")
        if conversation.status is Status.ASSIGNED and staff.role not in TAKES_FROM_OTHERS:
            raise Conflict("A colleague has taken this conversation.")
        self._change(
            staff,
            conversation,
            "conversation:take",
            {"status": Status.ASSIGNED.value, "assignee": staff.id, "waiting_since": None, "offer": None},
            unread=0,
        )

    def reply(
        self,
        staff: Staff,
        conversation_id: str,
        text: str,
        client_id: str,
        *,
        assisted: bool = False,
        reason: str | None = None,
    ) -> str:
        """Send `text` to the customer; the same `client_id` twice is one message. Returns the message id.

        `assisted`: a draft of the model was put into the composer before; the audit log keeps that. `reason`: why a
        reply goes out that reads as personalised advice; kept too, and without it AdviceWarning is raised.
        """
        conversation = self._mine_to_answer(staff, conversation_id)
        words = text.strip()
        if not words:
            raise BadPayload("Write something before you send.")
        if len(words) > LONGEST_REPLY:
            raise BadPayload(f"The reply is longer than {LONGEST_REPLY} characters; send it in parts.")
        if conversation.status is not Status.ASSIGNED or conversation.assignee != staff.id:
            raise Conflict("Take the conversation before you reply.")
        override = self._override(words, reason)
        pulls = self.channels[conversation.channel].capabilities.pulls
        draft = Draft(author=f"staff:{staff.id}", text=words, at=datetime.now(UTC), client_id=client_id)
        draft = draft if pulls else replace(draft, entry=draft.id)
        detail = {"assisted": True} if assisted else {}
        message_id = self._change(
            staff,
            conversation,
            "conversation:reply",
            {},
            draft=draft,
            unread=0,
            detail=detail,
            override=override,
        )
        if not pulls:
            self.queue.wake(conversation.thread)
        return message_id or draft.id

    def resolve(self, staff: Staff, conversation_id: str) -> None:
        conversation = self._owned(staff, conversation_id)
        self._change(
            staff,
            conversation,
            "conversation:resolve",
            {"status": Status.RESOLVED.value, "waiting_since": None, "offer": None},
            unread=0,
        )

    def back_to_bot(self, staff: Staff, conversation_id: str) -> None:
        conversation = self._owned(staff, conversation_id)
        self._change(
            staff,
            conversation,
            "conversation:back_to_bot",
            {
                "status": Status.BOT.value,
                "assignee": None,
                "skill": None,
                "priority": 5,
                "reason": None,
                "waiting_since": None,
                "misses": 0,
            },
            unread=0,
        )

    def _override(self, text: str, reason: str | None) -> dict[str, Any] | None:
        """What the audit log keeps of a reply that is sent although it reads as advice; None for any other."""
        evidence = self.reads_as_advice(text)
        if not evidence:
            return None
        why = (reason or "").strip()
        if not why:
            raise AdviceWarning(
                "This reads as personal advice. Reword it, or say why it may be sent: the reason is kept.",
                evidence,
            )
        if not SHORTEST_REASON <= len(why) <= LONGEST_REASON:
            raise AdviceWarning(
                f"A reason has {SHORTEST_REASON} to {LONGEST_REASON} characters: say why this may be sent.",
                evidence,
            )
        # It may quote the customer.
        return {"reason": mask(why).masked, "evidence": list(evidence)}

    def _mine_to_answer(self, staff: Staff, conversation_id: str) -> Conversation:
        if staff.role not in ANSWERS:
            raise NotAllowed("Your role reads conversations and does not answer them.")
        return self.page(staff, conversation_id).conversation

    def _owned(self, staff: Staff, conversation_id: str) -> Conversation:
        conversation = self._mine_to_answer(staff, conversation_id)
        if conversation.status is Status.RESOLVED:
            raise Conflict("This conversation is resolved already.")
        if conversation.assignee != staff.id and staff.role not in TAKES_FROM_OTHERS:
            raise Conflict("Take the conversation first.")
        return conversation

    def _change(
        self,
        staff: Staff,
        conversation: Conversation,
        action: str,
        changes: dict[str, Any],
        *,
        draft: Draft | None = None,
        unread: int,
        detail: Mapping[str, Any] | None = None,
        override: Mapping[str, Any] | None = None,
    ) -> str | None:
        """The id of the draft's message: an earlier one where the same form was sent before."""
        sealed = self.conversations.seal(conversation.customer_id, [draft] if draft else [])

        def work(session: Session) -> str | None:
            # Inside, so that of two at the same moment the second, which MongoDB makes repeat, sees the first.
            if draft is not None and (known := self._sent(conversation.id, draft, session)) is not None:
                return known
            written = self.conversations.write(
                session,
                thread=conversation.thread,
                sealed=sealed,
                conversation=conversation,
                is_new=False,
                changes={**changes, "unread": unread},
                undelivered=draft is not None and draft.entry is not None,
            )
            if draft is not None and draft.entry is not None:
                self.outbox.add(
                    session,
                    entry_id=draft.entry,
                    thread=conversation.thread,
                    conversation_id=conversation.id,
                    account_id=conversation.account_id,
                    message_ids=[draft.id],
                    pos=written.first_pos,
                    person=True,
                )
            noted = {"from": conversation.status.value, **(detail or {})}
            self.audit.add(staff.id, action, conversation.id, noted, session)
            if draft is not None and override is not None:
                why = {**override, "message": draft.id}
                self.audit.add(staff.id, "conversation:advice_override", conversation.id, why, session)
            return draft.id if draft else None

        try:
            message_id = self.mongo.transaction(work)
        except Stale as error:
            raise Conflict(
                "Somebody changed this conversation a moment ago; reload and look again."
            ) from error
        topics = ("inbox", f"conversation:{conversation.id}", f"thread:{conversation.thread}")
        self.live.publish(topics, {"conversation": conversation.id})
        return message_id

    def _sent(self, conversation_id: str, draft: Draft, session: Session) -> str | None:
        query = {"conversation": conversation_id, "author": draft.author, "client_id": draft.client_id}
        found = self.mongo["messages"].find_one(query, {"_id": 1}, session=session)
        return str(found["_id"]) if found else None
