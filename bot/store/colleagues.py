"""The staff as colleagues see each other: name, role, skills; who may be handed a conversation or called to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.model import Role, Staff
from bot.mongo import Doc, Mongo
from bot.vault import Vault


@dataclass(frozen=True, slots=True)
class Colleague:
    id: str
    name: str = field(repr=False)
    role: Role
    skills: tuple[str, ...] = ()

    @property
    def staff(self) -> Staff:
        """For questions of rights; the address is nobody's business here."""
        return Staff(self.id, "", self.name, self.role, self.skills)


class ColleagueStore:
    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def active(self) -> list[Colleague]:
        """Everybody who may sign in, by name."""
        found = self._mongo["staff"].find({"active": True}, _FIELDS)
        return sorted(map(self._colleague, found), key=lambda one: (one.name, one.id))

    def one(self, staff_id: str) -> Colleague | None:
        """None for somebody unknown, and for somebody who left."""
        doc = self._mongo["staff"].find_one({"_id": staff_id, "active": True}, _FIELDS)
        return self._colleague(doc) if doc else None

    def _colleague(self, doc: Doc) -> Colleague:
        return Colleague(
            id=doc["_id"],
            name=self._vault.read(doc["name"]),
            role=Role(doc["role"]),
            skills=tuple(doc.get("skills", ())),
        )


_FIELDS = {"name": 1, "role": 1, "skills": 1}
