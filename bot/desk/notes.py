"""Notes between colleagues, and the calls (@name) in them: only who may read a conversation can be called to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.desk.access import Access
from bot.desk.change import Changes
from bot.errors import BadPayload
from bot.live import EVERY_CONVERSATION, desk_of
from bot.model import Conversation, Staff
from bot.mongo import Session
from bot.store.colleagues import Colleague, ColleagueStore
from bot.store.notes import Note, NoteStore
from bot.store.reading import may_read

LONGEST_NOTE = 2000
_LETTER = re.compile(r"[A-Za-z0-9_]")


@dataclass(frozen=True, slots=True)
class Noting:
    """Raises NotFound, NotAllowed and BadPayload; each sentence is fit to show."""

    access: Access
    changes: Changes
    colleagues: ColleagueStore
    notes: NoteStore

    def people(self, staff: Staff, conversation: Conversation) -> list[Colleague]:
        """Who may be called to this conversation, by name: those who may read it, without oneself."""
        return [
            one
            for one in self.colleagues.active()
            if one.id != staff.id and may_read(one.staff, conversation)
        ]

    def add(self, staff: Staff, conversation_id: str, text: str) -> Note:
        """Keep a note; who is called in it (`@` and the name as it is written) sees it in their mentions."""
        conversation = self.access.answering(staff, conversation_id)
        words = checked(text)
        called = called_in(words, self.colleagues.active())
        for one in called:
            if not may_read(one.staff, conversation):
                raise BadPayload(f"{one.name} may not read this conversation, so a note cannot call them.")

        def work(session: Session) -> Note:
            note = self.notes.add(session, conversation, staff.id, words, [one.id for one in called])
            detail = {"note": note.id, "mentions": [one.id for one in called]}
            self.changes.audit.add(staff.id, "conversation:note", conversation.id, detail, session)
            return note

        note = self.changes.mongo.transaction(work)
        self._tell(conversation.id, note.mentions)
        return note

    def read(self, staff: Staff, conversation_id: str) -> None:
        """They have the conversation before them: its calls are no longer unread."""
        if self.notes.read(staff.id, conversation_id):
            self._tell(conversation_id, (staff.id,))

    def _tell(self, conversation_id: str, people: Sequence[str]) -> None:
        """Their pages and those that show the conversation look again; the customer's page hears nothing of it."""
        topics = (
            f"conversation:{conversation_id}",
            EVERY_CONVERSATION,
            *map(desk_of, people),
        )
        self.changes.live.publish(topics, {"conversation": conversation_id})


def checked(text: str) -> str:
    """A note as it is kept. Raises BadPayload."""
    words = text.replace("\r\n", "\n").strip()
    if not words:
        raise BadPayload("Write the note first.")
    if len(words) > LONGEST_NOTE:
        raise BadPayload(f"A note has at most {LONGEST_NOTE} characters.")
    return words


def called_in(text: str, people: Sequence[Colleague]) -> list[Colleague]:
    """Those whom `text` calls, in its order; of `@Ann` and `@Anna` the longer name that stands there.

    Names in Chinese end where they end; a Latin one ends where no letter follows. Namesakes are called together.
    """
    by_length = sorted(people, key=lambda one: -len(one.name))
    found: dict[str, Colleague] = {}
    for at in re.finditer("[@＠]", text):
        rest = text[at.end() :]
        name = next((one.name for one in by_length if _begins(rest, one.name)), None)
        found |= {
            one.id: one for one in people if name is not None and one.name.casefold() == name.casefold()
        }
    return list(found.values())


def _begins(rest: str, name: str) -> bool:
    if not name or rest[: len(name)].casefold() != name.casefold():
        return False
    return not (_LETTER.match(name[-1]) and _LETTER.match(rest[len(name) : len(name) + 1]))
