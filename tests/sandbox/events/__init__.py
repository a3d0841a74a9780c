"""Builders of realistic, signed webhook payloads: pure functions, for the sandbox, tests and benches alike.

Every builder of an event returns a plain dict; `<channel>_body` makes the bytes that travel; `sign_<channel>`
the headers the platform would send with exactly these bytes. Shapes follow the platforms' webhook references.
"""

from tests.sandbox.events.ids import line_user_id, messenger_psid, telegram_user_id, ulid
from tests.sandbox.events.line import (
    line_body,
    line_follow_event,
    line_media_event,
    line_postback_event,
    line_text_event,
    line_unfollow_event,
    sign_line,
)
from tests.sandbox.events.messenger import (
    messenger_attachment_event,
    messenger_body,
    messenger_echo_event,
    messenger_event,
    messenger_postback_event,
    messenger_text_event,
    sign_messenger,
)
from tests.sandbox.events.telegram import (
    sign_telegram,
    telegram_body,
    telegram_callback_update,
    telegram_media_update,
    telegram_member_update,
    telegram_text_update,
)

__all__ = [
    "line_body",
    "line_follow_event",
    "line_media_event",
    "line_postback_event",
    "line_text_event",
    "line_unfollow_event",
    "line_user_id",
    "messenger_attachment_event",
    "messenger_body",
    "messenger_echo_event",
    "messenger_event",
    "messenger_postback_event",
    "messenger_psid",
    "messenger_text_event",
    "sign_line",
    "sign_messenger",
    "sign_telegram",
    "telegram_body",
    "telegram_callback_update",
    "telegram_media_update",
    "telegram_member_update",
    "telegram_text_update",
    "telegram_user_id",
    "ulid",
]
