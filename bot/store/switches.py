"""Where the AI is switched off: one document for the whole and one for each channel account that was ever stopped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.mongo import Doc, Mongo, Session

WHOLE = "all"
"""The scope that is every channel account; account ids are hex and never look like it."""


@dataclass(frozen=True, slots=True)
class Off:
    """The AI does not answer in `scope` (`all`, or a channel account's id). `by` is a staff id or a command; `reason`
    is masked."""

    scope: str
    by: str
    reason: str
    since: datetime


class SwitchStore:
    """Reads and writes raise PyMongoError when MongoDB is away."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def off(self) -> tuple[Off, ...]:
        """All scopes that are off, the whole first."""
        found = [_off(doc) for doc in self._mongo["switches"].find({"off": True})]
        return tuple(sorted(found, key=lambda one: (one.scope != WHOLE, one.since)))

    def one(self, scope: str, session: Session) -> Off | None:
        doc = self._mongo["switches"].find_one({"_id": scope, "off": True}, session=session)
        return _off(doc) if doc else None

    def set(self, session: Session, scope: str, by: str, reason: str, at: datetime, *, off: bool) -> None:
        """Writers of one scope conflict, so that each sees the other's."""
        changed = {"off": off, "by": by, "reason": reason, "at": at}
        self._mongo["switches"].update_one({"_id": scope}, {"$set": changed}, upsert=True, session=session)


def _off(doc: Doc) -> Off:
    return Off(doc["_id"], doc["by"], doc["reason"], doc["at"])
