"""A change pokes the pages it concerns, and no others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.desk.pokes import hears, pokes
from bot.model import ChannelType, Conversation, Role, Staff, Status

TALK = Conversation("c", "t", "cust", "acc", ChannelType.LINE, Status.BOT)
MAX, AMY = (Staff(name, f"{name}@example.com", name, Role.AGENT) for name in ("max", "amy"))
CHIEF = Staff("chief", "chief@example.com", "chief", Role.SUPERVISOR)
WAITING = {"status": Status.WAITING.value}


def concerned(before: Conversation, changes: dict[str, object]) -> set[str]:
    """Whose lists hear of it."""
    topics = set(pokes(before, changes))
    return {one.id for one in (MAX, AMY, CHIEF) if topics & set(hears(one))}


@pytest.mark.parametrize(
    ("before", "changes", "who"),
    [
        (TALK, {}, {"chief"}),
        (TALK, WAITING, {"max", "amy", "chief"}),
        (replace(TALK, status=Status.WAITING), {}, {"max", "amy", "chief"}),
        (
            replace(TALK, status=Status.WAITING),
            {"status": "assigned", "assignee": "max"},
            {"max", "amy", "chief"},
        ),
        (replace(TALK, status=Status.ASSIGNED, assignee="max"), {}, {"max", "chief"}),
        (
            replace(TALK, status=Status.ASSIGNED, assignee="max"),
            {"assignee": "amy"},
            {"max", "amy", "chief"},
        ),
        (
            replace(TALK, status=Status.ASSIGNED, assignee="amy"),
            {"status": "bot", "assignee": None},
            {"amy", "chief"},
        ),
    ],
)
def test_who_looks_again(before: Conversation, changes: dict[str, object], who: set[str]) -> None:
    assert concerned(before, changes) == who


def test_the_conversation_and_its_customer_always_hear() -> None:
    assert {"conversation:c", "thread:t"} <= set(pokes(TALK, {}))
