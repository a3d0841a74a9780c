"""Second factors, on the member of staff's own document: the secret sealed, recovery codes hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from bot.mongo import Mongo, Session
from bot.vault import SERVICE, Vault


def hashed(staff_id: str, code: str) -> str:
    """Codes are 80 random bits, so a plain digest cannot be searched; the id keeps equal ones apart."""
    return hashlib.sha256(f"{staff_id}:{code}".encode()).hexdigest()


class FactorStore:
    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def enrolled(self, staff_id: str) -> bool:
        query = {"_id": staff_id, "totp": {"$exists": True}}
        return self._mongo["staff"].find_one(query, {"_id": 1}) is not None

    def offer(self, staff_id: str, secret: str) -> None:
        """A secret to be confirmed; the one in use goes on until then."""
        fields = {"totp_offered": self._vault.seal(secret, SERVICE)}
        self._mongo["staff"].update_one({"_id": staff_id}, {"$set": fields})

    def offered(self, staff_id: str) -> str | None:
        doc = self._mongo["staff"].find_one({"_id": staff_id}, {"totp_offered": 1})
        return self._vault.open(doc["totp_offered"]) if doc and "totp_offered" in doc else None

    def secret(self, staff_id: str) -> str | None:
        doc = self._mongo["staff"].find_one({"_id": staff_id, "active": True}, {"totp.secret": 1})
        return self._vault.open(doc["totp"]["secret"]) if doc and "totp" in doc else None

    def take(
        self, staff_id: str, secret: str, step: int, at: datetime, codes: Sequence[str], session: Session
    ) -> None:
        """The offered secret is the one in use from now on; the code of `step` is spent."""
        totp = {"secret": self._vault.seal(secret, SERVICE), "step": step, "at": at}
        change = {
            "$set": {"totp": totp, "recovery": [hashed(staff_id, code) for code in codes]},
            "$unset": {"totp_offered": ""},
        }
        self._mongo["staff"].update_one({"_id": staff_id}, change, session=session)

    def spend_step(self, staff_id: str, step: int, session: Session) -> bool:
        """False where a code of this step or a later one was used: each works once, whoever is quicker."""
        done = self._mongo["staff"].update_one(
            {"_id": staff_id, "totp.step": {"$lt": step}}, {"$set": {"totp.step": step}}, session=session
        )
        return done.modified_count == 1

    def spend_code(self, staff_id: str, code: str, session: Session) -> bool:
        one = hashed(staff_id, code)
        done = self._mongo["staff"].update_one(
            {"_id": staff_id, "recovery": one}, {"$pull": {"recovery": one}}, session=session
        )
        return done.modified_count == 1

    def set_codes(self, staff_id: str, codes: Sequence[str], session: Session) -> bool:
        done = self._mongo["staff"].update_one(
            {"_id": staff_id, "totp": {"$exists": True}},
            {"$set": {"recovery": [hashed(staff_id, code) for code in codes]}},
            session=session,
        )
        return done.modified_count == 1

    def codes_left(self, staff_id: str) -> int:
        doc = self._mongo["staff"].find_one({"_id": staff_id}, {"recovery": 1})
        return len(doc.get("recovery", ())) if doc else 0

    def clear(self, staff_id: str, session: Session) -> bool:
        done = self._mongo["staff"].update_one(
            {"_id": staff_id, "totp": {"$exists": True}},
            {"$unset": {"totp": "", "recovery": "", "totp_offered": ""}},
            session=session,
        )
        return done.modified_count == 1
