"""Which open pages a change concerns: a poke that wakes all of them would keep the machine busy with looking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.live import EVERY_CONVERSATION, QUEUE, desk_of
from bot.live import EVERYONE as EVERYONE
from bot.model import Conversation, Role, Staff, Status
from bot.store.views import READS_ALL


def pokes(before: Conversation, changes: Mapping[str, Any]) -> tuple[str, ...]:
    """The live topics of a conversation that was `before` and has these `changes` now."""
    statuses = {before.status.value, changes.get("status", before.status.value)}
    owners = {before.assignee, changes.get("assignee", before.assignee)} - {None}
    return (
        f"conversation:{before.id}",
        f"thread:{before.thread}",
        EVERY_CONVERSATION,
        *([QUEUE] if Status.WAITING.value in statuses else []),
        *(desk_of(owner) for owner in sorted(map(str, owners))),
    )


def hears(staff: Staff) -> tuple[str, ...]:
    """The topics of this person's lists."""
    if staff.role in READS_ALL:
        return (EVERYONE, EVERY_CONVERSATION)
    return (EVERYONE, desk_of(staff.id), *([QUEUE] if staff.role is not Role.ADMIN else []))
