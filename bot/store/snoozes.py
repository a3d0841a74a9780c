"""Conversations put off: which of them are due, and their coming back."""

from __future__ import annotations

from datetime import datetime

from bot.model import Conversation
from bot.mongo import Mongo, Session
from bot.store.documents import conversation_of

AT_ONCE = 200
"""So many come back in one tick; the next one is a moment later."""


class SnoozeStore:
    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def due(self, now: datetime) -> list[Conversation]:
        """Those whose time is up and whose owner was not told yet, the longest over first."""
        query = {"asleep": True, "snoozed_until": {"$lte": now}}
        found = self._mongo["conversations"].find(query).sort("snoozed_until", 1).limit(AT_ONCE)
        return [conversation_of(doc) for doc in found]

    def wake(self, session: Session, conversation: Conversation, now: datetime) -> bool:
        """Tell the owner that the time is up; False where the conversation was snoozed anew or woken meanwhile.

        The past moment stays in it: whoever measures how long it was left alone counts from there.
        """
        as_read = {"_id": conversation.id, "asleep": True, "snoozed_until": conversation.snoozed_until}
        changed = self._mongo["conversations"].update_one(
            as_read,
            {"$set": {"asleep": False, "news": {"kind": "time", "at": now}}, "$max": {"unread": 1}},
            session=session,
        )
        return changed.matched_count > 0
