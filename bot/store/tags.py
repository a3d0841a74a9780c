"""Tags of conversations, and which are in use: added and taken away one by one, so that nobody undoes a colleague's."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import ASCENDING, DESCENDING

from bot.errors import BadPayload, NotFound
from bot.mongo import Mongo, Session

MOST = 10
KNOWN = 200


class TagStore:
    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def change(
        self, session: Session, conversation_id: str, add: Sequence[str], remove: Sequence[str]
    ) -> tuple[list[str], list[str]]:
        """What was added and what was taken away, in the caller's transaction.

        Raises NotFound where the conversation is gone, BadPayload where it would have more than MOST.
        """
        doc = self._mongo["conversations"].find_one({"_id": conversation_id}, {"tags": 1}, session=session)
        if doc is None:
            raise NotFound("There is no such conversation, or it is not yours to read.")
        before: list[str] = doc.get("tags", [])
        after = [one for one in before if one not in remove]
        after += [one for one in dict.fromkeys(add) if one not in after]
        added = [one for one in after if one not in before]
        removed = [one for one in before if one not in after]
        if len(after) > MOST and added:
            raise BadPayload(f"A conversation has at most {MOST} tags.")
        if not added and not removed:
            return [], []
        self._mongo["conversations"].update_one(
            {"_id": conversation_id}, {"$set": {"tags": after}}, session=session
        )
        for tags, by in ((added, 1), (removed, -1)):
            for tag in tags:
                self._mongo["tags"].update_one(
                    {"_id": tag}, {"$inc": {"uses": by}}, upsert=True, session=session
                )
        return added, removed

    def known(self) -> list[str]:
        """Those in use, the most used first."""
        found = self._mongo["tags"].find({"uses": {"$gt": 0}})
        order = [("uses", DESCENDING), ("_id", ASCENDING)]
        return [doc["_id"] for doc in found.sort(order).limit(KNOWN)]
