"""Somebody may be in danger: a person at once, with the approved notice of where help is."""

from __future__ import annotations

from bot.contracts import Handler
from bot.model import Decision, Turn

from .intent import Once, Reading
from .say import Desk

SKILL = "general"
PRIORITY = 0
NOTICE = "crisis"


def crisis(desk: Desk, read: Once[Reading]) -> Handler:
    def decide(turn: Turn) -> Decision | None:
        reading = read(turn)
        if "crisis" not in reading.fired:
            return None
        trace = reading.trace("crisis")
        return desk.hand_off(turn, "crisis", skill=SKILL, priority=PRIORITY, notice_id=NOTICE, trace=trace)

    return decide
