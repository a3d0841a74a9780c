"""LINE webhook events. https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from tests.sandbox.events.ids import line_user_id, message_id, now_ms, token, ulid

DESTINATION = "U8e742f61d673b39c7fff3cecb7536ef0"
Event = dict[str, Any]


def _event(
    kind: str,
    user: str,
    event_id: str | None,
    redelivery: bool,
    ts: int | None,
    reply_token: str | None = None,
    **rest: Any,
) -> Event:
    user_id = line_user_id(user)
    source = {"U": ("user", "userId"), "C": ("group", "groupId"), "R": ("room", "roomId")}[user_id[0]]
    event: Event = {
        "type": kind,
        "mode": "active",
        "timestamp": now_ms() if ts is None else ts,
        "source": {"type": source[0], source[1]: user_id},
        "webhookEventId": event_id or ulid(ts),
        "deliveryContext": {"isRedelivery": redelivery},
    }
    if kind not in ("unfollow", "unsend", "leave"):
        event["replyToken"] = reply_token or token()
    return event | rest


def line_text_event(
    user: str,
    text: str,
    event_id: str | None = None,
    reply_token: str | None = None,
    redelivery: bool = False,
    ts: int | None = None,
) -> Event:
    """A text message of `user` (a LINE id, or any name); `ts` in milliseconds."""
    message = {
        "id": message_id(),
        "type": "text",
        "quoteToken": token(48),
        "markAsReadToken": token(48),
        "text": text,
    }
    return _event("message", user, event_id, redelivery, ts, reply_token, message=message)


def line_postback_event(
    user: str,
    data: str,
    event_id: str | None = None,
    reply_token: str | None = None,
    redelivery: bool = False,
    ts: int | None = None,
) -> Event:
    """A pressed button whose action is a postback."""
    return _event("postback", user, event_id, redelivery, ts, reply_token, postback={"data": data})


def line_follow_event(
    user: str,
    event_id: str | None = None,
    reply_token: str | None = None,
    redelivery: bool = False,
    ts: int | None = None,
    unblocked: bool = False,
) -> Event:
    """The user added the account as a friend, or unblocked it."""
    return _event("follow", user, event_id, redelivery, ts, reply_token, follow={"isUnblocked": unblocked})


def line_unfollow_event(
    user: str, event_id: str | None = None, redelivery: bool = False, ts: int | None = None
) -> Event:
    """The user blocked the account; no reply token."""
    return _event("unfollow", user, event_id, redelivery, ts)


_MEDIA: dict[str, dict[str, Any]] = {
    "image": {"contentProvider": {"type": "line"}},
    "video": {"contentProvider": {"type": "line"}, "duration": 4000},
    "audio": {"contentProvider": {"type": "line"}, "duration": 4000},
    "file": {"fileName": "statement.pdf", "fileSize": 2138},
    "location": {"title": "Here", "address": "台北市信義區", "latitude": 25.033, "longitude": 121.5645},
    "sticker": {
        "stickerId": "52002738",
        "packageId": "11537",
        "stickerResourceType": "ANIMATION",
        "keywords": ["thanks", "smile"],
    },
}


def line_media_event(
    user: str,
    kind: str,
    event_id: str | None = None,
    reply_token: str | None = None,
    redelivery: bool = False,
    ts: int | None = None,
    **fields: Any,
) -> Event:
    """A message of `kind` image, video, audio, file, location or sticker; any other kind is sent bare,
    for LINE adds kinds unannounced. `fields` override the message's own."""
    message: Event = {"id": message_id(), "type": kind, "markAsReadToken": token(48)}
    if kind in ("image", "video", "sticker"):
        message["quoteToken"] = token(48)
    message |= _MEDIA.get(kind, {}) | fields
    return _event("message", user, event_id, redelivery, ts, reply_token, message=message)


def line_body(events: list[Event], destination: str = DESTINATION) -> bytes:
    """The bytes of one webhook POST; `destination` is the bot's own user id."""
    payload = {"destination": destination, "events": events}
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def sign_line(secret: str, body: bytes) -> dict[str, str]:
    """Headers of a LINE webhook: base64 HMAC-SHA256 of the raw body under the channel secret."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "LineBotWebhook/2.0",
        "x-line-signature": base64.b64encode(digest).decode(),
    }
