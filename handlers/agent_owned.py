"""A person has the conversation, or is about to: the bot stays silent."""

from __future__ import annotations

from bot.model import Decision, Status, StaySilent, Turn


def agent_owned(turn: Turn) -> Decision | None:
    if turn.conversation.status in (Status.WAITING, Status.ASSIGNED):
        return StaySilent(f"conversation is {turn.conversation.status}")
    return None
