"""When a conversation goes back to the queue, and what becomes of it: nobody waits for somebody who is not coming."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.desk.access import ANSWERS
from bot.desk.availability import last_seen
from bot.desk.routing_match import GENERAL, permits
from bot.desk.routing_rules import Rules
from bot.hours import Hours
from bot.model import Role, Status

NOT_PERMITTED, LEFT, UNANSWERED = "not_permitted", "left", "unanswered"
PASSED_BY = 10
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def reason_to_return(
    doc: Mapping[str, Any],
    desk: Mapping[str, Any] | None,
    owner: Mapping[str, Any] | None,
    rules: Rules,
    hours: Hours,
    watching: datetime | None,
    now: datetime,
) -> str | None:
    """Why this assigned conversation goes back, or None.

    `owner` is None for who was closed; `watching` is since when absence can be told, None where it cannot.
    """
    if owner is not None and not permits(Role(owner["role"]), doc.get("skill") or GENERAL):
        return NOT_PERMITTED
    if not awaits(doc):
        return None
    if owner is None or Role(owner["role"]) not in ANSWERS or _left(doc, desk, rules, watching, now):
        return LEFT
    since = doc.get("assigned_at")
    asleep = doc.get("snoozed_until") and doc["snoozed_until"] > now
    if since is None or asleep or (doc.get("staff_at") or _LONG_AGO) >= since:
        return None
    # Who sleeps until a time begins then.
    since = max(since, doc.get("snoozed_until") or since)
    patience = timedelta(minutes=rules.unanswered_of(doc["priority"]))
    return UNANSWERED if hours.after(since, patience) <= now else None


def awaits(doc: Mapping[str, Any]) -> bool:
    """Whether a reply is due: the customer spoke last, or it came from the queue or a colleague since staff did."""
    said, since = doc.get("staff_at"), due(doc)
    return said is None or (since is not None and since > said)


def due(doc: Mapping[str, Any]) -> datetime | None:
    """Since when somebody owes a reply: the last of what the customer said and of who passed it on."""
    news = doc.get("news") or {}
    passed_on = news.get("at") if news.get("kind") == "transfer" else None
    moments = [at for at in (doc.get("customer_at"), doc.get("owed_at"), passed_on) if at is not None]
    return max(moments, default=None)


def returned(doc: Mapping[str, Any], why: str, now: datetime) -> dict[str, Any]:
    """The fields of a conversation that goes back: one priority up, and its wait counts from where it began.

    Danger (priority 0) stays what it is: nothing becomes danger by waiting.
    """
    answered = doc.get("first_staff_at") is not None
    since = due(doc) if answered else doc.get("handed_at") or doc.get("assigned_at")
    passed = [*doc.get("passed_by", ()), doc["assignee"]]
    return {
        "status": Status.WAITING.value,
        "assignee": None,
        "assigned_at": None,
        "snoozed_until": None,
        "waiting_since": since or now,
        "priority": max(min(1, doc["priority"]), doc["priority"] - (why != NOT_PERMITTED)),
        "passed_by": list(dict.fromkeys(passed))[-PASSED_BY:],
    }


def _left(
    doc: Mapping[str, Any],
    desk: Mapping[str, Any] | None,
    rules: Rules,
    watching: datetime | None,
    now: datetime,
) -> bool:
    assigned = doc.get("assigned_at") or _LONG_AGO
    if desk is not None and desk.get("handing_over") and assigned <= desk["since"]:
        return True
    if watching is None:
        return False
    signs = (watching, assigned, doc.get("staff_at") or _LONG_AGO, last_seen(desk) if desk else _LONG_AGO)
    return now - max(signs) > timedelta(minutes=rules.grace)
