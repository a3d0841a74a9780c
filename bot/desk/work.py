"""What people do in a conversation beside speaking: hand it on, put it off, tag it, note, reopen, and what was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from bot.desk.access import ANSWERS, Access
from bot.desk.change import Changes
from bot.desk.notes import Noting
from bot.desk.snoozes import Snoozes
from bot.desk.standing import owned_by
from bot.desk.tags import Tags
from bot.desk.transfers import Transfers
from bot.errors import Conflict, NotFound
from bot.hours import Timetable
from bot.model import Delivery, Page, Staff, Status
from bot.mongo import Mongo
from bot.store.audit import AuditStore
from bot.store.colleagues import ColleagueStore
from bot.store.notes import Note, NoteStore
from bot.store.snoozes import SnoozeStore
from bot.store.tags import TagStore
from bot.vault import Vault

DEEDS = tuple(
    f"conversation:{deed}"
    for deed in (
        "take",
        "assign",
        "return",
        "transfer",
        "snooze",
        "snooze_over",
        "wake",
        "resolve",
        "reopen",
        "back_to_bot",
    )
)
"""What a thread tells between its messages; the audit log keeps more."""
TOLD = 100


@dataclass(frozen=True, slots=True)
class Deed:
    """One act on a conversation. `actor` is a staff id or `system:<what>`, `detail` what the audit log holds of it."""

    action: str
    actor: str
    at: datetime
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Story:
    """What happened beside the messages. `newer` is the customer's open conversation where this one is resolved."""

    notes: tuple[Note, ...] = ()
    deeds: tuple[Deed, ...] = ()
    reopens: bool = False
    newer: str | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """Raises NotFound, NotAllowed, Conflict (somebody was quicker) and BadPayload; each sentence is fit to show."""

    access: Access
    changes: Changes
    transfers: Transfers
    snoozes: Snoozes
    tags: Tags
    noting: Noting
    audit: AuditStore

    def story(self, staff: Staff, page: Page) -> Story:
        """To go with `page`, which only who may read the conversation has."""
        conversation = page.conversation
        events = self.audit.latest(conversation.id, DEEDS, TOLD)
        resolved = conversation.status is Status.RESOLVED
        newer = self.access.views.open_of(conversation.customer_id) if resolved else None
        return Story(
            notes=tuple(self.noting.notes.of(conversation.id)),
            deeds=tuple(Deed(one["action"], one["actor"], one["at"], one["detail"]) for one in events),
            reopens=resolved and newer is None and staff.role in ANSWERS,
            newer=newer,
        )

    def reopen(self, staff: Staff, conversation_id: str) -> None:
        """Go on with a resolved conversation as its owner, unless the customer has a newer one."""
        conversation = self.access.answering(staff, conversation_id)
        if conversation.status is not Status.RESOLVED:
            raise Conflict("This conversation is open already.")
        if self.access.views.open_of(conversation.customer_id) is not None:
            raise Conflict("This customer has a newer conversation: go on there.")
        self.changes.apply(
            staff.id,
            conversation,
            "conversation:reopen",
            owned_by(staff.id, datetime.now(UTC)),
            read=True,
        )

    def again(self, staff: Staff, conversation_id: str, message_id: str) -> str:
        """The text of one's own message that did not arrive, to be sent anew.

        Raises Conflict where it may have arrived: sent again it could be there twice.
        """
        conversation = self.access.replying(staff, conversation_id)
        message = self.access.views.own_words(staff, conversation.id, message_id)
        if message is None:
            raise NotFound("There is no such message.")
        if message.delivery != Delivery.FAILED.value:
            raise Conflict("Only a message that certainly did not arrive is sent again.")
        return message.text


def work_of(
    mongo: Mongo,
    vault: Vault,
    access: Access,
    changes: Changes,
    notes: NoteStore,
    hours: Callable[[], Timetable],
    zone: tzinfo,
) -> Work:
    colleagues = ColleagueStore(mongo, vault)
    return Work(
        access=access,
        changes=changes,
        transfers=Transfers(access, changes, colleagues, notes),
        snoozes=Snoozes(access, changes, SnoozeStore(mongo), hours, zone),
        tags=Tags(access, changes, TagStore(mongo)),
        noting=Noting(access, changes, colleagues, notes),
        audit=changes.audit,
    )
