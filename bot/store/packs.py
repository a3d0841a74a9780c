"""Packs that people ordered on the page: what was wanted, who agreed, what was made, and until when it is kept.

The reason of an unmasked pack may hold personal data and is sealed; everything else here is ids, days and digests.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo import DESCENDING

from bot.mongo import Doc, Mongo, Session
from bot.store.holds import BLOCKING
from bot.vault import SERVICE, Vault

PROPOSED, ORDERED, READY, REFUSED, GONE = "proposed", "ordered", "ready", "refused", "gone"
ERASED = "erased"
"""Gone before its time: it held what was destroyed since."""


class PackStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def add(self, order: Doc, reason: str, session: Session) -> None:
        sealed = self._vault.seal(reason, SERVICE) if reason else None
        self._mongo["packs"].insert_one({**order, "reason": sealed}, session=session)

    def get(self, order_id: str) -> Doc | None:
        return self._mongo["packs"].find_one({"_id": order_id})

    def reason(self, order: Doc) -> str:
        return self._vault.read(order.get("reason"))

    def latest(self, limit: int) -> list[Doc]:
        return list(self._mongo["packs"].find().sort("at", DESCENDING).limit(limit))

    def move(
        self, order_id: str, before: str, after: str, more: Mapping[str, Any], session: Session | None = None
    ) -> bool:
        """From one state to another; False where somebody else was first."""
        result = self._mongo["packs"].update_one(
            {"_id": order_id, "state": before}, {"$set": {"state": after, **more}}, session=session
        )
        return bool(result.modified_count)

    def over(self, now: datetime) -> list[Doc]:
        """Those that lie here and whose time is over."""
        return list(self._mongo["packs"].find({"state": READY, "until": {"$lt": now}}))

    def ready(self) -> list[Doc]:
        return list(self._mongo["packs"].find({"state": READY}))

    def erasures(self, since: datetime) -> list[Doc]:
        """Certificates of customers whose erasure was not over by then."""
        still = {"$or": [{"state": "open"}, {"done_at": {"$gt": since}}]}
        return list(self._mongo["certificates"].find({"kind": "customer", **still}, {"customers": 1}))

    def held(self) -> list[str]:
        """Customers on whom a legal hold stands or is proposed."""
        return sorted(self._mongo["holds"].distinct("customer", {"state": {"$in": list(BLOCKING)}}))

    def keep(self, order_id: str, before: Doc | None, kept: Doc, session: Session) -> bool:
        """Why it lies here although records in it were erased; False where somebody else was first."""
        query = {"_id": order_id, "state": READY, "kept": before}
        return bool(
            self._mongo["packs"].update_one(query, {"$set": {"kept": kept}}, session=session).modified_count
        )

    def lying(self) -> set[str]:
        """Ids of those whose files may be here: ready, or being made."""
        found = self._mongo["packs"].find({"state": {"$in": [ORDERED, READY]}}, {"run": 1, "state": 1})
        docs = {doc["_id"]: doc for doc in found}
        open_ = {"_id": {"$in": [doc.get("run") for doc in docs.values()]}, "open": True}
        at_work = {doc["_id"] for doc in self._mongo["runs"].find(open_, {"_id": 1})}
        return {one for one, doc in docs.items() if doc["state"] == READY or doc.get("run") in at_work}
