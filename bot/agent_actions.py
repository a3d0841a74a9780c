"""What people do in a conversation: take, reply, resolve, hand back. Check, change and audit in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.contracts import Channel
from bot.csat import Csat
from bot.desk.access import TAKES_FROM_OTHERS, Access
from bot.desk.change import Changes
from bot.desk.standing import AWAKE, owned_by
from bot.errors import AdviceWarning, BadPayload, Conflict, NotFound
from bot.masking import mask
from bot.model import Conversation, Page, Row, Staff, Status
from bot.mongo import Session
from bot.neutral import TELLS, tips_off
from bot.queue import JobQueue
from bot.reasons import LONGEST_REASON, SHORTEST_REASON
from bot.store.calling import OWNER
from bot.store.reading import EVERYTHING, Wanted
from bot.store.records import Draft
from bot.store.rows import Listing
from bot.store.shared import Moment
from bot.store.views import VIEWS, Views

LONGEST_REPLY = 2000


@dataclass(frozen=True, slots=True)
class Desk:
    """Raises NotFound, NotAllowed, Conflict (reload), AdviceWarning and BadPayload; each sentence is fit to show.

    `reads_as_advice` names what makes a reply personalised advice, without its words; () where nothing does.
    """

    views: Views
    access: Access
    changes: Changes
    channels: Mapping[Any, Channel]
    queue: JobQueue
    reads_as_advice: Callable[[str], tuple[str, ...]]
    csat: Csat

    def rows(self, staff: Staff, view: str) -> list[Row]:
        if view not in VIEWS:
            raise NotFound(f"There is no list called {view!r}; use one of {', '.join(VIEWS)}.")
        return self.views.rows(staff, view)

    def moment(self, staff: Staff) -> Moment:
        """For all parts of one look at the lists."""
        return self.views.moment(staff)

    def listing(
        self,
        staff: Staff,
        view: str,
        wanted: Wanted = EVERYTHING,
        after: str | None = None,
        moment: Moment | None = None,
    ) -> Listing:
        """Part of a list: those `wanted`, after the cursor that an earlier part ended with."""
        if view not in VIEWS:
            raise NotFound(f"There is no list called {view!r}; use one of {', '.join(VIEWS)}.")
        return self.views.listing(staff, view, wanted, after, moment)

    def skills(self, staff: Staff, moment: Moment | None = None) -> dict[str, int]:
        """How many wait for each skill."""
        return self.views.skills(staff, moment)

    def counts(self, staff: Staff, moment: Moment | None = None) -> dict[str, int]:
        return self.views.counts(staff, moment)

    def page(self, staff: Staff, conversation_id: str, *, last: int | None = None) -> Page:
        """`last`: with so many messages only, and none of the customer's other conversations."""
        return self.access.page(staff, conversation_id, last=last)

    def take(self, staff: Staff, conversation_id: str) -> None:
        """Make `staff` the owner; a supervisor may take over from a colleague."""
        conversation = self.access.answering(staff, conversation_id)
        if conversation.status is Status.ASSIGNED and conversation.assignee == staff.id:
            return
        if conversation.status is Status.RESOLVED:
            raise Conflict("This conversation is resolved; the customer's next message opens a new one.")
        if conversation.status is Status.ASSIGNED and staff.role not in TAKES_FROM_OTHERS:
            raise Conflict("A colleague has taken this conversation.")
        self.changes.apply(
            staff.id,
            conversation,
            "conversation:take",
            owned_by(staff.id, datetime.now(UTC)),
            read=True,
            # Whoever had it hears of it by this (bot/store/calling.py).
            detail={OWNER: conversation.assignee} if conversation.assignee else {},
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
        conversation = self.access.replying(staff, conversation_id)
        words = text.strip()
        if not words:
            raise BadPayload("Write something before you send.")
        if len(words) > LONGEST_REPLY:
            raise BadPayload(f"The reply is longer than {LONGEST_REPLY} characters; send it in parts.")
        if tips_off(words):
            # No reason excuses it, unlike advice: to tell is an offence.
            raise BadPayload(TELLS)
        override = self._override(words, reason)
        draft = Draft(author=f"staff:{staff.id}", text=words, at=datetime.now(UTC), client_id=client_id)

        def keep_why(session: Session) -> None:
            if override is not None:
                why = {**override, "message": draft.id}
                self.changes.audit.add(
                    staff.id, "conversation:advice_override", conversation.id, why, session
                )

        return self.say(
            staff, conversation, draft, detail={"assisted": True} if assisted else {}, also=keep_why
        )

    def say(
        self,
        staff: Staff,
        conversation: Conversation,
        draft: Draft,
        *,
        detail: Mapping[str, Any] | None = None,
        also: Callable[[Session], None] | None = None,
    ) -> str:
        """Send what is no free text: an approved article, a file. `conversation` is from `Access.replying`.

        Returns the message id; an earlier one's where the draft's `client_id` was sent before. Raises Conflict.
        """
        pulls = self.channels[conversation.channel].capabilities.pulls
        draft = draft if pulls else replace(draft, entry=draft.id)
        message_id = self.changes.apply(
            staff.id,
            conversation,
            "conversation:reply",
            {"news": None},
            draft=draft,
            read=True,
            detail=detail,
            also=also,
        )
        if not pulls:
            self.queue.wake(conversation.thread, ahead=True)
        return message_id or draft.id

    def resolve(self, staff: Staff, conversation_id: str) -> None:
        conversation = self.access.owned(staff, conversation_id)
        asking = self.csat.asking(conversation)
        self.changes.apply(
            staff.id,
            conversation,
            "conversation:resolve",
            {
                "status": Status.RESOLVED.value,
                "waiting_since": None,
                "offer": None,
                "resolved_at": datetime.now(UTC),
                "resolved_by": staff.id,
                **AWAKE,
            },
            read=True,
            draft=asking.draft if asking else None,
            also=asking.also if asking else None,
        )
        if asking is not None and asking.sends:
            self.queue.wake(conversation.thread, ahead=True)

    def back_to_bot(self, staff: Staff, conversation_id: str) -> None:
        conversation = self.access.owned(staff, conversation_id)
        self.changes.apply(
            staff.id,
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
                **AWAKE,
            },
            read=True,
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
