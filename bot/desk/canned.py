"""Saved replies: who writes which, what may stand in one, and what it says to one customer.

Once in the composer it is free text: it is read by the advice guard again and sent by `Desk.reply`. Nothing here is
approved text, and the bot never reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.desk.access import ANSWERS
from bot.errors import BadPayload, NotAllowed, NotFound
from bot.masking import find
from bot.model import Role, Staff
from bot.mongo import Mongo, Session
from bot.neutral import TELLS, tips_off
from bot.store.audit import AuditStore
from bot.store.canned import FIRM, Canned, CannedStore

PLACES = ("customer_name", "agent_name")
LONGEST = 2000
MOST_FIRM, MOST_OWN = 200, 50
_PLACE = re.compile(r"\{([^{}]*)\}")
_SHORTCUT = re.compile(r"[\w-]{1,24}")


@dataclass(frozen=True, slots=True)
class SavedReplies:
    """Raises NotAllowed, NotFound, Conflict and BadPayload; each sentence is fit to show."""

    mongo: Mongo
    store: CannedStore
    audit: AuditStore
    reads_as_advice: Callable[[str], tuple[str, ...]]

    def of(self, staff: Staff) -> list[Canned]:
        """What this person may use: the firm's and their own."""
        return self.store.of(FIRM, staff.id) if staff.role in ANSWERS else []

    def get(self, staff: Staff, canned_id: str) -> Canned:
        """One that this person may change."""
        found = self.store.get(canned_id)
        if found is None or found.scope not in (FIRM, staff.id):
            raise NotFound("There is no such saved reply.")
        self._may_write(staff, found.scope)
        return found

    def save(
        self, staff: Staff, shortcut: str, text: str, *, firm: bool, canned_id: str | None = None
    ) -> str:
        """Write one, or change `canned_id`, whose scope stays. Returns its id."""
        scope = FIRM if firm else staff.id
        if canned_id is not None:
            scope = self.get(staff, canned_id).scope
        self._may_write(staff, scope)
        name, words = shortcut.strip().removeprefix("/").lower(), text.strip()
        self._check(name, words)

        def work(session: Session) -> str:
            if canned_id is not None:
                self.store.change(session, canned_id, name, words, staff.id)
                saved = canned_id
            else:
                most = MOST_FIRM if scope == FIRM else MOST_OWN
                if self.store.count(scope, session) >= most:
                    raise BadPayload(f"There may be {most} saved replies: delete one first.")
                saved = self.store.add(session, scope, name, words, staff.id)
            # The id alone: a shortcut is somebody's words.
            self.audit.add(staff.id, "canned:save", saved, {"firm": scope == FIRM}, session)
            return saved

        return self.mongo.transaction(work)

    def delete(self, staff: Staff, canned_id: str) -> None:
        one = self.get(staff, canned_id)

        def work(session: Session) -> None:
            self.store.delete(session, canned_id)
            self.audit.add(staff.id, "canned:delete", canned_id, {"firm": one.scope == FIRM}, session)

        self.mongo.transaction(work)

    @staticmethod
    def _may_write(staff: Staff, scope: str) -> None:
        if staff.role not in ANSWERS:
            raise NotAllowed("Your role reads conversations and does not answer them.")
        if scope == FIRM and staff.role is not Role.SUPERVISOR:
            raise NotAllowed("A supervisor writes the firm's saved replies.")

    def _check(self, shortcut: str, text: str) -> None:
        if not _SHORTCUT.fullmatch(shortcut):
            raise BadPayload("A shortcut has 1 to 24 letters, digits or hyphens.")
        if not text:
            raise BadPayload("Write the reply first.")
        if len(text) > LONGEST:
            raise BadPayload(f"A saved reply has {LONGEST} characters at most.")
        unknown = [place for place in _PLACE.findall(text) if place not in PLACES]
        if unknown or len(_PLACE.findall(text)) * 2 != text.count("{") + text.count("}"):
            raise BadPayload("Only {customer_name} and {agent_name} may stand in braces.")
        if find(_PLACE.sub("", text)) or find(shortcut):
            raise BadPayload("There is personal data in it: a saved reply is for everybody.")
        if tips_off(text):
            raise BadPayload(TELLS)
        if self.reads_as_advice(text):
            raise BadPayload("This reads as personal advice, which no saved reply may give.")


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with its places filled; a place without a value is left out, so that no brace reaches a customer."""
    return _PLACE.sub(lambda place: values.get(place.group(1), ""), text)
