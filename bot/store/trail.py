"""Whose data was touched, when, by whom: the audit log asked in one indexed query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import DESCENDING

from bot.errors import BadPayload
from bot.mongo import Doc, Mongo
from bot.store.links import LinkStore
from bot.vault import Vault

_ORDER: list[tuple[str, int]] = [("at", DESCENDING), ("seq", DESCENDING)]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sought:
    """From `first` on and before `last`, aware. `touched`: only what is about customers. None stands for all.

    `actors` are the only ones whose deeds may be found, whoever is asked for.
    """

    first: datetime
    last: datetime
    actor: str | None = None
    customer: str | None = None
    kind: str | None = None
    touched: bool = True
    actors: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """An audit event as a page shows it: ids and codes, nothing that a customer or a colleague said."""

    id: str
    seq: int
    at: datetime
    actor: str
    role: str
    action: str
    kind: str
    subject: str
    customers: tuple[str, ...]
    shown: tuple[str, ...]
    address: str
    session: str
    host: str
    why: str
    hash: str

    def plain(self) -> dict[str, Any]:
        """For JSON: `at` in ISO 8601, UTC."""
        listed = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**listed, "at": self.at.isoformat(), "customers": [*self.customers], "shown": [*self.shown]}


class TrailStore:
    """Reads raise PyMongoError when MongoDB is away."""

    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._links = LinkStore(mongo, vault)

    def find(self, sought: Sought, limit: int, after: str | None = None) -> list[Trace]:
        """The latest first, after the cursor of the last one shown. Raises BadPayload for a cursor that is none."""
        return list(self.each(sought, limit, after))

    def each(self, sought: Sought, limit: int, after: str | None = None) -> Iterator[Trace]:
        """As `find`, one by one."""
        query = self._query(sought)
        if after:
            query = {"$and": [query, _after(after)]}
        # Named, because a planner that tries several now and then settles on a long walk.
        found = self._mongo["audit"].find(query).sort(_ORDER).hint(_index(sought)).limit(limit)
        for doc in found:
            yield _trace(doc)

    def recent(self, actor: str, action: str, since: datetime, why: str = "") -> int:
        """How often that person did it since then; `why` is the end of its purpose."""
        query: Doc = {"actor": actor, "action": action, "at": {"$gte": since}}
        if why:
            query["why"] = {"$regex": f"#{why}$"}
        return self._mongo["audit"].count_documents(query)

    def _query(self, sought: Sought) -> Doc:
        query: Doc = {"at": {"$gte": sought.first, "$lt": sought.last}}
        if sought.customer:
            # All identities of the person, as they are linked now.
            members = self._links.members(sought.customer)
            query["customers"] = {"$in": members, "$exists": True}
        elif sought.touched:
            query["customers"] = {"$exists": True}
        if sought.kind:
            query["kind"] = sought.kind
        if sought.actor is not None and sought.actors is not None and sought.actor not in sought.actors:
            query["actor"] = {"$in": []}
        elif sought.actor is not None:
            query["actor"] = sought.actor
        elif sought.actors is not None:
            query["actor"] = {"$in": list(sought.actors)}
        return query


def _index(sought: Sought) -> str | list[tuple[str, int]]:
    """The index of schema.py that answers it with the fewest steps."""
    if sought.customer:
        return "touched_of"
    if sought.actor is not None:
        return [("actor", 1), *_ORDER]
    if sought.kind:
        return [("kind", 1), *_ORDER]
    return _ORDER


def cursor_of(trace: Trace) -> str:
    return f"{round((trace.at - _EPOCH).total_seconds())}-{trace.seq}"


def _after(cursor: str) -> Doc:
    seconds, _, seq = cursor.partition("-")
    if not (seconds.isascii() and seconds.isdigit() and seq.isascii() and seq.isdigit()) or len(cursor) > 40:
        raise BadPayload("This page of the list does not exist.")
    at = _EPOCH + timedelta(seconds=int(seconds))
    return {"at": {"$lte": at}, "$or": [{"at": {"$lt": at}}, {"seq": {"$lt": int(seq)}}]}


def _trace(doc: Doc) -> Trace:
    where = doc.get("where") or {}
    return Trace(
        id=str(doc["_id"]),
        seq=doc["seq"],
        at=doc["at"],
        actor=doc["actor"],
        role=doc.get("role", ""),
        action=doc["action"],
        kind=doc.get("kind", "change"),
        subject=doc["subject"],
        customers=_ids(doc.get("customers")),
        shown=_ids(doc.get("shown")),
        address=where.get("address", ""),
        session=where.get("session", ""),
        host=where.get("host", ""),
        why=doc.get("why", ""),
        hash=doc["hash"],
    )


def _ids(found: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(found or ())
