"""A customer's own data in full, for the copy that the law lets them have (個資法 3, 10).

What they said and were told, who they are here, their files, ratings and requests. Not in it: working notes of staff,
marks and tags, which are the firm's own opinion, and why the bot decided as it did.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.mongo import Doc, Mongo
from bot.store.restricted import UNRESTRICTED
from bot.vault import Vault

SIDES = {"customer": "customer", "bot": "bot", "system": "system", "staff": "staff"}


class CustomerCopy:
    """Every method raises PyMongoError. Who may ask is checked by who calls; a restricted customer gives nothing."""

    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def identities(self, members: Sequence[str]) -> list[Doc]:
        found = []
        for doc in self._mongo["customers"].find({"_id": {"$in": list(members)}, **UNRESTRICTED}):
            place = self._mongo["threads"].find_one({"customer": doc["_id"]}, {"channel": 1}) or {}
            found.append(
                {
                    "id": doc["_id"],
                    "channel": place.get("channel"),
                    "name": self._vault.read(doc.get("name")) or None,
                    "language": doc.get("language"),
                    "customer_number": self._vault.read(doc.get("verified_as")) or None,
                    "since": doc.get("created_at"),
                    "marketing_stopped": (doc.get("marketing_stopped") or {}).get("at"),
                }
            )
        return found

    def conversations(self, members: Sequence[str]) -> list[Doc]:
        query = {"customer": {"$in": list(members)}, **UNRESTRICTED}
        found = []
        for doc in self._mongo["conversations"].find(query).sort([("opened_at", 1), ("_id", 1)]):
            rating = self._mongo["ratings"].find_one({"_id": doc["_id"]}) or {}
            found.append(
                {
                    "id": doc["_id"],
                    "channel": doc["channel"],
                    "opened": doc["opened_at"],
                    "closed": doc.get("resolved_at"),
                    "rating": rating.get("score"),
                    "rating_comment": self._vault.read(rating.get("comment")) or None,
                }
            )
        return found

    def messages(self, members: Sequence[str]) -> Iterator[Doc]:
        """Every line of theirs and to them, with the version of each approved text: the notices they were shown too."""
        hidden = {"customer": {"$in": list(members)}, "restricted": True}
        parted = [doc["_id"] for doc in self._mongo["conversations"].find(hidden, {"_id": 1})]
        query: Doc = {"customer": {"$in": list(members)}, "conversation": {"$nin": parted}}
        for doc in self._mongo["messages"].find(query).sort([("at", 1), ("_id", 1)]):
            yield {
                "id": doc["_id"],
                "conversation": doc["conversation"],
                "at": doc["at"],
                "from": SIDES.get(doc["author"].partition(":")[0], "system"),
                "kind": doc["kind"],
                "text": self._vault.read(doc["content"]),
                "approved": [f"{one['id']} v{one['version']}" for one in doc.get("approved", ())],
                **({"about": doc["of"]} if doc.get("of") else {}),
            }

    def files(self, members: Sequence[str]) -> list[Doc]:
        found = self._mongo["files"].find({"customer": {"$in": list(members)}}).sort("at", 1)
        return [
            {
                "id": doc["_id"],
                "name": self._vault.read(doc["name"]),
                "type": doc["type"],
                "bytes": doc["size"],
            }
            for doc in found
        ]

    def cases(self, members: Sequence[str]) -> list[Doc]:
        query = {"customer": {"$in": list(members)}}
        wanted: dict[str, Any] = dict.fromkeys(("kind", "received_at", "state", "outcome", "closed_at"), 1)
        return [
            {("id" if name == "_id" else name): value for name, value in doc.items()}
            for doc in self._mongo["cases"].find(query, wanted).sort("received_at", 1)
        ]
