"""LINE's endpoints about people, their media, and the account itself; `line.py` routes to them."""

from __future__ import annotations

import base64
import re
import time

from tests.sandbox import outbound
from tests.sandbox.events.ids import token
from tests.sandbox.events.line import line_body, sign_line
from tests.sandbox.line_rules import USER_ID, error, invalid, refused
from tests.sandbox.state import Account, State, bot_user_id
from tests.sandbox.wire import Answer, Request

TINY_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def profile(state: State, account: Account, request: Request, match: re.Match[str]) -> Answer:
    user = match["user"]
    about = state.peek_user("line", account.id, user)
    if not USER_ID.fullmatch(user) or about.get("blocked") or about.get("known") is False:
        return error(404, "Not found")
    profile = {"displayName": about.get("display_name") or "User " + user[-4:], "userId": user}
    if not request.path.startswith("/v2/bot/group"):
        profile["language"] = about.get("language") or "zh-TW"
    return Answer(200, profile, to=user)


def content(state: State, account: Account, request: Request, match: re.Match[str]) -> Answer:
    media = state.media.get(("line", match["id"]))
    if media is None:
        return error(404, "Not found")
    status = int(media.get("status", 200))
    if status != 200:
        return error(status, "Gone") if status >= 400 else Answer(status, {})
    return Answer(200, media.get("bytes", TINY_PNG), content_type=media.get("content_type", "image/png"))


def transcoding(state: State, account: Account, request: Request, match: re.Match[str]) -> Answer:
    media = state.media.get(("line", match["id"]))
    if media is None:
        return error(404, "Not found")
    return Answer(200, {"status": "processing" if media.get("status") == 202 else "succeeded"})


def loading(state: State, account: Account, request: Request, _: re.Match[str]) -> Answer:
    body = request.json()
    chat, seconds = body.get("chatId"), body.get("loadingSeconds", 20)
    if not isinstance(chat, str) or not USER_ID.fullmatch(chat) or not chat.startswith("U"):
        return invalid("chatId")
    if isinstance(seconds, bool) or seconds not in range(5, 61, 5):
        return refused(
            [{"message": "must be a multiple of 5 between 5 and 60", "property": "loadingSeconds"}]
        )
    return Answer(202, {}, to=chat)


def mark_read(state: State, account: Account, request: Request, _: re.Match[str]) -> Answer:
    given = request.json().get("markAsReadToken")
    if not isinstance(given, str) or not given:
        return refused([{"message": "May not be empty", "property": "markAsReadToken"}])
    return Answer(200, {})


def link_token(state: State, account: Account, request: Request, match: re.Match[str]) -> Answer:
    return Answer(200, {"linkToken": token(32)}, to=match["user"])


# The account itself


def info(state: State, account: Account, request: Request, _: re.Match[str]) -> Answer:
    return Answer(
        200,
        {
            "userId": bot_user_id(account),
            "basicId": "@sandbox",
            "displayName": account.name,
            "chatMode": "bot",
            "markAsReadMode": "auto",
        },
    )


def quota(state: State, account: Account, request: Request, _: re.Match[str]) -> Answer:
    limit = account.options.get("monthly_limit")
    return Answer(200, {"type": "none"} if limit is None else {"type": "limited", "value": limit})


def consumption(state: State, account: Account, request: Request, _: re.Match[str]) -> Answer:
    return Answer(200, {"totalUsage": account.memory.get("used_quota", 0)})


def set_webhook(state: State, account: Account, request: Request, _: re.Match[str]) -> Answer:
    url = request.json().get("endpoint")
    if not isinstance(url, str) or not outbound.allowed(url) or len(url) > 500:
        return refused([{"message": "Invalid webhook endpoint URL", "property": "endpoint"}])
    account.webhook_url = url
    state.save()
    return Answer(200, {})


def get_webhook(state: State, account: Account, request: Request, _: re.Match[str]) -> Answer:
    if not account.webhook_url:
        return error(404, "Not found")
    return Answer(200, {"endpoint": account.webhook_url, "active": True})


def call_webhook(state: State, account: Account, request: Request, _: re.Match[str]) -> Answer:
    url = request.json().get("endpoint") or account.webhook_url
    if not url:
        return error(404, "Not found")
    if not outbound.allowed(url):
        return refused([{"message": "Invalid webhook endpoint URL", "property": "endpoint"}])
    body = line_body([], bot_user_id(account))
    outcome = outbound.post(url, body, sign_line(account.secret, body), timeout=2.0)
    if outcome.status is None:
        reason = "REQUEST_TIMEOUT" if outcome.timed_out else "COULD_NOT_CONNECT"
        status, detail = 0, outcome.error
    else:
        ok = 200 <= outcome.status < 300
        reason, status, detail = (
            ("OK" if ok else "ERROR_STATUS_CODE"),
            outcome.status,
            str(outcome.status),
        )
    return Answer(
        200,
        {
            "success": reason == "OK",
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime()),
            "statusCode": status,
            "reason": reason,
            "detail": detail,
        },
    )
