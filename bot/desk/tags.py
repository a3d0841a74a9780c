"""Tags of a conversation: short words a team agrees on, the same however they are typed, never a customer's data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bot.desk.access import Access
from bot.desk.change import Changes
from bot.errors import BadPayload
from bot.masking import mask
from bot.model import Staff
from bot.mongo import Session
from bot.store.tags import TagStore

LONGEST_TAG = 30
_SEPARATORS = re.compile(r"[,，、;；\n]")


@dataclass(frozen=True, slots=True)
class Tags:
    access: Access
    changes: Changes
    store: TagStore

    def set(
        self, staff: Staff, conversation_id: str, wanted: Sequence[str], seen: Sequence[str] | None = None
    ) -> tuple[list[str], list[str]]:
        """Make the tags `wanted`; returns what was added and what was taken away.

        `seen` are those that the person saw when they chose (the present ones without it): what a colleague changed
        meanwhile stays. Raises NotFound, NotAllowed and BadPayload.
        """
        conversation = self.access.answering(staff, conversation_id)
        before = list(conversation.tags if seen is None else seen)
        after = [normal(one) for one in wanted if one.strip()]
        add = [one for one in after if one not in before]
        remove = [one for one in before if one not in after]

        def work(session: Session) -> tuple[list[str], list[str]]:
            added, removed = self.store.change(session, conversation.id, add, remove)
            if added or removed:
                detail = {"add": added, "remove": removed}
                self.changes.audit.add(staff.id, "conversation:tag", conversation.id, detail, session)
            return added, removed

        changed = self.changes.mongo.transaction(work)
        if any(changed):
            self.changes.tell(conversation, {})
        return changed

    def known(self) -> list[str]:
        """Tags in use, the most used first."""
        return self.store.known()


def split(written: str) -> list[str]:
    """What somebody typed into one field, as tags: apart by commas of any kind."""
    return [one.strip() for one in _SEPARATORS.split(written) if one.strip()]


def normal(written: str) -> str:
    """The one form of a tag. Raises BadPayload for one too long, with signs that separate, or with personal data."""
    tag = " ".join(unicodedata.normalize("NFKC", written).lstrip("#＃ ").split()).lower()
    if not tag or len(tag) > LONGEST_TAG or _SEPARATORS.search(tag) or not tag.isprintable():
        raise BadPayload(f"A tag has 1 to {LONGEST_TAG} characters and no commas.")
    if mask(tag).masked != tag:
        raise BadPayload("This looks like personal data: a tag must not hold any.")
    return tag
