"""Who may work on a conversation: one check that every verb passes through."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import Conflict, NotAllowed, NotFound
from bot.model import Conversation, Page, Role, Staff, Status
from bot.store.views import Views

ANSWERS = (Role.AGENT, Role.SENIOR, Role.SUPERVISOR)
TAKES_FROM_OTHERS = (Role.SUPERVISOR,)


@dataclass(frozen=True, slots=True)
class Access:
    """Raises NotFound where the role may not read, NotAllowed where it reads only, Conflict where it is not theirs."""

    views: Views

    def page(self, staff: Staff, conversation_id: str, *, last: int | None = None) -> Page:
        page = self.views.page(staff, conversation_id, last=last)
        if page is None:
            raise NotFound("There is no such conversation, or it is not yours to read.")
        return page

    def answering(self, staff: Staff, conversation_id: str) -> Conversation:
        """One that this person's role may work on, whoever owns it."""
        if staff.role not in ANSWERS:
            raise NotAllowed("Your role reads conversations and does not answer them.")
        return self.page(staff, conversation_id).conversation

    def owned(self, staff: Staff, conversation_id: str) -> Conversation:
        """An open one that is theirs to change; a supervisor's are all."""
        conversation = self.answering(staff, conversation_id)
        if conversation.status is Status.RESOLVED:
            raise Conflict("This conversation is resolved already.")
        if conversation.assignee != staff.id and staff.role not in TAKES_FROM_OTHERS:
            raise Conflict("Take the conversation first.")
        return conversation

    def replying(self, staff: Staff, conversation_id: str) -> Conversation:
        """One in which this person speaks with the customer now."""
        conversation = self.answering(staff, conversation_id)
        if conversation.status is not Status.ASSIGNED or conversation.assignee != staff.id:
            raise Conflict("Take the conversation before you reply.")
        return conversation
