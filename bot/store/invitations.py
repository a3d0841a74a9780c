"""Invitations to become a member of staff: the link's token only as a hash, address and name encrypted."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pymongo.errors import DuplicateKeyError

from bot.errors import Conflict
from bot.model import Role
from bot.mongo import Doc, Mongo, Session
from bot.store.records import new_id
from bot.store.staff import normal_email
from bot.vault import SERVICE, Vault

HOURS = 72
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Invitation:
    """`state`: asked (a second administrator has to agree), open, used, revoked, declined. `by` invited, a staff id."""

    id: str
    email: str = field(repr=False)
    name: str = field(repr=False)
    role: Role
    skills: tuple[str, ...]
    capacity: int
    by: str
    at: datetime
    expires_at: datetime | None
    state: str

    @property
    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= datetime.now(UTC)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class InvitationStore:
    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def add(
        self,
        session: Session,
        *,
        email: str,
        name: str,
        role: Role,
        skills: Sequence[str],
        capacity: int,
        by: str,
        state: str,
    ) -> Invitation:
        """Raises Conflict where one for this address is pending."""
        doc: Doc = {
            "_id": new_id(),
            "email": self._vault.blind(normal_email(email)),
            "name": self._vault.seal(name, SERVICE),
            "role": role.value,
            "skills": list(skills),
            "capacity": capacity,
            "by": by,
            "at": datetime.now(UTC),
            "expires_at": None,
            "state": state,
            "pending": True,
        }
        try:
            self._mongo["invitations"].insert_one(doc, session=session)
        except DuplicateKeyError as error:
            raise Conflict(
                "There is an invitation for this e-mail address already: send it again, or revoke it."
            ) from error
        return self._read(doc)

    def open(self, invitation_id: str, states: Sequence[str], session: Session) -> str | None:
        """A new link for one in `states`: its token, valid for HOURS; the one before is worth nothing."""
        token = secrets.token_urlsafe(32)
        now = datetime.now(UTC)
        fields = {"state": "open", "token": _hashed(token), "expires_at": now + timedelta(hours=HOURS)}
        done = self._mongo["invitations"].update_one(
            {"_id": invitation_id, "state": {"$in": list(states)}}, {"$set": fields}, session=session
        )
        return token if done.modified_count else None

    def close(self, invitation_id: str, states: Sequence[str], state: str, session: Session) -> bool:
        """To used, revoked or declined; False where it is none of `states` any more."""
        change = {
            "$set": {"state": state, "pending": False, "purge_at": datetime.now(UTC) + KEPT},
            "$unset": {"token": ""},
        }
        done = self._mongo["invitations"].update_one(
            {"_id": invitation_id, "state": {"$in": list(states)}}, change, session=session
        )
        return done.modified_count == 1

    def by_token(self, token: str, session: Session | None = None) -> Invitation | None:
        """The open one of this link; None for one that is over, used, revoked, or never was."""
        doc = self._mongo["invitations"].find_one({"token": _hashed(token), "state": "open"}, session=session)
        found = self._read(doc) if doc else None
        return None if found is None or found.expired else found

    def one(self, invitation_id: str, session: Session | None = None) -> Invitation | None:
        doc = self._mongo["invitations"].find_one({"_id": invitation_id}, session=session)
        return self._read(doc) if doc else None

    def pending(self) -> list[Invitation]:
        return [self._read(doc) for doc in self._mongo["invitations"].find({"pending": True}).sort("at", -1)]

    def _read(self, doc: Doc) -> Invitation:
        return Invitation(
            id=doc["_id"],
            email=self._vault.read(doc["email"]),
            name=self._vault.read(doc["name"]),
            role=Role(doc["role"]),
            skills=tuple(doc["skills"]),
            capacity=doc["capacity"],
            by=doc["by"],
            at=doc["at"],
            expires_at=doc["expires_at"],
            state=doc["state"],
        )
