"""What a case does to the customer's own records: marketing stops, a name is corrected, cases are hidden too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.errors import NotFound
from bot.mongo import Mongo, Session
from bot.store.records import whole_ms
from bot.vault import Vault, customer_key


class CaseEffects:
    """Every method raises PyMongoError. What changes something does so in the caller's transaction."""

    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def stop_marketing(self, session: Session, members: Iterable[str], case_id: str, now: datetime) -> None:
        """From this moment on (個資法 20 II); once is enough."""
        mark = {"$set": {"marketing_stopped": {"at": whole_ms(now), "case": case_id}}}
        query = {"_id": {"$in": list(members)}, "marketing_stopped": {"$exists": False}}
        self._mongo["customers"].update_many(query, mark, session=session)

    def marketing_stopped(self, customer: str) -> datetime | None:
        doc = self._mongo["customers"].find_one({"_id": customer}, {"marketing_stopped": 1})
        at: datetime | None = ((doc or {}).get("marketing_stopped") or {}).get("at")
        return at

    def hide(self, session: Session, members: Iterable[str]) -> None:
        """All cases of a restricted customer are for those who decide."""
        query = {"customer": {"$in": list(members)}}
        self._mongo["cases"].update_many(query, {"$set": {"restricted": True}}, session=session)

    def erased_under(self, case_id: str) -> str | None:
        """The certificate of the erasure that this case asked for, once it is done."""
        doc = self._mongo["certificates"].find_one({"case": case_id, "state": "done"}, {"_id": 1})
        return str(doc["_id"]) if doc else None

    def correct(self, session: Session, customer: str, field: str, value: str) -> str:
        """Set the customer's name or language; what it was."""
        stored: Any = self._vault.seal(value, customer_key(customer)) if field == "name" else value
        doc = self._mongo["customers"].find_one_and_update(
            {"_id": customer}, {"$set": {field: stored}}, session=session
        )
        if doc is None:
            raise NotFound("There is no such customer.")
        before = doc.get(field)
        return self._vault.read(before) if field == "name" and before else str(before or "")
