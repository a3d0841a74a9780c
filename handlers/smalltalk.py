"""A greeting or thanks. Anything that might be a question is left to the approved answers."""

from __future__ import annotations

from bot.contracts import Handler
from bot.model import Decision, Turn

from .intent import Once, Reading
from .say import Desk

# Chat that only resembles small talk gets the greeting, which says what Teller is for.
NOTICE = {"greeting": "greeting", "thanks": "smalltalk_thanks", "chat": "greeting"}


def smalltalk(desk: Desk, read: Once[Reading]) -> Handler:
    def decide(turn: Turn) -> Decision | None:
        reading = read(turn)
        if reading.chat is None:
            return None
        return desk.notice(f"smalltalk_{reading.chat}", NOTICE[reading.chat], reading.trace("smalltalk"))

    return decide
