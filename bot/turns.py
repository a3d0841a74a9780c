"""What a turn leaves behind: the lines of the record, and what a decision makes of its conversation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.model import (
    ContentKind,
    Conversation,
    Decision,
    Delivery,
    HandOff,
    Kind,
    Offer,
    Status,
    StaySilent,
    Turn,
)
from bot.rendering import Rendered
from bot.store.conversations import Draft
from bot.store.events import Pending


def heard(pending: Pending) -> Draft:
    """The customer's line for the record; a kind that has no text is named in brackets."""
    inbound = pending.inbound
    text = inbound.text or ""
    if inbound.kind is Kind.OTHER:
        text = f"[{inbound.kind_detail or 'other'}]"
    elif inbound.kind is Kind.FOLLOW:
        text = "[follow]"
    return Draft(
        author="customer",
        text=text,
        at=inbound.sent_at,
        kind=inbound.kind.value,
        client_id=inbound.client_id,
        event=pending.id,
    )


def said(rendered: Rendered, turn: Turn, delivery: Delivery | None) -> Draft:
    """The bot's line; `delivery` None where the customer fetches it."""
    return Draft(
        author="bot",
        text=rendered.text,
        at=datetime.now(UTC),
        approved=rendered.refs,
        locale=turn.locale,
        buttons=rendered.buttons,
        delivery=delivery,
    )


def changes_of(decision: Decision, conversation: Conversation) -> dict[str, Any]:
    """What the decision makes of the conversation."""
    if isinstance(decision, HandOff):
        return {
            "status": Status.WAITING.value,
            "reason": decision.reason,
            "skill": decision.skill,
            "priority": decision.priority,
            "waiting_since": datetime.now(UTC),
            "misses": 0,
            "offer": None,
        }
    if isinstance(decision, StaySilent):
        return {}
    offered = [button for button in decision.buttons if button.value.startswith("offer:")]
    changes: dict[str, Any] = {"offer": None}
    if offered:
        offer = Offer(offered[0].value.split(":")[1], tuple(button.ref for button in offered))
        changes["offer"] = {
            "id": offer.id,
            "refs": [
                {"kind": ref.kind.value, "id": ref.id, "version": ref.version, "sha256": ref.sha256}
                for ref in offer.refs
            ],
        }
    if decision.miss:
        changes["misses"] = conversation.misses + 1
    elif any(ref.kind is ContentKind.ARTICLE for ref in decision.parts):
        changes["misses"] = 0
    return changes
