"""Handing a conversation on: to a colleague, who sees it as new, or to a skill, in whose queue it waits again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.desk.access import ANSWERS, Access
from bot.desk.change import Changes
from bot.desk.notes import checked
from bot.desk.standing import AWAKE, owned_by
from bot.errors import BadPayload, NotAllowed
from bot.model import Conversation, Role, Staff, Status
from bot.mongo import Session
from bot.store.colleagues import Colleague, ColleagueStore
from bot.store.notes import NoteStore
from bot.store.reading import COMPLAINT, READS_COMPLAINTS

SKILLS = (
    "general",
    "complaint",
    "fraud",
    "licensed",
    "loan",
    "card",
    "investment",
    "insurance",
    "deposit",
    "account",
)
"""What the handlers hand over to, and what articles are about."""


@dataclass(frozen=True, slots=True)
class Transfers:
    """Raises NotFound, NotAllowed, Conflict (somebody was quicker) and BadPayload; each sentence is fit to show."""

    access: Access
    changes: Changes
    colleagues: ColleagueStore
    notes: NoteStore

    def people(self, conversation: Conversation) -> list[Colleague]:
        """Whom it may go to, by name: those who answer and may read it, without its owner."""
        return [
            one
            for one in self.colleagues.active()
            if one.id != conversation.assignee and _takes(one, conversation)
        ]

    def skills(self, staff: Staff, conversation: Conversation) -> list[str]:
        """What it may go to, without the skill it waits for already."""
        known = dict.fromkeys([*SKILLS, *(skill for one in self.colleagues.active() for skill in one.skills)])
        waits = conversation.status is Status.WAITING
        return [
            one
            for one in known
            if not (waits and one == conversation.skill) and not _frees(staff, conversation, one)
        ]

    def to_colleague(self, staff: Staff, conversation_id: str, colleague_id: str, note: str = "") -> None:
        conversation = self.access.owned(staff, conversation_id)
        colleague = self.colleagues.one(colleague_id)
        if colleague is None or colleague.role not in ANSWERS:
            raise BadPayload("Choose a colleague who answers customers.")
        if colleague.id == conversation.assignee:
            raise BadPayload("It is with this colleague already.")
        if not _takes(colleague, conversation):
            raise NotAllowed("Complaints are for senior agents and supervisors: choose one of them.")
        now = datetime.now(UTC)
        self._apply(
            staff,
            conversation,
            {
                **owned_by(colleague.id, now),
                "unread": max(1, conversation.unread),
                "news": {"kind": "transfer", "at": now, "by": staff.id},
            },
            {"to": colleague.id},
            note,
        )

    def to_skill(self, staff: Staff, conversation_id: str, skill: str, note: str = "") -> None:
        """Back to the queue with that skill: its priority is kept, and it waits from now."""
        conversation = self.access.owned(staff, conversation_id)
        if skill not in self.skills(staff, conversation):
            if _frees(staff, conversation, skill):
                raise NotAllowed("That a complaint is none after all is a supervisor's word.")
            raise BadPayload("Choose one of the skills.")
        self._apply(
            staff,
            conversation,
            {
                "status": Status.WAITING.value,
                "assignee": None,
                "assigned_at": None,
                "skill": skill,
                "waiting_since": datetime.now(UTC),
                # Whoever passed it on does not get it back at once.
                "passed_by": [conversation.assignee or staff.id],
                "offer": None,
                **AWAKE,
            },
            {"skill": skill},
            note,
        )

    def _apply(
        self,
        staff: Staff,
        conversation: Conversation,
        changes: dict[str, Any],
        detail: dict[str, Any],
        note: str,
    ) -> None:
        words = checked(note) if note.strip() else ""

        def keep_note(session: Session) -> None:
            if words:
                self.notes.add(session, conversation, staff.id, words)

        self.changes.apply(
            staff.id, conversation, "conversation:transfer", changes, detail=detail, also=keep_note
        )


def _takes(colleague: Colleague, conversation: Conversation) -> bool:
    return colleague.role in ANSWERS and (
        conversation.skill != COMPLAINT or colleague.role in READS_COMPLAINTS
    )


def _frees(staff: Staff, conversation: Conversation, skill: str) -> bool:
    """Whether it would let people read a complaint who may not, on the word of somebody who may not say so."""
    return conversation.skill == COMPLAINT != skill and staff.role is not Role.SUPERVISOR
