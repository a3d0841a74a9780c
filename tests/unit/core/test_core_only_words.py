"""When a page that shows a conversation need fetch the words only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import turns
from bot.model import ChannelType, Conversation, HandOff, Status, StaySilent

ASLEEP_UNTIL = datetime.now(UTC) + timedelta(hours=1)
HELD = Conversation(
    id="c1",
    thread="t1",
    customer_id="k1",
    account_id="a1",
    channel=ChannelType.LINE,
    status=Status.ASSIGNED,
    assignee="s1",
)


@pytest.mark.parametrize(
    ("conversation", "changes", "only"),
    [
        (HELD, turns.changes_of(StaySilent("assigned"), HELD), True),
        (replace(HELD, snoozed_until=ASLEEP_UNTIL), {"snoozed_until": None, "asleep": False}, False),
        (replace(HELD, status=Status.BOT, assignee=None), {"offer": None, "misses": 1}, True),
        (replace(HELD, status=Status.WAITING, assignee=None), {}, True),
        (HELD, {"news": {"kind": "customer"}}, False),
        (
            replace(HELD, status=Status.BOT, assignee=None),
            turns.changes_of(HandOff("human_request", "general", 2, ()), replace(HELD, status=Status.BOT)),
            False,
        ),
    ],
)
def test_only_words(conversation: Conversation, changes: dict[str, Any], only: bool) -> None:
    assert turns.only_words(changes, conversation) is only
