"""What is right for this one customer: only licensed people may say (證券投信投顧法 4)."""

from __future__ import annotations

from bot.contracts import Handler
from bot.model import Decision, Turn

from .intent import Once, Reading
from .say import Desk

SKILL = "licensed"
PRIORITY = 4
NOTICE = "advice"


def advice(desk: Desk, read: Once[Reading]) -> Handler:
    def decide(turn: Turn) -> Decision | None:
        reading = read(turn)
        if "advice" not in reading.fired:
            return None
        trace = reading.trace("advice")
        return desk.hand_off(turn, "advice", skill=SKILL, priority=PRIORITY, notice_id=NOTICE, trace=trace)

    return decide
