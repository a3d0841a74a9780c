"""Messenger webhook events. https://developers.facebook.com/docs/messenger-platform/reference/webhook-events"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from tests.sandbox.events.ids import messenger_psid, now_ms, token

Event = dict[str, Any]


def mid() -> str:
    """A message id as Graph makes them."""
    return "m_" + token(60)


def messenger_event(user: str, page: str, ts: int | None = None, **content: Any) -> Event:
    """An item of `entry[].messaging` with any content; `user` a PSID or any name; `ts` in milliseconds."""
    envelope = {
        "sender": {"id": messenger_psid(user)},
        "recipient": {"id": page},
        "timestamp": now_ms() if ts is None else ts,
    }
    return envelope | content


def messenger_text_event(
    user: str,
    page: str,
    text: str,
    event_id: str | None = None,
    ts: int | None = None,
    quick_reply: str | None = None,
) -> Event:
    """A text message; `quick_reply` is the payload of a pressed quick reply, `event_id` becomes the `mid`."""
    message: Event = {"mid": event_id or mid(), "text": text}
    if quick_reply is not None:
        message["quick_reply"] = {"payload": quick_reply}
    return messenger_event(user, page, ts, message=message)


def messenger_postback_event(
    user: str, page: str, payload: str, title: str = "", event_id: str | None = None, ts: int | None = None
) -> Event:
    """A pressed template button, menu item or Get Started."""
    postback = {"mid": event_id or mid(), "title": title or payload, "payload": payload}
    return messenger_event(user, page, ts, postback=postback)


def messenger_attachment_event(
    user: str, page: str, kind: str, event_id: str | None = None, ts: int | None = None
) -> Event:
    """A message with one attachment of `kind` image, audio, video, file, sticker, location or fallback."""
    payload: Event = {"url": f"https://scontent.xx.fbcdn.net/v/sandbox.{kind}?oh=1&oe=2"}
    if kind == "sticker":
        payload["sticker_id"] = 369239263222822
    if kind == "location":
        payload = {"coordinates": {"lat": 25.033, "long": 121.5645}}
    attachments = [{"type": kind, "payload": payload}]
    return messenger_event(user, page, ts, message={"mid": event_id or mid(), "attachments": attachments})


def messenger_echo_event(
    user: str,
    page: str,
    text: str,
    event_id: str | None = None,
    metadata: str | None = None,
    app_id: str | int | None = None,
    ts: int | None = None,
) -> Event:
    """The page's own message coming back, ends swapped; without `app_id` a person wrote it."""
    message: Event = {"mid": event_id or mid(), "is_echo": True, "text": text}
    if app_id is not None:
        message["app_id"] = app_id
    if metadata is not None:
        message["metadata"] = metadata
    event = messenger_event(user, page, ts, message=message)
    return event | {"sender": event["recipient"], "recipient": event["sender"]}


def messenger_body(page: str, events: list[Event]) -> bytes:
    """The bytes of one POST. Meta signs them with non-ASCII escaped in lowercase, and `/` escaped."""
    payload = {"object": "page", "entry": [{"id": page, "time": now_ms(), "messaging": events}]}
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()


def sign_messenger(app_secret: str, body: bytes) -> dict[str, str]:
    """Headers of a Messenger webhook: lowercase hex HMAC-SHA256 of the raw body under the app secret."""
    digest = hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "User-Agent": "facebookexternalua",
        "X-Hub-Signature-256": "sha256=" + digest,
    }
