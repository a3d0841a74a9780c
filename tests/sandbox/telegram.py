"""The Telegram Bot API: the methods a support bot uses. https://core.telegram.org/bots/api"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from tests.sandbox import outbound
from tests.sandbox.state import Account, State
from tests.sandbox.telegram_rules import RefusedError, Values, check_markup, error, ok, visible
from tests.sandbox.wire import Answer, NotJsonError, Request, utf16_units

TEXT, CAPTION, ANSWER_TEXT = 4096, 1024, 200
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
STRUCTURED = frozenset(
    {
        *("reply_markup", "allowed_updates", "entities", "reply_parameters"),
        *("link_preview_options", "commands", "media"),
    }
)
_MEDIA_KINDS = ("photo", "document", "audio", "voice", "video", "sticker")
Method = Callable[[State, Account, Values], Answer]


def handle(state: State, request: Request) -> Answer:
    """Answers one call; `request.path` is `/bot<token>/<method>` or `/file/bot<token>/<path>`."""
    path = unquote(request.path)
    if match := re.fullmatch(r"/file/bot([^/]+)/(.+)", path):
        return _file(state, match[1], match[2])
    match = re.fullmatch(r"/bot([^/]+)/(?:test/)?([A-Za-z]+)", path)
    if match is None:
        return error(404, "Not Found")
    account = state.by_token("telegram", match[1])
    if account is None:
        return error(401, "Unauthorized")
    try:
        method = _METHODS.get(match[2].lower())
        if method is None:
            raise RefusedError(404, "Not Found: method not found")
        answer = method(state, account, request.loose(STRUCTURED))
    except NotJsonError:
        answer = error(400, "Bad Request: can't parse JSON object")
    except RefusedError as refused:
        answer = refused.answer
    answer.account = account.id
    return answer


def public_path(path: str) -> str:
    """The path without the token, fit for a log."""
    return re.sub(r"/bot[^/]+/", "/bot<token>/", path)


def _chat(state: State, account: Account, values: Values) -> tuple[int, Values]:
    given = str(values.get("chat_id", ""))
    if not given:
        raise RefusedError(400, "Bad Request: chat_id is empty")
    if not re.fullmatch(r"-?\d+", given) or int(given) == 0:
        raise RefusedError(400, "Bad Request: chat not found")
    about = state.peek_user("telegram", account.id, given)
    if about.get("known") is False:
        raise RefusedError(400, "Bad Request: chat not found")
    if about.get("migrate_to"):
        text = "Bad Request: group chat was upgraded to a supergroup chat"
        raise RefusedError(400, text, migrate_to_chat_id=about["migrate_to"])
    if about.get("deactivated"):
        raise RefusedError(403, "Forbidden: user is deactivated")
    if about.get("blocked"):
        raise RefusedError(403, "Forbidden: bot was blocked by the user")
    return int(given), about


def _me(account: Account) -> Values:
    digits = account.id if account.id.isdigit() else str(int(account.id[:8], 16))
    return {"id": int(digits), "is_bot": True, "first_name": account.name, "username": "sandbox_bot"}


def _message(account: Account, chat: int, about: Values, **content: Any) -> Values:
    number = account.memory["message_id"] = account.memory.get("message_id", 100_000) + 1
    name = about.get("display_name") or f"User {chat}"
    kind = {"type": "private", "first_name": name} if chat > 0 else {"type": "group", "title": name}
    return {
        "message_id": number,
        "from": _me(account),
        "chat": {"id": chat, **kind},
        "date": int(time.time()),
        **content,
    }


def _send_message(state: State, account: Account, values: Values) -> Answer:
    chat, about = _chat(state, account, values)
    text = values.get("text")
    text = "" if text is None else str(text)
    if not text.strip():
        raise RefusedError(400, "Bad Request: message text is empty")
    if utf16_units(visible(text, str(values.get("parse_mode") or ""))) > TEXT:
        raise RefusedError(400, "Bad Request: message is too long")
    check_markup(values.get("reply_markup"))
    return ok(_message(account, chat, about, text=text), to=str(chat))


def _send_media(kind: str) -> Method:
    def send(state: State, account: Account, values: Values) -> Answer:
        chat, about = _chat(state, account, values)
        if not values.get(kind):
            raise RefusedError(400, f"Bad Request: there is no {kind} in the request")
        if utf16_units(str(values.get("caption") or "")) > CAPTION:
            raise RefusedError(400, "Bad Request: message caption is too long")
        check_markup(values.get("reply_markup"))
        file = {"file_id": "SANDBOX", "file_unique_id": "SANDBOX", "file_size": 1}
        content = [file | {"width": 1, "height": 1}] if kind == "photo" else file
        return ok(_message(account, chat, about, **{kind: content}), to=str(chat))

    return send


def _edit(state: State, account: Account, values: Values) -> Answer:
    chat, about = _chat(state, account, values)
    if not values.get("message_id"):
        raise RefusedError(400, "Bad Request: message identifier is not specified")
    check_markup(values.get("reply_markup"))
    message = _message(account, chat, about, edit_date=int(time.time()), text=str(values.get("text", "")))
    return ok(message | {"message_id": int(values["message_id"])}, to=str(chat))


def _action(state: State, account: Account, values: Values) -> Answer:
    chat, _ = _chat(state, account, values)
    if not values.get("action"):
        raise RefusedError(400, "Bad Request: wrong parameter action in request")
    return ok(True, to=str(chat))


def _simple(state: State, account: Account, values: Values) -> Answer:
    return ok(True)


def _answer_callback(state: State, account: Account, values: Values) -> Answer:
    query = str(values.get("callback_query_id", ""))
    known = account.memory.get("callback_queries", {})
    strict = not account.options.get("any_callback_query", True)
    if not query or (strict and query not in known):
        text = "Bad Request: query is too old and response timeout expired or query ID is invalid"
        raise RefusedError(400, text)
    if utf16_units(str(values.get("text") or "")) > ANSWER_TEXT:
        raise RefusedError(400, "Bad Request: MESSAGE_TOO_LONG")
    return ok(True, to=known.get(query))


def _set_webhook(state: State, account: Account, values: Values) -> Answer:
    url, secret = str(values.get("url", "")), values.get("secret_token")
    if url and not outbound.allowed(url):
        raise RefusedError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if secret is not None and not _SECRET.fullmatch(str(secret)):
        raise RefusedError(400, "Bad Request: secret token contains unallowed characters")
    account.webhook_url, account.secret = url, str(secret or "")
    if "allowed_updates" in values:  # omitting keeps the earlier list
        account.options["allowed_updates"] = values["allowed_updates"] or None
    account.memory["max_connections"] = int(values.get("max_connections") or 40)
    state.save()
    return Answer(200, {"ok": True, "result": True, "description": "Webhook was set"})


def _delete_webhook(state: State, account: Account, values: Values) -> Answer:
    account.webhook_url = account.secret = ""
    state.save()
    return ok(True)


def _webhook_info(state: State, account: Account, values: Values) -> Answer:
    info: Values = {
        "url": account.webhook_url,
        "has_custom_certificate": False,
        "pending_update_count": 0,
        "max_connections": account.memory.get("max_connections", 40),
    }
    if account.options.get("allowed_updates"):
        info["allowed_updates"] = account.options["allowed_updates"]
    return ok(info | account.memory.get("last_error", {}))


def _get_updates(state: State, account: Account, values: Values) -> Answer:
    if account.webhook_url:
        text = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete"
        raise RefusedError(409, text)
    return ok([])


def _get_me(state: State, account: Account, values: Values) -> Answer:
    more = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
    return ok(_me(account) | more)


def _get_chat(state: State, account: Account, values: Values) -> Answer:
    chat, about = _chat(state, account, values)
    body = {
        "id": chat,
        "type": "private",
        "first_name": about.get("display_name") or f"User {chat}",
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }
    return ok(body, to=str(chat))


def _photos(state: State, account: Account, values: Values) -> Answer:
    return ok({"total_count": 0, "photos": []})


def _get_file(state: State, account: Account, values: Values) -> Answer:
    file_id = str(values.get("file_id", ""))
    media = state.media.get(("telegram", file_id))
    if media is None:
        raise RefusedError(400, "Bad Request: invalid file_id")
    if media.get("too_big"):
        raise RefusedError(400, "Bad Request: file is too big")
    size = len(media["bytes"])
    result = {"file_id": file_id, "file_unique_id": file_id[:12], "file_size": size}
    return ok(result | {"file_path": f"media/{file_id}"})


def _file(state: State, bot_token: str, path: str) -> Answer:
    account = state.by_token("telegram", bot_token)
    media = state.media.get(("telegram", path.removeprefix("media/")))
    if account is None:
        return error(401, "Unauthorized")
    if media is None:
        answer = error(404, "Not Found")
    else:
        answer = Answer(200, media["bytes"], content_type="application/octet-stream")
    answer.account = account.id
    return answer


_METHODS: dict[str, Method] = {
    "sendmessage": _send_message,
    "sendchataction": _action,
    "answercallbackquery": _answer_callback,
    "editmessagetext": _edit,
    "editmessagereplymarkup": _edit,
    "deletemessage": _simple,
    "setmycommands": _simple,
    "logout": _simple,
    "setwebhook": _set_webhook,
    "deletewebhook": _delete_webhook,
    "getwebhookinfo": _webhook_info,
    "getupdates": _get_updates,
    "getme": _get_me,
    "getchat": _get_chat,
    "getuserprofilephotos": _photos,
    "getfile": _get_file,
    **{f"send{kind}": _send_media(kind) for kind in _MEDIA_KINDS},
}
