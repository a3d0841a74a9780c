"""What people see: lists and pages of conversations, masked, and only those a role may read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from pymongo import ASCENDING, DESCENDING
from pymongo.cursor import Cursor

from bot.hours import Timetable
from bot.model import Message, Page, Row, Staff, Status, Why
from bot.mongo import Doc, Mongo
from bot.store.amended import shown
from bot.store.conversations import ConversationStore
from bot.store.documents import conversation_of, refs_of
from bot.store.links import LinkStore
from bot.store.notes import NoteStore
from bot.store.outbox import OutboxStore
from bot.store.reading import COMPLAINT as COMPLAINT
from bot.store.reading import EVERYTHING, UNCOUNTED, Wanted, concerns, cursor_of, order_of, query_of
from bot.store.reading import READS_ALL as READS_ALL
from bot.store.reading import VIEWS as VIEWS
from bot.store.reading import permitted as permitted
from bot.store.reading import readable as readable
from bot.store.rows import Listed, Listing, Rows
from bot.store.shared import Moment, Shared
from bot.store.staff import StaffStore
from bot.vault import Vault

ROWS = 50
COUNTED = 1000
"""A list counts so far; more look alike."""
MESSAGES = 200
MENTIONS = 200
SHARED = ("waiting",)
"""Views that hold the same for everybody of a role."""


class Views:
    def __init__(
        self,
        mongo: Mongo,
        vault: Vault,
        staff: StaffStore,
        conversations: ConversationStore,
        outbox: OutboxStore,
        notes: NoteStore,
        hours: Callable[[], Timetable] = Timetable,
        revision: Callable[[str], tuple[str, str] | None] = lambda _: None,
    ) -> None:
        self._mongo = mongo
        self._shared = Shared(revision)
        self._vault = vault
        self._conversations = conversations
        self._outbox = outbox
        self._notes = notes
        self._rows = Rows(mongo, vault, staff, notes, hours)
        self._links = LinkStore(mongo, vault)

    def rows(self, staff: Staff, view: str) -> list[Row]:
        """The head of a list."""
        return list(self.listing(staff, view).rows)

    def moment(self, staff: Staff) -> Moment:
        """For all parts of one look: asked for once, before the first."""
        return self._shared.moment(staff.id)

    def listing(
        self,
        staff: Staff,
        view: str,
        wanted: Wanted = EVERYTHING,
        after: str | None = None,
        moment: Moment | None = None,
    ) -> Listing:
        """ROWS rows of a view, after the cursor `after`. Raises BadPayload for a cursor that is none of this view."""
        now = datetime.now(UTC)
        if view == "mentions":
            return Listing(tuple(self._mentions(staff, wanted, now)), None)
        query = query_of(view, staff, wanted, now, after)
        if query is None:
            return Listing((), None)
        if view in SHARED:
            moment = moment or self.moment(staff)
            listed = self._shared.get(moment, (view, repr(query)), lambda: self._read(view, query))
        else:
            listed = self._read(view, query)
        return Listing(tuple(self._rows.calling(listed.rows, staff)), listed.more)

    def _read(self, view: str, query: Doc) -> Listing:
        order = list(order_of(view))
        found = list(self._mongo["conversations"].find(query).sort(order).limit(ROWS + 1))
        more = cursor_of(view, found[ROWS - 1]) if len(found) > ROWS else None
        return Listing(tuple(self._rows.plain(found[:ROWS])), more)

    def _mentions(self, staff: Staff, wanted: Wanted, now: datetime) -> list[Listed]:
        """The latest call first; a conversation that went where this person may not follow is not shown."""
        query = query_of("all", staff, wanted, now)
        called = self._notes.mentioning(staff.id, MENTIONS)
        if query is None or not called:
            return []
        within = {"$and": [{"_id": {"$in": called}}, query]}
        docs = {doc["_id"]: doc for doc in self._mongo["conversations"].find(within)}
        return self._rows.read([docs[one] for one in called if one in docs], staff)

    def counts(self, staff: Staff, moment: Moment | None = None) -> dict[str, int]:
        """How many conversations each view holds, at most COUNTED; of the mentions, those with an unread one."""
        now = moment or self.moment(staff)
        own = partial(self._counts, staff, [one for one in VIEWS if one not in (*UNCOUNTED, *SHARED)])
        # The desk of who reads everything is not told of what others have in hand.
        everything = staff.role in READS_ALL
        found = own() if everything else self._shared.own(now, ("own", staff.id, staff.role), own)
        for view in SHARED:
            key = ("count", repr(self._counted(staff, view)))
            found = found | self._shared.get(now, key, partial(self._counts, staff, [view]))
        return found

    def _counts(self, staff: Staff, views: Sequence[str]) -> dict[str, int]:
        queries = {view: self._counted(staff, view) for view in views}
        asked = {view: query for view, query in queries.items() if query is not None}
        return dict.fromkeys(views, 0) | self._count(asked)

    def _counted(self, staff: Staff, view: str) -> Doc | None:
        query = query_of("all" if view == "mentions" else view, staff, EVERYTHING, datetime.now(UTC))
        if view != "mentions" or query is None:
            return query
        called = self._notes.unread_of(staff.id)
        return {"$and": [{"_id": {"$in": called}}, query]} if called else None

    def _count(self, queries: Mapping[str, Doc]) -> dict[str, int]:
        """All in one round trip: each look at a list asks for them. A view that holds nothing is not in it."""
        if not queries:
            return {}
        each: list[list[Doc]] = [
            [{"$match": query}, {"$limit": COUNTED}, {"$count": "n"}, {"$addFields": {"view": view}}]
            for view, query in queries.items()
        ]
        steps = each[0] + [{"$unionWith": {"coll": "conversations", "pipeline": one}} for one in each[1:]]
        return {doc["view"]: doc["n"] for doc in self._mongo["conversations"].aggregate(steps)}

    def skills(self, staff: Staff, moment: Moment | None = None) -> dict[str, int]:
        """How many wait for each skill, of those this person may read; at most COUNTED are looked at."""
        query = query_of("waiting", staff, EVERYTHING, datetime.now(UTC))
        if query is None:
            return {}
        each = {"$group": {"_id": "$skill", "n": {"$sum": 1}}}
        steps: list[Doc] = [{"$match": query}, {"$limit": COUNTED}, each]

        def count() -> dict[str, int]:
            found = self._mongo["conversations"].aggregate(steps)
            return {doc["_id"] or "general": doc["n"] for doc in found}

        return dict(self._shared.get(moment or self.moment(staff), ("skills", repr(query)), count))

    def page(self, staff: Staff, conversation_id: str, *, last: int | None = None) -> Page | None:
        """None where there is no such conversation or the role may not read it: both look alike from outside.

        `last`: only so many messages, and none of the customer's other conversations.
        """
        may = permitted(staff)
        if may is None:
            return None
        doc = self._mongo["conversations"].find_one({"_id": conversation_id, **may})
        if doc is None:
            return None
        own = concerns(staff, doc)
        members = [] if own and last else self._links.members(doc["customer"])
        if not (own or self._serving(staff, members)):
            return None
        customer = self._mongo["customers"].find_one({"_id": doc["customer"]})
        others = () if last else self._others(members, conversation_id, may)
        found = list(
            self._mongo["messages"]
            .find({"conversation": conversation_id})
            .sort([("seq", DESCENDING)])
            .limit(last or MESSAGES)
        )
        sent = self._outbox.states([one["entry"] for one in found if one["entry"]])
        row, *rows = self._rows.read([doc, *others], staff, customer)
        return Page(
            row=row,
            conversation=conversation_of(doc),
            customer=self._conversations.customer_of(customer or {"_id": doc["customer"]}),
            messages=tuple(
                reversed([self._message(one, masked=True, sent=sent) for one in shown(found, staff)])
            ),
            others=tuple(rows),
        )

    def _others(self, members: list[str], conversation_id: str, may: Doc) -> Cursor[Doc]:
        query = {"customer": {"$in": members}, "_id": {"$ne": conversation_id}, **may}
        return self._mongo["conversations"].find(query).sort([("last_at", DESCENDING)]).limit(20)

    def _serving(self, staff: Staff, members: list[str]) -> bool:
        """Whether it is of a customer whom this person is serving now, by whichever identity."""
        serving = {"customer": {"$in": members}, "assignee": staff.id, "status": Status.ASSIGNED.value}
        return self._mongo["conversations"].find_one(serving, {"_id": 1}) is not None

    def open_of(self, customer_id: str) -> str | None:
        """The id of an open conversation of the customer."""
        found = self._mongo["conversations"].find_one({"customer": customer_id, "open": True}, {"_id": 1})
        return str(found["_id"]) if found else None

    def own_words(self, staff: Staff, conversation_id: str, message_id: str) -> Message | None:
        """A message that this person wrote there, in full. Whoever calls has checked that it is theirs to use."""
        query = {"_id": message_id, "conversation": conversation_id, "author": f"staff:{staff.id}"}
        doc = self._mongo["messages"].find_one(query)
        if doc is None:
            return None
        return self._message(
            doc, masked=False, sent=self._outbox.states([doc["entry"]] if doc["entry"] else [])
        )

    def since(self, thread: str, pos: int, limit: int = MESSAGES) -> list[Message]:
        """The customer's own view: what was said after `pos`, oldest first, in full."""
        found = (
            self._mongo["messages"]
            .find({"thread": thread, "pos": {"$gt": max(pos, self._hidden(thread))}})
            .sort([("pos", ASCENDING)])
            .limit(limit)
        )
        return [self._message(one, masked=False) for one in found]

    def latest(self, thread: str, limit: int) -> list[Message]:
        query = {"thread": thread, "pos": {"$gt": self._hidden(thread)}}
        found = self._mongo["messages"].find(query).sort([("pos", DESCENDING)]).limit(limit)
        return list(reversed([self._message(one, masked=False) for one in found]))

    def _hidden(self, thread: str) -> int:
        """The last line of somebody who asked to be forgotten; whoever writes there now begins after it."""
        doc = self._mongo["threads"].find_one({"_id": thread}, {"hidden_pos": 1})
        return int((doc or {}).get("hidden_pos", 0))

    def last_pos(self, thread: str) -> int:
        doc = self._mongo["threads"].find_one({"_id": thread}, {"pos": 1})
        return int(doc.get("pos", 0)) if doc else 0

    def _message(
        self, doc: Doc, *, masked: bool, sent: Mapping[str, tuple[str, str | None]] | None = None
    ) -> Message:
        delivery, error = (sent or {}).get(doc["entry"], (None, None))
        return Message(
            id=doc["_id"],
            conversation_id=doc["conversation"],
            seq=doc["seq"],
            pos=doc["pos"],
            author=doc["author"],
            text=self._vault.read(doc["masked"] if masked else doc["content"]),
            at=doc["at"],
            kind=doc["kind"],
            buttons=tuple((label, value) for label, value in doc["buttons"]),
            approved=refs_of(doc["approved"]),
            delivery=delivery,
            delivery_error=error,
            client_id=doc.get("client_id"),
            why=_why(doc.get("decision")) if masked else None,
            hidden=masked and doc["masked"] != doc["content"],
            amended=doc.get("amended"),
        )


def _why(decision: Doc | None) -> Why | None:
    if decision is None:
        return None
    return Why(
        decision["handler"],
        decision["decision"],
        decision["reason"],
        decision.get("trace") or {},
        decision["at"],
    )
