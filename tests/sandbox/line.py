"""The LINE Messaging API under one origin (api.line.me and api-data.line.me alike).

https://developers.line.biz/en/reference/messaging-api/
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from tests.sandbox import line_account
from tests.sandbox.events.ids import message_id, token
from tests.sandbox.line_rules import USER_ID, error, invalid, message_faults, refused
from tests.sandbox.state import Account, State
from tests.sandbox.wire import Answer, NotJsonError, Request

MAX_BODY = 2 * 1024 * 1024
RETRY_KEY_LIFE = 24 * 3600
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MONTHLY = "You have reached your monthly limit."
RATE = "The API rate limit has been exceeded. Try again later."
Endpoint = Callable[[State, Account, Request, re.Match[str]], Answer]


def handle(state: State, request: Request) -> Answer:
    """Answers one call; `request.path` starts at `/v2/...`."""
    answer = _answer(state, request)
    answer.headers.append(("x-line-request-id", str(uuid.uuid4())))
    return answer


def _answer(state: State, request: Request) -> Answer:
    if not request.bearer:
        return error(401, "Authentication failed due to the following reason: Authorization header required.")
    account = state.by_token("line", request.bearer)
    if account is None:
        return error(
            401,
            "Authentication failed. Confirm that the access token in the authorization header is valid.",
        )
    answer = _dispatch(state, account, request)
    answer.account = account.id
    return answer


def _dispatch(state: State, account: Account, request: Request) -> Answer:
    if len(request.body) > MAX_BODY:
        return error(413, "Request Entity Too Large")
    for method, pattern, endpoint in _ROUTES:
        match = pattern.fullmatch(request.path)
        if match is None or method != request.method:
            continue
        if method in ("POST", "PUT") and request.body and request.media_type != "application/json":
            return error(415, f"The content type, '{request.media_type}', is not supported")
        if request.header("x-line-retry-key"):
            if endpoint not in _RETRIABLE:
                return error(400, "The X-Line-Retry-Key header is not supported by this endpoint")
            if not _UUID.fullmatch(request.header("x-line-retry-key")):
                return error(400, "The retry key is invalid")
        try:
            return endpoint(state, account, request, match)
        except NotJsonError as fault:
            where = f"(line: {fault.line}, column: {fault.column})"
            return error(400, f"The request body could not be parsed as JSON {where}")
    return error(404, "Not found")


def _sent(messages: list[Any]) -> dict[str, Any]:
    return {"sentMessages": [{"id": message_id(), "quoteToken": token(48)} for _ in messages]}


# Reply tokens


def register_reply_tokens(account: Account, tokens: dict[str, str | None]) -> None:
    """Tokens LINE has just handed out, with the chat each belongs to."""
    issued = account.memory.setdefault("reply_tokens", {})
    now = time.time()
    for name, user in tokens.items():
        issued[name] = {"at": now, "user": user}
    _prune(issued)


def renew_reply_token(account: Account, name: str) -> None:
    """A redelivery gives a token its lifetime again, unless it was used."""
    known = account.memory.get("reply_tokens", {}).get(name)
    if known and not known.get("used"):
        known["at"] = time.time()


def _prune(table: dict[str, Any], keep: int = 200_000) -> None:
    while len(table) > keep:
        del table[next(iter(table))]


def _reply(state: State, account: Account, request: Request, _: re.Match[str]) -> Answer:
    body = request.json()
    if details := message_faults(body.get("messages")):
        return refused(details)
    name = body.get("replyToken")
    if not isinstance(name, str) or not name:
        return refused([{"message": "May not be empty", "property": "replyToken"}])
    issued = account.memory.setdefault("reply_tokens", {})
    known = issued.get(name)
    if known is None:
        if not account.options.get("any_reply_token", True):
            return error(400, "Invalid reply token")
        known = issued[name] = {"at": time.time(), "user": None}
        _prune(issued)
    if known.get("used") or time.time() - known["at"] > state.settings["line_reply_token_ttl"]:
        return error(400, "Invalid reply token")
    known["used"] = True
    user = known["user"]
    blocked = bool(user and state.peek_user("line", account.id, user).get("blocked"))
    return Answer(200, _sent(body["messages"]), to=user, note={"delivered": not blocked})


# Push family


def _push(state: State, account: Account, request: Request, _: re.Match[str]) -> Answer:
    body = request.json()
    if not isinstance(body.get("to"), str) or not USER_ID.fullmatch(body["to"]):
        return invalid("to")
    return _push_to(state, account, request, body, [body["to"]])


def _multicast(state: State, account: Account, request: Request, _: re.Match[str]) -> Answer:
    body = request.json()
    to = body.get("to")
    users = to if isinstance(to, list) else []
    if not users or len(users) > 500 or not all(isinstance(u, str) and USER_ID.fullmatch(u) for u in users):
        return invalid("to")
    return _push_to(state, account, request, body, users)


def _broadcast(state: State, account: Account, request: Request, _: re.Match[str]) -> Answer:
    users = [user for channel, owner, user in state.users if (channel, owner) == ("line", account.id)]
    return _push_to(state, account, request, request.json(), users)


def _push_to(
    state: State, account: Account, request: Request, body: dict[str, Any], users: list[str]
) -> Answer:
    if details := message_faults(body.get("messages")):
        return refused(details)
    keys = account.memory.setdefault("retry_keys", {})
    key = request.header("x-line-retry-key").lower()
    earlier = keys.get(key) if key else None
    if earlier and time.time() - earlier["at"] < RETRY_KEY_LIFE:
        answer = error(409, "The retry key is already accepted", **earlier["sent"])
        answer.headers.append(("x-line-accepted-request-id", earlier["request_id"]))
        answer.to = users[0] if len(users) == 1 else None
        return answer
    reached = [u for u in users if not state.peek_user("line", account.id, u).get("blocked")]
    limit = account.options.get("monthly_limit")
    used = account.memory.get("used_quota", 0)
    if limit is not None and used + len(reached) > limit:
        return error(429, MONTHLY)
    account.memory["used_quota"] = used + len(reached)
    sent = _sent(body["messages"])
    if key:
        keys[key] = {"at": time.time(), "sent": sent, "request_id": str(uuid.uuid4())}
        _prune(keys)
    if request.path.endswith(("/multicast", "/broadcast")):
        sent = {}
    # A push to someone who blocked the account is accepted and reaches nobody.
    return Answer(
        200, sent, to=users[0] if len(users) == 1 else None, note={"delivered": len(reached) == len(users)}
    )


def _validate(state: State, account: Account, request: Request, _: re.Match[str]) -> Answer:
    details = message_faults(request.json().get("messages"))
    return refused(details) if details else Answer(200, {})


def _route(method: str, pattern: str, endpoint: Endpoint) -> tuple[str, re.Pattern[str], Endpoint]:
    return method, re.compile(pattern), endpoint


_RETRIABLE = (_push, _multicast, _broadcast)
_ROUTES = [
    _route("POST", r"/v2/bot/message/reply", _reply),
    _route("POST", r"/v2/bot/message/push", _push),
    _route("POST", r"/v2/bot/message/multicast", _multicast),
    _route("POST", r"/v2/bot/message/broadcast", _broadcast),
    _route("POST", r"/v2/bot/message/validate/(reply|push|multicast|narrowcast|broadcast)", _validate),
    _route("POST", r"/v2/bot/chat/loading/start", line_account.loading),
    _route("POST", r"/v2/bot/chat/markAsRead", line_account.mark_read),
    _route("GET", r"/v2/bot/profile/(?P<user>[^/]+)", line_account.profile),
    _route("GET", r"/v2/bot/(group|room)/[^/]+/member/(?P<user>[^/]+)", line_account.profile),
    _route("GET", r"/v2/bot/message/(?P<id>[^/]+)/content(/preview)?", line_account.content),
    _route("GET", r"/v2/bot/message/(?P<id>[^/]+)/content/transcoding", line_account.transcoding),
    _route("POST", r"/v2/bot/user/(?P<user>[^/]+)/linkToken", line_account.link_token),
    _route("GET", r"/v2/bot/info", line_account.info),
    _route("GET", r"/v2/bot/message/quota", line_account.quota),
    _route("GET", r"/v2/bot/message/quota/consumption", line_account.consumption),
    _route("PUT", r"/v2/bot/channel/webhook/endpoint", line_account.set_webhook),
    _route("GET", r"/v2/bot/channel/webhook/endpoint", line_account.get_webhook),
    _route("POST", r"/v2/bot/channel/webhook/test", line_account.call_webhook),
]
