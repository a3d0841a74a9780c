"""Nothing fitted: say so and offer a person; the third time in a row a person it is. Always decides."""

from __future__ import annotations

from typing import Any

from bot.contracts import Handler
from bot.model import Decision, Finding, Reply, Turn

from .approved_answer import MISSES_IN_A_ROW, search_trace
from .intent import Once
from .say import Desk


def missed(desk: Desk, turn: Turn, reason: str, trace: dict[str, Any]) -> Decision:
    """`turn.conversation.misses` counts those before this turn."""
    if turn.conversation.misses + 1 >= MISSES_IN_A_ROW:
        return desk.hand_off(turn, "three_misses", trace=trace)
    parts = (desk.finder.notice("miss"),)
    return Reply(reason=reason, parts=parts, buttons=(desk.person_button(),), miss=True, trace=trace)


def miss(desk: Desk, find: Once[Finding]) -> Handler:
    def decide(turn: Turn) -> Decision | None:
        return missed(desk, turn, "miss", search_trace(find(turn)))

    return decide
