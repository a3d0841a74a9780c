"""Staff: e-mail looked up through deterministic encryption, names encrypted, passwords hashed with Argon2id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pymongo.errors import DuplicateKeyError

from bot.errors import BadPayload, Conflict
from bot.model import Role, Staff
from bot.mongo import Doc, Mongo, Session
from bot.passwords import MAX as MAX_PASSWORD
from bot.passwords import MIN as MIN_PASSWORD
from bot.store.records import new_id
from bot.vault import SERVICE, Vault

CAPACITY = 4
HASHER = PasswordHasher()
TAKEN = "There is a member of staff with this e-mail address already."


@dataclass(frozen=True, slots=True)
class Member:
    """A line of the list of staff. `enrolled`: has a second factor."""

    staff: Staff
    enrolled: bool
    created_at: datetime | None
    signed_in_at: datetime | None


def normal_email(email: str) -> str:
    return email.strip().casefold()


def staff_of(vault: Vault, doc: Doc) -> Staff:
    return Staff(
        id=doc["_id"],
        email=vault.open(doc["email"]),
        name=vault.open(doc["name"]),
        role=Role(doc["role"]),
        skills=tuple(doc["skills"]),
        active=doc["active"],
        capacity=doc.get("capacity", CAPACITY),
    )


class StaffStore:
    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault
        self._decoy: str | None = None

    def add(
        self,
        email: str,
        password: str,
        role: Role,
        *,
        name: str | None = None,
        skills: Sequence[str] = (),
        capacity: int = CAPACITY,
        session: Session | None = None,
    ) -> Staff:
        """Raises BadPayload for a weak password or no address, Conflict when the address is taken."""
        address = normal_email(email)
        if "@" not in address:
            raise BadPayload("Give an e-mail address, such as name@example.com.")
        if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
            raise BadPayload(f"The password needs {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
        now = datetime.now(UTC)
        doc = {
            "_id": new_id(),
            "email": self._vault.blind(address),
            "name": self._vault.seal(name or address.split("@")[0], SERVICE),
            "role": role.value,
            "skills": list(skills),
            "capacity": capacity,
            "password": HASHER.hash(password),
            "password_at": now,
            "active": True,
            "created_at": now,
        }
        try:
            self._mongo["staff"].insert_one(doc, session=session)
        except DuplicateKeyError as error:
            raise Conflict(TAKEN) from error
        return staff_of(self._vault, doc)

    def authenticate(self, email: str, password: str) -> Staff | None:
        """The active member of staff, or None; takes as long either way, so that addresses cannot be guessed."""
        doc = self._by_address(email)
        return staff_of(self._vault, doc) if self._verified(doc, password) and doc else None

    def is_password(self, staff_id: str, password: str) -> bool:
        return self._verified(self._mongo["staff"].find_one({"_id": staff_id, "active": True}), password)

    def _verified(self, doc: Doc | None, password: str) -> bool:
        if self._decoy is None:
            self._decoy = HASHER.hash("nobody's password")
        try:
            HASHER.verify(doc["password"] if doc else self._decoy, password[:MAX_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False
        # What only begins like the password is another. Looked at last, so that it takes as long.
        return doc is not None and len(password) <= MAX_PASSWORD

    def _by_address(self, email: str) -> Doc | None:
        return self._mongo["staff"].find_one(
            {"email": self._vault.blind(normal_email(email)), "active": True}
        )

    def by_id(self, staff_id: str) -> Staff | None:
        doc = self._mongo["staff"].find_one({"_id": staff_id, "active": True})
        return staff_of(self._vault, doc) if doc else None

    def by_email(self, email: str) -> Staff | None:
        doc = self._by_address(email)
        return staff_of(self._vault, doc) if doc else None

    def is_taken(self, email: str) -> bool:
        """Also by an account that is closed: one person has one account."""
        query = {"email": self._vault.blind(normal_email(email))}
        return self._mongo["staff"].find_one(query, {"_id": 1}) is not None

    def names(self, ids: Sequence[str]) -> dict[str, str]:
        found = self._mongo["staff"].find({"_id": {"$in": list(ids)}}, {"name": 1})
        return {doc["_id"]: self._vault.read(doc["name"]) for doc in found}

    def count(self) -> int:
        return self._mongo["staff"].count_documents({})

    # -- the list, and changes: `bot.desk.staff` says who may

    def members(self) -> list[Member]:
        """Everybody, closed accounts too; active ones first, then by name."""
        found = [self._member(doc) for doc in self._mongo["staff"].find()]
        return sorted(found, key=lambda one: (not one.staff.active, one.staff.name.casefold()))

    def member(self, staff_id: str, session: Session | None = None) -> Member | None:
        doc = self._mongo["staff"].find_one({"_id": staff_id}, session=session)
        return self._member(doc) if doc else None

    def _member(self, doc: Doc) -> Member:
        return Member(
            staff_of(self._vault, doc), "totp" in doc, doc.get("created_at"), doc.get("signed_in_at")
        )

    def active_of(self, role: Role, session: Session | None = None) -> int:
        return self._mongo["staff"].count_documents({"role": role.value, "active": True}, session=session)

    def change(self, staff_id: str, fields: Mapping[str, Any], session: Session) -> None:
        """`fields`: name, role, skills, capacity, active. Writes as given; the name is sealed."""
        known: Doc = {key: list(value) if key == "skills" else value for key, value in fields.items()}
        if "name" in known:
            known["name"] = self._vault.seal(str(fields["name"]), SERVICE)
        self._mongo["staff"].update_one({"_id": staff_id}, {"$set": known}, session=session)

    def set_password(self, staff_id: str, password: str, session: Session) -> None:
        """The caller has judged it (`bot.passwords`)."""
        fields = {"password": HASHER.hash(password), "password_at": datetime.now(UTC)}
        self._mongo["staff"].update_one({"_id": staff_id}, {"$set": fields}, session=session)
