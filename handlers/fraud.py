"""Money, card or account in danger: first in line, with the approved emergency notice at once."""

from __future__ import annotations

from bot.contracts import Handler
from bot.model import Decision, Turn

from .intent import Once, Reading
from .say import Desk

SKILL = "fraud"
PRIORITY = 0
NOTICE = "emergency"


def fraud(desk: Desk, read: Once[Reading]) -> Handler:
    def decide(turn: Turn) -> Decision | None:
        reading = read(turn)
        if "fraud" not in reading.fired:
            return None
        trace = reading.trace("fraud")
        return desk.hand_off(turn, "fraud", skill=SKILL, priority=PRIORITY, notice_id=NOTICE, trace=trace)

    return decide
