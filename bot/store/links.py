"""Which identities belong to one person: edges that are added and undone, never changed; a group is what they connect.

Each identity (a user on one channel account) is a document in `customers` with a key of its own, and its messages are
chained under it: nothing of that is ever rewritten. `customers.group` only names the component, by its smallest id, so
that it follows from the edges that stand, in whatever order they came and went.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.errors import Conflict, NotFound
from bot.masking import mask
from bot.mongo import Doc, Mongo, Session
from bot.store.records import new_id, whole_ms
from bot.vault import Vault, customer_key

SIGNED_TOKEN, ACCOUNT_LINK, AGENT = "signed_token", "account_link", "agent"
PROOFS = (SIGNED_TOKEN, ACCOUNT_LINK)
"""Kinds of link that prove something; a person's opinion that two belong together proves nothing."""


@dataclass(frozen=True, slots=True)
class Link:
    """That two identities are one person. `by` is a staff id or `system:<kind>`; reasons are masked."""

    id: str
    customers: tuple[str, str]
    kind: str
    by: str
    at: datetime
    reason: str | None = field(default=None, repr=False)
    undone_by: str | None = None
    undone_at: datetime | None = None
    undone_reason: str | None = field(default=None, repr=False)

    @property
    def stands(self) -> bool:
        return self.undone_at is None


def components(members: Iterable[str], edges: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The group of each member: the smallest id that edges connect it with, its own where none does."""
    near: dict[str, set[str]] = {member: set() for member in members}
    for one, other in edges:
        near[one].add(other)
        near[other].add(one)
    groups: dict[str, str] = {}
    for first in sorted(near):
        for reached in _reached(first, near) if first not in groups else ():
            groups[reached] = first
    return groups


def _reached(start: str, near: Mapping[str, set[str]]) -> set[str]:
    found, edge = {start}, [start]
    while edge:
        fresh = near[edge.pop()] - found
        found |= fresh
        edge += fresh
    return found


def identities(mongo: Mongo, customer_id: str, session: Session | None = None) -> list[str]:
    """All that stand beside this one, whoever put them there, sorted. Raises PyMongoError."""
    found = mongo["customers"].find_one({"_id": customer_id}, {"group": 1}, session=session)
    group = (found or {}).get("group", customer_id)
    # A document from before there were groups has none, and is its own.
    query = {"$or": [{"group": group}, {"_id": {"$in": [group, customer_id]}}]}
    return sorted(doc["_id"] for doc in mongo["customers"].find(query, {"_id": 1}, session=session))


class LinkStore:
    """Reads and writes raise PyMongoError when MongoDB is away."""

    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def members(self, customer_id: str, session: Session | None = None) -> list[str]:
        """All identities of this person, sorted; that one alone where it belongs to no other."""
        return identities(self._mongo, customer_id, session)

    def of(self, members: Iterable[str], session: Session | None = None) -> list[Link]:
        """Every link of these identities, undone ones too, the latest first."""
        found = self._mongo["links"].find({"customers": {"$in": list(members)}}, session=session)
        return [self._link(doc) for doc in found.sort([("at", -1), ("_id", -1)])]

    def one(self, link_id: str) -> Link:
        doc = self._mongo["links"].find_one({"_id": link_id})
        if doc is None:
            raise NotFound("There is no such link.")
        return self._link(doc)

    def proven(self, customer_id: str) -> list[str]:
        """The identities that a proof ties to this one, itself first; not those that people put beside it."""
        found, edge = [customer_id], [customer_id]
        while edge:
            query = {"customers": {"$in": edge}, "standing": True, "kind": {"$in": list(PROOFS)}}
            ends = {
                one for doc in self._mongo["links"].find(query, {"customers": 1}) for one in doc["customers"]
            }
            edge = sorted(ends - set(found))
            found += edge
        return found

    def add(
        self, session: Session, one: str, other: str, kind: str, by: str, reason: str | None = None
    ) -> Link | None:
        """Tie two identities in the caller's transaction; None where the same tie stands already.

        Raises NotFound where one of the two is no customer.
        """
        members = sorted({*self.members(one, session), *self.members(other, session)})
        if one == other or not {one, other} <= set(members):
            raise NotFound("There is no such customer.")
        pair = sorted((one, other))
        standing = {"customers": pair, "kind": kind, "standing": True}
        if self._mongo["links"].find_one(standing, {"_id": 1}, session=session) is not None:
            return None
        before = self._groups(members, session)
        doc: Doc = {
            "_id": new_id(),
            **standing,
            "by": by,
            "reason": self._vault.seal(mask(reason).masked, customer_key(pair[0])) if reason else None,
            "at": whole_ms(datetime.now(UTC)),
            "before": [before[end] for end in pair],
        }
        self._mongo["links"].insert_one(doc, session=session)
        after = self._regroup(session, members)
        self._mongo["links"].update_one({"_id": doc["_id"]}, {"$set": {"after": after[one]}}, session=session)
        return self._link(doc)

    def undo(self, session: Session, link_id: str, by: str, reason: str) -> Link:
        """Take one tie back; what else ties the two stays. Raises NotFound, and Conflict where it was undone before."""
        doc = self._mongo["links"].find_one({"_id": link_id}, session=session)
        if doc is None:
            raise NotFound("There is no such link.")
        if not doc["standing"]:
            raise Conflict("A colleague has undone this link.")
        members = self.members(doc["customers"][0], session)
        undone = {
            "standing": False,
            "undone_by": by,
            "undone_at": whole_ms(datetime.now(UTC)),
            "undone_reason": self._vault.seal(mask(reason).masked, customer_key(doc["customers"][0])),
        }
        self._mongo["links"].update_one({"_id": link_id}, {"$set": undone}, session=session)
        after = self._regroup(session, members)
        parted = {"parted": [after[end] for end in doc["customers"]]}
        self._mongo["links"].update_one({"_id": link_id}, {"$set": parted}, session=session)
        return self._link({**doc, **undone})

    def _groups(self, members: Iterable[str], session: Session) -> dict[str, str]:
        query = {"_id": {"$in": list(members)}}
        found = self._mongo["customers"].find(query, {"group": 1}, session=session)
        return {str(doc["_id"]): str(doc.get("group", doc["_id"])) for doc in found}

    def _regroup(self, session: Session, members: list[str]) -> dict[str, str]:
        query = {"customers": {"$in": members}, "standing": True}
        edges = [
            (doc["customers"][0], doc["customers"][1])
            for doc in self._mongo["links"].find(query, {"customers": 1}, session=session)
        ]
        groups = components(members, edges)
        for group in sorted(set(groups.values())):
            # All are written, changed or not: of two at the same moment the second begins anew and sees the first.
            ids = [member for member in members if groups[member] == group]
            self._mongo["customers"].update_many(
                {"_id": {"$in": ids}}, {"$set": {"group": group}, "$inc": {"regrouped": 1}}, session=session
            )
        return groups

    def _link(self, doc: Doc) -> Link:
        one, other = doc["customers"]
        return Link(
            id=doc["_id"],
            customers=(one, other),
            kind=doc["kind"],
            by=doc["by"],
            at=doc["at"],
            reason=self._vault.read(doc["reason"]) if doc.get("reason") else None,
            undone_by=doc.get("undone_by"),
            undone_at=doc.get("undone_at"),
            undone_reason=self._vault.read(doc["undone_reason"]) if doc.get("undone_reason") else None,
        )
