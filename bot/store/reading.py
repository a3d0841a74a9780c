"""Who may read which conversations, and what each list holds, in which order: queries as values, for `views.py`.

Every query is written so that an index of `schema.py` gives both what it holds and its order: a list of a house with
a million messages is read as quickly as one of a house with ten.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.errors import BadPayload
from bot.model import Conversation, Role, Staff, Status
from bot.mongo import Doc
from bot.store.restricted import shown_to

VIEWS = (
    "mine",
    "waiting",
    "complaints",
    "mentions",
    "snoozed",
    "assigned",
    "bot",
    "resolved",
    "all",
)
UNCOUNTED = ("resolved", "all")
"""What only grows is not counted at every look."""

# Complaints go to senior agents and supervisors only; the administrator reads no customer content.
COMPLAINT = "complaint"
READS_ALL = (Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR)
READS_COMPLAINTS = (Role.SENIOR, *READS_ALL)

Order = tuple[tuple[str, int], ...]
_LATEST: Order = (("last_at", -1), ("_id", -1))
ORDERS: dict[str, Order] = {
    "waiting": (("priority", 1), ("waiting_since", 1), ("_id", 1)),
    # The law's clock runs from when a complaint was made.
    "complaints": (("opened_at", 1), ("_id", 1)),
}
LONGEST_CURSOR = 400


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a view is asked for; None stands for all. `customer` is a customer's id."""

    skill: str | None = None
    tag: str | None = None
    channel: str | None = None
    customer: str | None = None

    @property
    def filter(self) -> Doc:
        found = {"skill": self.skill, "tags": self.tag, "channel": self.channel, "customer": self.customer}
        return {name: value for name, value in found.items() if value}


EVERYTHING = Wanted()


def permitted(staff: Staff) -> Doc | None:
    """What the role may ever read; None where it reads nothing."""
    if staff.role in READS_COMPLAINTS:
        return shown_to(staff)
    return {"skill": {"$ne": COMPLAINT}, **shown_to(staff)} if staff.role is Role.AGENT else None


def readable(staff: Staff) -> Doc | None:
    """What the lists of a member of staff may hold: those who answer see the queue and their own work."""
    query = permitted(staff)
    if query is None or staff.role in READS_ALL:
        return query
    return {**query, "$or": [{"status": Status.WAITING.value}, {"assignee": staff.id}]}


def concerns(staff: Staff, doc: Doc) -> bool:
    """`readable`, asked of one document that `permitted` lets through."""
    return staff.role in READS_ALL or doc["status"] == Status.WAITING.value or doc["assignee"] == staff.id


def may_read(staff: Staff, conversation: Conversation) -> bool:
    """The same, asked of one conversation: complaints, and whose it is."""
    doc = {"status": conversation.status.value, "assignee": conversation.assignee}
    if permitted(staff) is None or (conversation.skill == COMPLAINT and staff.role not in READS_COMPLAINTS):
        return False
    return concerns(staff, doc)


def order_of(view: str) -> Order:
    return ORDERS.get(view, _LATEST)


def query_of(view: str, staff: Staff, wanted: Wanted, now: datetime, after: str | None = None) -> Doc | None:
    """The conversations of a view that this person may list, after the row that the cursor `after` names.

    None where the role reads nothing. Raises BadPayload for a cursor that is none of this view.
    """
    may = permitted(staff)
    if may is None:
        return None
    start = _start(view, after) if after else {}
    branches = [_both(branch, may, wanted.filter, start) for branch in _branches(view, staff, now)]
    # Rooted at the $or, so that each branch has an index of its own and their orders are merged.
    return branches[0] if len(branches) == 1 else {"$or": branches}


def _branches(view: str, staff: Staff, now: datetime) -> list[Doc]:
    own = {"assignee": staff.id}
    working = {**own, "status": Status.ASSIGNED.value}
    if view == "mine":
        # Asked of the time itself: a snooze is over to the minute, whether or not the clock has noticed.
        return [{**working, "snoozed_until": {"$not": {"$gt": now}}}]
    if view == "snoozed":
        return [{**working, "snoozed_until": {"$gt": now}}]
    if view == "waiting":
        return [{"status": Status.WAITING.value}]
    theirs_only = staff.role not in READS_ALL
    if view == "complaints":
        complaint = {"open": True, "skill": COMPLAINT}
        return [{**complaint, "$or": [{"status": Status.WAITING.value}, own]} if theirs_only else complaint]
    if view != "all":
        return [{"status": view, **own} if theirs_only else {"status": view}]
    if not theirs_only:
        return [{}]
    closed_or_held = (Status.ASSIGNED, Status.RESOLVED, Status.BOT)
    return [{"status": Status.WAITING.value}, *({**own, "status": one.value} for one in closed_or_held)]


def _both(*parts: Doc) -> Doc:
    """All of `parts`; a name that comes twice (a skill asked for, one forbidden) keeps both conditions."""
    merged: Doc = {}
    twice: list[Doc] = []
    for part in parts:
        for name, value in part.items():
            if name in merged and merged[name] != value:
                twice.append({name: value})
            else:
                merged[name] = value
    return {**merged, "$and": twice} if twice else merged


def cursor_of(view: str, doc: Doc) -> str:
    """Names a row of a view, so that a list goes on after it however many came before meanwhile."""
    values = [_written(doc[name]) for name, _ in order_of(view)]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _written(value: Any) -> Any:
    return {"at": value.isoformat()} if isinstance(value, datetime) else value


def _start(view: str, cursor: str) -> Doc:
    order = order_of(view)
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError
        read = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [datetime.fromisoformat(one["at"]) if isinstance(one, dict) else one for one in read]
        if len(values) != len(order) or not all(isinstance(one, str | int | datetime) for one in values):
            raise ValueError
    except (ValueError, TypeError, KeyError) as error:
        raise BadPayload("This page of the list is gone; begin at its top.") from error
    named = list(zip(order, values, strict=True))
    (first, way), value = named[0]
    # The bound is for the index; what ties with the last row is left out one by one.
    behind = []
    for n, ((name, direction), at) in enumerate(named[1:], 1):
        tied = {one: same for (one, _), same in named[:n]}
        past = (
            ("$lte" if direction > 0 else "$gte")
            if n == len(named) - 1
            else ("$lt" if direction > 0 else "$gt")
        )
        behind.append({**tied, name: {past: at}})
    return {first: {"$gte" if way > 0 else "$lte": value}, "$nor": behind}
