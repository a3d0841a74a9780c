"""Conversations as rows of a list: masked, with the names that belong to them, read in a few queries for all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.hours import Timetable, deadline
from bot.model import Row, Staff
from bot.mongo import Doc, Mongo
from bot.store.chain import PURGED
from bot.store.documents import conversation_of
from bot.store.notes import NoteStore
from bot.store.shared import Remembered
from bot.store.staff import StaffStore
from bot.vault import ERASED, Vault

FIRST_REPLY = {0: timedelta(minutes=2), 1: timedelta(minutes=5)}
FIRST_REPLY_ELSE = timedelta(minutes=15)
HOURS = "hours"


@dataclass(frozen=True, slots=True)
class News:
    """Why a conversation is in front of its owner (again): `kind` is customer (wrote), time (is up) or transfer.

    `by` is the staff id of whoever transferred it.
    """

    kind: str
    at: datetime
    by: str | None = None
    by_name: str | None = None


@dataclass(frozen=True, slots=True)
class Listed(Row):
    """A row with what people made of it. `called`: an unread note calls whoever reads the list."""

    tags: tuple[str, ...] = ()
    snoozed_until: datetime | None = None
    news: News | None = None
    notes: int = 0
    called: bool = False
    # The mark of the identity itself; the worst of all identities is on the customer's page.
    risk: str | None = None
    # Kept for the examiner only; `erased` is what is left of it when its term is over.
    restricted: bool = False
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """Part of a list; `more` is the cursor of what follows, None at its end."""

    rows: tuple[Listed, ...]
    more: str | None


class Rows:
    def __init__(
        self,
        mongo: Mongo,
        vault: Vault,
        staff: StaffStore,
        notes: NoteStore,
        hours: Callable[[], Timetable] = Timetable,
    ) -> None:
        self._mongo = mongo
        self._vault = vault
        self._notes = notes
        # The same few for every list that anybody looks at.
        self._hours = Remembered(lambda _: {HOURS: hours()})
        self._accounts = Remembered(self._account_names)
        self._names = Remembered(lambda ids: staff.names(list(ids)))

    def read(self, docs: Sequence[Doc], staff: Staff, customer: Doc | None = None) -> list[Listed]:
        """The rows of `docs`, in their order, as `staff` sees them; whoever calls has checked that they may.

        `customer`: one that the caller has read already.
        """
        return self.calling(self.plain(docs, customer), staff)

    def calling(self, rows: Sequence[Listed], staff: Staff) -> list[Listed]:
        """`rows` with `called` where an unread note calls this person."""
        noted = [one.id for one in rows if one.notes]
        called = self._notes.unread_in(staff.id, noted) if noted else set()
        return [replace(one, called=True) if one.id in called else one for one in rows]

    def _account_names(self, ids: Collection[str]) -> dict[str, str]:
        found = self._mongo["accounts"].find({"_id": {"$in": list(ids)}}, {"name": 1})
        return {doc["_id"]: doc["name"] for doc in found}

    def plain(self, docs: Sequence[Doc], customer: Doc | None = None) -> list[Listed]:
        """The rows as everybody sees them."""
        customers = {customer["_id"]: customer} if customer else {}
        if missing := {one["customer"] for one in docs} - customers.keys():
            found = self._mongo["customers"].find(
                {"_id": {"$in": list(missing)}}, {"name": 1, "risk.level": 1}
            )
            customers |= {doc["_id"]: doc for doc in found}
        accounts = self._accounts.of({one["account"] for one in docs})
        news = [one.get("news") or {} for one in docs]
        people = {one["assignee"] for one in docs} | {one.get("by") for one in news}
        names = self._names.of({one for one in people if one})
        rows, hours = [], self._hours.of((HOURS,))[HOURS]
        for doc in docs:
            name = customers.get(doc["customer"], {}).get("name")
            gone = ERASED if PURGED in doc else None
            conversation = conversation_of(doc)
            waiting = conversation.waiting_since
            limit = FIRST_REPLY.get(conversation.priority, FIRST_REPLY_ELSE)
            rows.append(
                Listed(
                    id=conversation.id,
                    channel=conversation.channel,
                    account_name=accounts.get(conversation.account_id, ""),
                    customer_name=self._vault.read(name) if name else gone,
                    preview=gone or self._vault.read(doc.get("preview")),
                    status=conversation.status,
                    reason=conversation.reason,
                    skill=conversation.skill,
                    priority=conversation.priority,
                    assignee_id=conversation.assignee,
                    assignee_name=names.get(conversation.assignee or ""),
                    waiting_since=waiting,
                    deadline=deadline(waiting, limit, hours.of(conversation.skill)) if waiting else None,
                    last_at=conversation.last_at,
                    unread=conversation.unread,
                    tags=conversation.tags,
                    snoozed_until=conversation.snoozed_until,
                    news=_news(doc, names),
                    notes=doc.get("notes", 0),
                    risk=(customers.get(doc["customer"], {}).get("risk") or {}).get("level"),
                    restricted=bool(doc.get("restricted")),
                    erased=PURGED in doc,
                )
            )
        return rows


def _news(doc: Doc, names: Mapping[str, str]) -> News | None:
    news = doc.get("news")
    # What was news to the owner before is none to the one after.
    if news is None or doc["assignee"] is None or news["at"] < (doc.get("assigned_at") or news["at"]):
        return None
    return News(news["kind"], news["at"], news.get("by"), names.get(news.get("by") or ""))
