"""The register of AI systems (`ai_inventory`, a document a version), drills (`ai_drills`), and what ran last."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import DESCENDING
from pymongo.errors import DuplicateKeyError

from bot.mongo import Doc, Mongo, Session

Known = DuplicateKeyError
"""Raised by a write that would make a second one of the same version."""
_SETTINGS = "ai_settings"


class GovernanceStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def latest(self) -> dict[str, Doc]:
        """By system, the last version."""
        found = self._mongo["ai_inventory"].find().sort("version", 1)
        return {doc["system"]: doc for doc in found}

    def history(self, system: str) -> list[Doc]:
        return list(self._mongo["ai_inventory"].find({"system": system}).sort("version", DESCENDING))

    def add(self, doc: Mapping[str, Any], session: Session) -> None:
        """Raises Known."""
        self._mongo["ai_inventory"].insert_one(dict(doc), session=session)

    def changes(self, actions: Sequence[str], limit: int) -> list[Doc]:
        found = self._mongo["audit"].find({"action": {"$in": list(actions)}})
        return list(found.sort("seq", DESCENDING).limit(limit))

    def settings(self) -> dict[str, dict[str, str]] | None:
        """As they were when the clock looked last; None where it never did."""
        found = self._mongo["state"].find_one({"_id": _SETTINGS})
        return None if found is None else json.loads(found["systems"])

    def keep_settings(
        self, before: Mapping[str, Any] | None, now: Mapping[str, Any], session: Session
    ) -> bool:
        """False where another clock noted a change meanwhile. As text: names of files have dots, which are paths in
        a document."""
        states = self._mongo["state"]
        fields = {"systems": _text(now)}
        if before is not None:
            query = {"_id": _SETTINGS, "systems": _text(before)}
            return bool(states.update_one(query, {"$set": fields}, session=session).matched_count)
        if states.find_one({"_id": _SETTINGS}, session=session) is not None:
            return False
        states.insert_one({"_id": _SETTINGS, **fields}, session=session)
        return True

    def add_drill(self, doc: Mapping[str, Any], session: Session) -> None:
        self._mongo["ai_drills"].insert_one(dict(doc), session=session)

    def drills(self, limit: int) -> list[Doc]:
        return list(self._mongo["ai_drills"].find().sort("at", DESCENDING).limit(limit))

    def decided(self, thread: str) -> tuple[str, datetime] | None:
        """The last decision in a thread: who decided, and when."""
        query = {"thread": thread, "decision": {"$ne": None}}
        found = self._mongo["messages"].find_one(query, {"decision": 1}, sort=[("pos", DESCENDING)])
        return None if found is None else (found["decision"]["handler"], found["decision"]["at"])


def _text(systems: Mapping[str, Any]) -> str:
    return json.dumps(systems, ensure_ascii=False, sort_keys=True)
