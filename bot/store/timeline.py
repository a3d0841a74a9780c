"""All that was said with a person, over all channels, masked, by time; and only what the reader's role may read."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.errors import BadPayload
from bot.model import ChannelType, Staff, Status
from bot.mongo import Doc, Mongo
from bot.store.amended import shown as versions
from bot.store.reading import READS_ALL, permitted
from bot.vault import Vault

LINES = 60
"""Messages on one page of a timeline."""
CANDIDATES = 30
LONGEST_CURSOR = 200


@dataclass(frozen=True, slots=True)
class Said:
    """One message, masked. `handler` and `reason` say how the bot decided on it, where it did."""

    id: str
    conversation_id: str
    author: str
    kind: str
    text: str = field(repr=False)
    at: datetime
    handler: str | None = None
    reason: str | None = None
    hidden: bool = False
    amended: str | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A conversation of a timeline; `readable`: its own page opens for this reader."""

    id: str
    customer_id: str
    channel: ChannelType
    account_name: str
    status: Status
    reason: str | None
    readable: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """The latest first; `conversations` by id; `more` is the cursor of what is older, None at the beginning of all."""

    lines: tuple[Said, ...]
    conversations: dict[str, Stretch]
    more: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A conversation that this person may read now, of somebody else: whom they might know to be the same."""

    customer_id: str
    name: str | None = field(repr=False)
    channel: ChannelType
    preview: str = field(repr=False)
    last_at: datetime | None


class TimelineStore:
    """Reads raise PyMongoError when MongoDB is away."""

    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def may_read(self, staff: Staff, members: Sequence[str]) -> bool:
        """Whether this person may read about the customer: those who answer, while one of them waits or is theirs."""
        working = _working(staff)
        if working is None or staff.role in READS_ALL:
            return working is not None
        query = {"customer": {"$in": list(members)}, **working}
        return self._mongo["conversations"].find_one(query, {"_id": 1}) is not None

    def page(self, staff: Staff, members: Sequence[str], before: str | None = None) -> Timeline:
        """LINES messages, those before the cursor `before`. Raises BadPayload for a cursor that is none."""
        may = permitted(staff)
        if may is None:
            return Timeline((), {}, None)
        ids = {"$in": list(members)}
        query: Doc = {"customer": ids}
        if may:
            hidden = self._mongo["conversations"].find({"customer": ids, "$nor": [may]}, {"_id": 1})
            query["conversation"] = {"$nin": [doc["_id"] for doc in hidden]}
        if before:
            at, last = _cursor(before)
            query |= {"at": {"$lte": at}, "$nor": [{"at": at, "_id": {"$gte": last}}]}
        found = list(self._mongo["messages"].find(query).sort([("at", -1), ("_id", -1)]).limit(LINES + 1))
        shown = found[:LINES]
        return Timeline(
            tuple(self._said(doc) for doc in versions(shown, staff)),
            self._stretches(staff, members, sorted({doc["conversation"] for doc in shown})),
            _written(shown[-1]) if len(found) > LINES else None,
        )

    def _said(self, doc: Doc) -> Said:
        decision = doc.get("decision") or {}
        return Said(
            id=doc["_id"],
            conversation_id=doc["conversation"],
            author=doc["author"],
            kind=doc["kind"],
            text=self._vault.read(doc["masked"]),
            at=doc["at"],
            handler=decision.get("handler"),
            reason=decision.get("reason"),
            hidden=doc["masked"] != doc["content"],
            amended=doc.get("amended"),
        )

    def _stretches(self, staff: Staff, members: Sequence[str], ids: list[str]) -> dict[str, Stretch]:
        docs = list(self._mongo["conversations"].find({"_id": {"$in": ids}}))
        accounts = {
            doc["_id"]: doc["name"]
            for doc in self._mongo["accounts"].find(
                {"_id": {"$in": [one["account"] for one in docs]}}, {"name": 1}
            )
        }
        theirs = {"customer": {"$in": list(members)}, "assignee": staff.id, "status": Status.ASSIGNED.value}
        all_of_them = (
            staff.role in READS_ALL or self._mongo["conversations"].find_one(theirs, {"_id": 1}) is not None
        )
        return {
            doc["_id"]: Stretch(
                id=doc["_id"],
                customer_id=doc["customer"],
                channel=ChannelType(doc["channel"]),
                account_name=accounts.get(doc["account"], ""),
                status=Status(doc["status"]),
                reason=doc["reason"],
                readable=all_of_them or doc["status"] == Status.WAITING.value or doc["assignee"] == staff.id,
            )
            for doc in docs
        }

    def open_of(self, members: Sequence[str]) -> list[str]:
        """The ids of these identities' open conversations."""
        query = {"customer": {"$in": list(members)}, "open": True}
        return [doc["_id"] for doc in self._mongo["conversations"].find(query, {"_id": 1})]

    def candidates(self, staff: Staff, members: Sequence[str]) -> list[Candidate]:
        """Those whom this person may read now and who are not of `members`, the latest first, each once."""
        working = _working(staff)
        if working is None:
            return []
        # A supervisor reads all, but finds here whom people are busy with, not half a million.
        busy = {"status": {"$in": [Status.WAITING.value, Status.ASSIGNED.value]}}
        live = {**working, **busy} if staff.role in READS_ALL else working
        query = {"customer": {"$nin": list(members)}, **live}
        docs = list(self._mongo["conversations"].find(query).sort([("last_at", -1)]).limit(CANDIDATES))
        names = {
            doc["_id"]: self._vault.read(doc["name"])
            for doc in self._mongo["customers"].find(
                {"_id": {"$in": [one["customer"] for one in docs]}, "name": {"$ne": None}}, {"name": 1}
            )
        }
        found: dict[str, Candidate] = {}
        for doc in docs:
            candidate = Candidate(
                doc["customer"],
                names.get(doc["customer"]),
                ChannelType(doc["channel"]),
                self._vault.read(doc.get("preview")),
                doc.get("last_at"),
            )
            found.setdefault(doc["customer"], candidate)
        return list(found.values())


def _working(staff: Staff) -> Doc | None:
    """The conversations that give this person a reason to read about their customer; None where the role has none."""
    may = permitted(staff)
    if may is None or staff.role in READS_ALL:
        return may
    waits, own = {"status": Status.WAITING.value}, {"status": Status.ASSIGNED.value, "assignee": staff.id}
    return {**may, "$or": [waits, own]}


def _written(doc: Doc) -> str:
    text = json.dumps([doc["at"].isoformat(), doc["_id"]])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _cursor(written: str) -> tuple[datetime, str]:
    try:
        if len(written) > LONGEST_CURSOR:
            raise ValueError
        at, last = json.loads(base64.urlsafe_b64decode(written + "=" * (-len(written) % 4)))
        return datetime.fromisoformat(at).astimezone(UTC), str(last)
    except (ValueError, TypeError) as error:
        raise BadPayload("This page of the history is gone; begin at its top.") from error
