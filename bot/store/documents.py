"""Documents back to the values that everybody else speaks of."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import ChannelType, ContentKind, Conversation, Offer, Ref, Status
from bot.mongo import Doc


def refs_of(items: Sequence[Doc]) -> tuple[Ref, ...]:
    return tuple(
        Ref(ContentKind(item["kind"]), item["id"], item["version"], item["sha256"]) for item in items
    )


def conversation_of(doc: Doc) -> Conversation:
    offer = doc.get("offer")
    return Conversation(
        id=doc["_id"],
        thread=doc["thread"],
        customer_id=doc["customer"],
        account_id=doc["account"],
        channel=ChannelType(doc["channel"]),
        status=Status(doc["status"]),
        misses=doc["misses"],
        assignee=doc["assignee"],
        skill=doc["skill"],
        priority=doc["priority"],
        reason=doc["reason"],
        offer=Offer(offer["id"], refs_of(offer["refs"])) if offer else None,
        seq=doc["seq"],
        opened_at=doc["opened_at"],
        waiting_since=doc["waiting_since"],
        last_at=doc["last_at"],
        unread=doc["unread"],
        head_hash=doc["head_hash"],
        recent=tuple(doc.get("recent", ())),
        tags=tuple(doc.get("tags", ())),
        handed_at=doc.get("handed_at"),
        assigned_at=doc.get("assigned_at"),
        customer_at=doc.get("customer_at"),
        staff_at=doc.get("staff_at"),
        first_staff_at=doc.get("first_staff_at"),
        resolved_at=doc.get("resolved_at"),
        snoozed_until=doc.get("snoozed_until"),
    )
