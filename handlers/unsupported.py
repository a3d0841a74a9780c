"""Events without words: a new follower is greeted, a sticker or a picture is told that it cannot be read yet."""

from __future__ import annotations

from bot.contracts import Handler
from bot.model import Decision, Kind, StaySilent, Turn

from .say import Desk


def unsupported(desk: Desk) -> Handler:
    def decide(turn: Turn) -> Decision | None:
        if turn.kind is Kind.FOLLOW:
            return desk.notice("follow", "greeting")
        if turn.kind in (Kind.ECHO, Kind.IGNORED):
            return StaySilent(f"nothing was asked: {turn.kind}")
        if turn.kind is Kind.OTHER or (turn.choice is None and not turn.text.strip()):
            return desk.notice("unsupported", "unsupported", {"kind_detail": turn.kind_detail or ""})
        return None

    return decide
