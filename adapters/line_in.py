"""What LINE posts, event by event.

The SDK's parser is not used: an event type or sticker kind it does not know loses its sender there, and one
event without an id fails the whole batch.
https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects
"""

from __future__ import annotations

from typing import Any

from adapters.links import carried, typed
from adapters.reading import a_dict, a_text, a_time, a_word, fingerprint, load
from bot.errors import BadPayload
from bot.model import Inbound, Kind


def parse(account_id: str, body: bytes) -> list[Inbound]:
    """Every event of one POST, in its order; [] for LINE's own check of the address. Raises BadPayload."""
    events = load(body, "LINE").get("events")
    if not isinstance(events, list):
        raise BadPayload("The body has no list of events, so LINE did not post it.")
    return [_event(account_id, event) for event in events]


def _event(account_id: str, event: Any) -> Inbound:
    kind, detail = _kind(event)
    message = a_dict(event, "message")
    return Inbound(
        account_id=account_id,
        event_id=a_text(event, "webhookEventId") or fingerprint(event),
        user_id=a_text(a_dict(event, "source"), "userId") or "",
        kind=kind,
        sent_at=a_time(event, "timestamp", 1000),
        text=a_text(message, "text") if kind is Kind.TEXT else None,
        choice=a_text(a_dict(event, "postback"), "data") if kind is Kind.CHOICE else None,
        kind_detail=detail,
        reply_token=a_text(event, "replyToken") if kind not in (Kind.IGNORED, Kind.UNSEND) else None,
        redelivered=a_dict(event, "deliveryContext").get("isRedelivery") is True,
        link_token=_link(event) if kind is Kind.LINK else None,
        message_id=a_text(message, "id") if kind in (Kind.TEXT, Kind.OTHER) else None,
        of=a_text(a_dict(event, "unsend"), "messageId") if kind is Kind.UNSEND else None,
    )


def _kind(event: Any) -> tuple[Kind, str | None]:
    source = a_dict(event, "source")
    name = a_word(event, "type", "unknown")
    if a_word(event, "mode", "active") == "standby":
        # Another module has the conversation: answering would talk over it.
        return Kind.IGNORED, "standby"
    if a_text(source, "type") in ("group", "room"):
        return Kind.IGNORED, "group"
    if not a_text(source, "userId"):
        return Kind.IGNORED, name
    if name == "unsend" and a_text(a_dict(event, "unsend"), "messageId"):
        return Kind.UNSEND, None
    if name == "follow":
        return Kind.FOLLOW, None
    if name == "postback" and a_text(a_dict(event, "postback"), "data"):
        return Kind.CHOICE, None
    if _link(event):
        return Kind.LINK, None
    if name == "message":
        return _message(a_dict(event, "message"))
    return Kind.IGNORED, name


def _link(event: Any) -> str | None:
    """What came back through LINE's account link, whose nonce is our token, or was typed."""
    linked = a_dict(event, "link")
    if a_text(linked, "result") == "ok":
        return carried(a_text(linked, "nonce"))
    return typed(a_text(a_dict(event, "message"), "text"))


def _message(message: dict[str, Any]) -> tuple[Kind, str | None]:
    name = a_word(message, "type", "unknown")
    if name == "text" and a_text(message, "text"):
        return Kind.TEXT, None
    return Kind.OTHER, name
