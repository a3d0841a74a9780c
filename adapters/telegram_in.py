"""What Telegram posts: one update each, of one kind.

Read by our own code: the SDK's `Update.de_json` raises on a malformed update, which would block that chat's
queue. https://core.telegram.org/bots/api#update
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapters.links import carried, typed
from adapters.reading import LONGEST_DETAIL, a_dict, a_text, a_time, fingerprint, language, load
from bot.errors import BadPayload
from bot.model import Inbound, Kind, Profile

# Kinds of message content we name; all others are OTHER too, under their own or no name.
_CONTENT = (
    "photo", "voice", "sticker", "document", "video", "video_note", "audio", "animation", "location", "venue",
    "contact", "poll", "dice", "story", "paid_media", "checklist", "game", "invoice",
)  # fmt: skip
# Facts about a chat, told as a message; nobody wrote anything.
_SERVICE = (
    "pinned_message", "message_auto_delete_timer_changed", "write_access_allowed", "users_shared",
    "chat_shared", "connected_website", "proximity_alert_triggered", "successful_payment",
    "refunded_payment", "gift", "unique_gift", "chat_background_set", "passport_data", "migrate_to_chat_id",
    "migrate_from_chat_id",
)  # fmt: skip


def parse(account_id: str, body: bytes) -> list[Inbound]:
    """The one event of an update. Raises BadPayload."""
    update = load(body, "Telegram")
    number = update.get("update_id")
    if not isinstance(number, int) or isinstance(number, bool):
        raise BadPayload("The body has no update_id, so Telegram did not post it.")
    event_id = a_text(update, "update_id") or fingerprint(update)
    if isinstance(update.get("message"), dict):
        return [_message(account_id, event_id, update["message"])]
    if isinstance(update.get("callback_query"), dict):
        return [_callback(account_id, event_id, update["callback_query"])]
    if isinstance(update.get("edited_message"), dict):
        return [_edited(account_id, event_id, update["edited_message"])]
    names = sorted(set(update) - {"update_id"})
    name = (names[0] if names else "unknown")[:LONGEST_DETAIL]
    return [_ignored(account_id, event_id, a_dict(update, name), name)]


def _message(account_id: str, event_id: str, message: dict[str, Any]) -> Inbound:
    chat, sender = a_dict(message, "chat"), a_dict(message, "from")
    if a_text(chat, "type") != "private":
        return _ignored(account_id, event_id, message, "group")
    user_id = a_text(chat, "id")
    if not user_id or sender.get("is_bot") is True:
        return _ignored(account_id, event_id, message, "message")
    kind, detail = _kind(message)
    return Inbound(
        account_id=account_id,
        event_id=event_id,
        user_id=user_id,
        kind=kind,
        sent_at=a_time(message, "date", 1),
        text=a_text(message, "text") if kind is Kind.TEXT else None,
        kind_detail=detail,
        profile=_profile(sender),
        link_token=_link(a_text(message, "text")) if kind is Kind.LINK else None,
        message_id=a_text(message, "message_id") if kind in (Kind.TEXT, Kind.OTHER) else None,
    )


def _edited(account_id: str, event_id: str, message: dict[str, Any]) -> Inbound:
    """The whole message as it reads now; its own `date` stays that of the first version."""
    whole = _message(account_id, event_id, message)
    number = a_text(message, "message_id")
    if whole.kind is Kind.IGNORED or not number:
        return _ignored(account_id, event_id, message, whole.kind_detail or "edit")
    # A command or a link that was typed into it afterwards is text like any other: nothing is done for it.
    return replace(
        whole,
        kind=Kind.EDIT,
        sent_at=a_time(message, "edit_date", 1),
        text=a_text(message, "text") or a_text(message, "caption"),
        link_token=None,
        message_id=None,
        of=number,
    )


def _link(text: str | None) -> str | None:
    """The parameter of our deep link, or what was typed."""
    words = (text or "").split()
    started = len(words) == 2 and words[0].partition("@")[0] == "/start"
    return carried(words[1]) if started else typed(text)


def _kind(message: dict[str, Any]) -> tuple[Kind, str | None]:
    text = a_text(message, "text")
    if _link(text):
        return Kind.LINK, None
    if text:
        command = text.split(maxsplit=1)[0] if text.strip() else ""
        return (Kind.FOLLOW, None) if command.partition("@")[0] == "/start" else (Kind.TEXT, None)
    content = next((name for name in _CONTENT if name in message), None)
    if content:
        return Kind.OTHER, content
    service = next((name for name in _SERVICE if name in message), None)
    return (Kind.IGNORED, service) if service else (Kind.OTHER, "unsupported")


def _callback(account_id: str, event_id: str, query: dict[str, Any]) -> Inbound:
    sender, chat = a_dict(query, "from"), a_dict(a_dict(query, "message"), "chat")
    choice, user_id = a_text(query, "data"), a_text(sender, "id")
    # Without its message (too old) a query shows no chat; a press in private is the rule then.
    if a_text(chat, "type") not in (None, "private"):
        return _ignored(account_id, event_id, query, "group")
    if not choice or not user_id:
        return _ignored(account_id, event_id, query, "callback_query")
    return Inbound(
        account_id=account_id,
        event_id=event_id,
        user_id=user_id,
        kind=Kind.CHOICE,
        # The only date in it is that of the message that carries the button.
        sent_at=datetime.now(UTC),
        choice=choice,
        callback_id=a_text(query, "id"),
        profile=_profile(sender),
    )


def _ignored(account_id: str, event_id: str, content: dict[str, Any], detail: str) -> Inbound:
    return Inbound(
        account_id=account_id,
        event_id=event_id,
        user_id=a_text(a_dict(content, "from"), "id") or "",
        kind=Kind.IGNORED,
        sent_at=a_time(content, "date", 1),
        kind_detail=detail,
    )


def _profile(sender: dict[str, Any]) -> Profile | None:
    names = [name for name in (a_text(sender, "first_name"), a_text(sender, "last_name")) if name]
    spoken = language(a_text(sender, "language_code"))
    return Profile(name=" ".join(names) or None, language=spoken) if names or spoken else None
