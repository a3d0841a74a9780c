"""Complaint and agitation: to a senior agent, never to the bot."""

from __future__ import annotations

from bot.contracts import Handler
from bot.model import Decision, Turn

from .intent import Once, Reading
from .say import Desk

SKILL = "complaint"
PRIORITY = 1
NOTICE = "handoff_complaint"


def complaint(desk: Desk, read: Once[Reading]) -> Handler:
    def decide(turn: Turn) -> Decision | None:
        reading = read(turn)
        if "complaint" not in reading.fired:
            return None
        trace = reading.trace("complaint")
        return desk.hand_off(turn, "complaint", skill=SKILL, priority=PRIORITY, notice_id=NOTICE, trace=trace)

    return decide
