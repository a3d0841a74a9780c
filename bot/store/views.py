"""What people see: lists and pages of conversations, masked, and only those a role may read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING

from bot.model import Message, Page, Role, Row, Staff, Status, Why
from bot.mongo import Doc, Mongo
from bot.store.conversations import ConversationStore
from bot.store.documents import conversation_of, refs_of
from bot.store.outbox import OutboxStore
from bot.store.staff import StaffStore
from bot.vault import Vault

ROWS = 100
MESSAGES = 200
FIRST_REPLY = {0: timedelta(minutes=2), 1: timedelta(minutes=5)}
FIRST_REPLY_ELSE = timedelta(minutes=15)
VIEWS = ("mine", "waiting", "assigned", "bot", "resolved", "all")

# Complaints go to senior agents and supervisors only; the administrator reads no customer content.
COMPLAINT = "complaint"
READS_ALL = (Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR)


def permitted(staff: Staff) -> dict[str, Any] | None:
    """What the role may ever read; None where it reads nothing."""
    if staff.role in READS_ALL or staff.role is Role.SENIOR:
        return {}
    return {"skill": {"$ne": COMPLAINT}} if staff.role is Role.AGENT else None


def readable(staff: Staff) -> dict[str, Any] | None:
    """The query every list of a member of staff passes through: those who answer see the queue and their own work."""
    query = permitted(staff)
    if query is None or staff.role in READS_ALL:
        return query
    return {**query, "$or": [{"status": Status.WAITING.value}, {"assignee": staff.id}]}


def view_query(view: str, staff: Staff) -> dict[str, Any]:
    queries: dict[str, dict[str, Any]] = {
        "mine": {"status": Status.ASSIGNED.value, "assignee": staff.id},
        "waiting": {"status": Status.WAITING.value},
        "assigned": {"status": Status.ASSIGNED.value},
        "bot": {"status": Status.BOT.value},
        "resolved": {"status": Status.RESOLVED.value},
        "all": {},
    }
    return queries[view]


class Views:
    def __init__(
        self,
        mongo: Mongo,
        vault: Vault,
        staff: StaffStore,
        conversations: ConversationStore,
        outbox: OutboxStore,
    ) -> None:
        self._mongo = mongo
        self._vault = vault
        self._staff = staff
        self._conversations = conversations
        self._outbox = outbox

    def rows(self, staff: Staff, view: str) -> list[Row]:
        may = readable(staff)
        if may is None:
            return []
        order = (
            [("priority", ASCENDING), ("waiting_since", ASCENDING)]
            if view == "waiting"
            else [("last_at", DESCENDING)]
        )
        found = self._mongo["conversations"].find({**view_query(view, staff), **may}).sort(order).limit(ROWS)
        return self._rows(list(found))

    def counts(self, staff: Staff) -> dict[str, int]:
        may = readable(staff)
        if may is None:
            return dict.fromkeys(VIEWS, 0)
        return {
            view: self._mongo["conversations"].count_documents({**view_query(view, staff), **may}, limit=1000)
            for view in VIEWS
            if view not in ("resolved", "all")
        }

    def page(self, staff: Staff, conversation_id: str) -> Page | None:
        """None where there is no such conversation or the role may not read it: both look alike from outside."""
        may = permitted(staff)
        if may is None:
            return None
        doc = self._mongo["conversations"].find_one({"_id": conversation_id, **may})
        if doc is None or not self._concerns(staff, doc):
            return None
        customer = self._mongo["customers"].find_one({"_id": doc["customer"]})
        others = (
            self._mongo["conversations"]
            .find({"customer": doc["customer"], "_id": {"$ne": conversation_id}, **may})
            .sort([("last_at", DESCENDING)])
            .limit(20)
        )
        found = list(
            self._mongo["messages"]
            .find({"conversation": conversation_id})
            .sort([("seq", DESCENDING)])
            .limit(MESSAGES)
        )
        sent = self._outbox.states([one["entry"] for one in found if one["entry"]])
        return Page(
            row=self._rows([doc])[0],
            conversation=conversation_of(doc),
            customer=self._conversations.customer_of(customer or {"_id": doc["customer"]}),
            messages=tuple(reversed([self._message(one, masked=True, sent=sent) for one in found])),
            others=tuple(self._rows(list(others))),
        )

    def _concerns(self, staff: Staff, doc: Doc) -> bool:
        """Whether it is in the queue, theirs, or of a customer whom they are serving now."""
        if staff.role in READS_ALL or doc["status"] == Status.WAITING.value or doc["assignee"] == staff.id:
            return True
        serving = {"customer": doc["customer"], "assignee": staff.id, "status": Status.ASSIGNED.value}
        return self._mongo["conversations"].find_one(serving, {"_id": 1}) is not None

    def since(self, thread: str, pos: int, limit: int = MESSAGES) -> list[Message]:
        """The customer's own view: what was said after `pos`, oldest first, in full."""
        found = (
            self._mongo["messages"]
            .find({"thread": thread, "pos": {"$gt": pos}})
            .sort([("pos", ASCENDING)])
            .limit(limit)
        )
        return [self._message(one, masked=False) for one in found]

    def latest(self, thread: str, limit: int) -> list[Message]:
        found = self._mongo["messages"].find({"thread": thread}).sort([("pos", DESCENDING)]).limit(limit)
        return list(reversed([self._message(one, masked=False) for one in found]))

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
        )

    def _rows(self, docs: list[Doc]) -> list[Row]:
        customers = {
            doc["_id"]: doc
            for doc in self._mongo["customers"].find(
                {"_id": {"$in": [one["customer"] for one in docs]}}, {"name": 1}
            )
        }
        accounts = {
            doc["_id"]: doc["name"]
            for doc in self._mongo["accounts"].find(
                {"_id": {"$in": [one["account"] for one in docs]}}, {"name": 1}
            )
        }
        names = self._staff.names([one["assignee"] for one in docs if one["assignee"]])
        rows = []
        for doc in docs:
            name = customers.get(doc["customer"], {}).get("name")
            conversation = conversation_of(doc)
            waiting = conversation.waiting_since
            limit = FIRST_REPLY.get(conversation.priority, FIRST_REPLY_ELSE)
            rows.append(
                Row(
                    id=conversation.id,
                    channel=conversation.channel,
                    account_name=accounts.get(conversation.account_id, ""),
                    customer_name=self._vault.read(name) if name else None,
                    preview=self._vault.read(doc.get("preview")),
                    status=conversation.status,
                    reason=conversation.reason,
                    skill=conversation.skill,
                    priority=conversation.priority,
                    assignee_id=conversation.assignee,
                    assignee_name=names.get(conversation.assignee or ""),
                    waiting_since=waiting,
                    deadline=waiting + limit if waiting else None,
                    last_at=conversation.last_at,
                    unread=conversation.unread,
                )
            )
        return rows


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
