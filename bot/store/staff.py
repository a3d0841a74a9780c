"""Staff: e-mail looked up through deterministic encryption, names encrypted, passwords hashed with Argon2id."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pymongo.errors import DuplicateKeyError

from bot.errors import BadPayload, Conflict
from bot.model import Role, Staff
from bot.mongo import Doc, Mongo
from bot.store.records import new_id
from bot.vault import SERVICE, Vault

MIN_PASSWORD = 12
MAX_PASSWORD = 256
HASHER = PasswordHasher()


def normal_email(email: str) -> str:
    return email.strip().casefold()


class StaffStore:
    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault
        self._decoy: str | None = None

    def add(
        self, email: str, password: str, role: Role, *, name: str | None = None, skills: Sequence[str] = ()
    ) -> Staff:
        """Raises BadPayload for a weak password or no address, Conflict when the address is taken."""
        address = normal_email(email)
        if "@" not in address:
            raise BadPayload("Give an e-mail address, such as name@example.com.")
        if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
            raise BadPayload(f"The password needs {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
        doc = {
            "_id": new_id(),
            "email": self._vault.blind(address),
            "name": self._vault.seal(name or address.split("@")[0], SERVICE),
            "role": role.value,
            "skills": list(skills),
            "password": HASHER.hash(password),
            "active": True,
            "created_at": datetime.now(UTC),
        }
        try:
            self._mongo["staff"].insert_one(doc)
        except DuplicateKeyError as error:
            raise Conflict("There is a member of staff with this e-mail address already.") from error
        return self._staff(doc)

    def authenticate(self, email: str, password: str) -> Staff | None:
        """The active member of staff, or None; takes as long either way, so that addresses cannot be guessed."""
        doc = self._mongo["staff"].find_one({"email": self._vault.blind(normal_email(email)), "active": True})
        if self._decoy is None:
            self._decoy = HASHER.hash("nobody's password")
        try:
            HASHER.verify(doc["password"] if doc else self._decoy, password[:MAX_PASSWORD])
        except (VerificationError, InvalidHashError):
            return None
        return self._staff(doc) if doc else None

    def by_id(self, staff_id: str) -> Staff | None:
        doc = self._mongo["staff"].find_one({"_id": staff_id, "active": True})
        return self._staff(doc) if doc else None

    def by_email(self, email: str) -> Staff | None:
        doc = self._mongo["staff"].find_one({"email": self._vault.blind(normal_email(email)), "active": True})
        return self._staff(doc) if doc else None

    def names(self, ids: Sequence[str]) -> dict[str, str]:
        found = self._mongo["staff"].find({"_id": {"$in": list(ids)}}, {"name": 1})
        return {doc["_id"]: self._vault.read(doc["name"]) for doc in found}

    def count(self) -> int:
        return self._mongo["staff"].count_documents({})

    def _staff(self, doc: Doc) -> Staff:
        return Staff(
            id=doc["_id"],
            email=self._vault.open(doc["email"]),
            name=self._vault.open(doc["name"]),
            role=Role(doc["role"]),
            skills=tuple(doc["skills"]),
            active=doc["active"],
            capacity=doc.get("capacity", 4),
        )
