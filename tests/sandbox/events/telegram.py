"""Telegram updates. https://core.telegram.org/bots/api#update"""

from __future__ import annotations

import itertools
import json
import random
import time
from typing import Any

from tests.sandbox.events.ids import telegram_user_id, token

Update = dict[str, Any]
# Rising by one from a random start (Telegram may restart them at random): two processes, or two runs against
# the same database, must not make the same id, or the bot would rightly drop the second as a duplicate.
_update_ids = itertools.count(random.randrange(10**8, 2 * 10**9))
_message_ids = itertools.count(1000)


def _person(user: str | int, name: str) -> dict[str, Any]:
    return {
        "id": telegram_user_id(user),
        "is_bot": False,
        "first_name": name or str(user),
        "language_code": "zh-hant",
    }


def _message(user: str | int, name: str, ts: int | None, message_id: int | None) -> Update:
    person = _person(user, name)
    return {
        "message_id": message_id or next(_message_ids),
        "from": person,
        "chat": {"id": person["id"], "type": "private", "first_name": person["first_name"]},
        "date": int(time.time()) if ts is None else ts,
    }


def _update(event_id: int | str | None, **content: Any) -> Update:
    return {"update_id": next(_update_ids) if event_id is None else int(event_id), **content}


def telegram_text_update(
    user: str | int,
    text: str,
    event_id: int | str | None = None,
    ts: int | None = None,
    name: str = "",
    message_id: int | None = None,
) -> Update:
    """A text message in a private chat; `event_id` is the `update_id`, `ts` in seconds; `/start` follows."""
    message = _message(user, name, ts, message_id) | {"text": text}
    if text.startswith("/"):
        length = len(text.split(" ", 1)[0])
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
    return _update(event_id, message=message)


def telegram_callback_update(
    user: str | int,
    data: str,
    event_id: int | str | None = None,
    ts: int | None = None,
    name: str = "",
    message_id: int | None = None,
    query_id: str | None = None,
    bot_id: int = 123456,
) -> Update:
    """A pressed inline button; `message_id` is the bot message that carried it."""
    message = _message(user, name, ts, message_id)
    message["from"] = {"id": bot_id, "is_bot": True, "first_name": "Sandbox"}
    return _update(
        event_id,
        callback_query={
            "id": query_id or token(18),
            "from": _person(user, name),
            "chat_instance": "-12345",
            "data": data,
            "message": message | {"text": "?"},
        },
    )


_FILE = {"file_id": "AgACAgUAAx1", "file_unique_id": "AQADm", "file_size": 9000}
_MEDIA: dict[str, Any] = {
    "photo": [_FILE | {"width": 1280, "height": 960}],
    "sticker": _FILE
    | {
        "type": "regular",
        "width": 512,
        "height": 512,
        "is_animated": False,
        "is_video": False,
        "emoji": "👍",
    },
    "voice": _FILE | {"duration": 4, "mime_type": "audio/ogg"},
    "audio": _FILE | {"duration": 4, "mime_type": "audio/mpeg"},
    "video": _FILE | {"duration": 4, "width": 640, "height": 480, "mime_type": "video/mp4"},
    "document": _FILE | {"file_name": "statement.pdf", "mime_type": "application/pdf"},
    "location": {"latitude": 25.033, "longitude": 121.5645},
    "contact": {"phone_number": "+886900000000", "first_name": "Sandbox"},
}
_ALIASES = {"image": "photo", "file": "document"}


def telegram_media_update(
    user: str | int,
    kind: str,
    event_id: int | str | None = None,
    ts: int | None = None,
    name: str = "",
    **fields: Any,
) -> Update:
    """A message of `kind` photo (or image), sticker, voice, audio, video, document (or file), location or
    contact; any other kind is an empty object, for Telegram adds kinds unannounced. `fields` join it."""
    kind = _ALIASES.get(kind, kind)
    return _update(event_id, message=_message(user, name, ts, None) | {kind: _MEDIA.get(kind, {})} | fields)


def telegram_member_update(
    user: str | int,
    blocked: bool,
    event_id: int | str | None = None,
    ts: int | None = None,
    name: str = "",
    bot_id: int = 123456,
) -> Update:
    """The user blocked (`kicked`) or unblocked (`member`) the bot."""
    bot = {"id": bot_id, "is_bot": True, "first_name": "Sandbox"}
    old, new = ("member", "kicked") if blocked else ("kicked", "member")
    message = _message(user, name, ts, None)
    until = {"until_date": 0}
    return _update(
        event_id,
        my_chat_member={
            "chat": message["chat"],
            "from": message["from"],
            "date": message["date"],
            "old_chat_member": {"user": bot, "status": old} | ({} if blocked else until),
            "new_chat_member": {"user": bot, "status": new} | (until if blocked else {}),
        },
    )


def telegram_body(update: Update) -> bytes:
    """The bytes of one POST: one update, non-ASCII escaped as the Bot API server does."""
    return json.dumps(update, separators=(",", ":")).encode()


def sign_telegram(secret_token: str | None) -> dict[str, str]:
    """Headers of a Telegram webhook: the secret of `setWebhook`, absent when none was set; no signature."""
    headers = {"Content-Type": "application/json"}
    if secret_token:
        headers["X-Telegram-Bot-Api-Secret-Token"] = secret_token
    return headers
