"""The parts of the Graph API that a Messenger bot uses.

https://developers.facebook.com/docs/messenger-platform/reference/send-api
"""

from __future__ import annotations

import hashlib
import hmac
import random
import re
import time
from typing import Any
from urllib.parse import quote

import gevent

from tests.sandbox import outbound
from tests.sandbox.events.ids import now_ms, token
from tests.sandbox.events.messenger import messenger_body, messenger_echo_event, mid, sign_messenger
from tests.sandbox.state import Account, State
from tests.sandbox.wire import Answer, NotJsonError, Request, utf16_units

DAY = 24 * 3600
TEXT, QUICK_REPLIES, TITLE, PAYLOAD, METADATA, BUTTON_TEXT = 2000, 13, 20, 1000, 1000, 640
NEWEST = 26
_ACTIONS = ("typing_on", "typing_off", "mark_seen", "react", "unreact")
_TYPES = ("RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY")
_DEAD_TAGS = ("ACCOUNT_UPDATE", "CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE")
_ROLES = ("pass_thread_control", "take_thread_control", "release_thread_control", "request_thread_control")
STRUCTURED = frozenset(
    {
        *("recipient", "message", "fields", "subscribed_fields"),
        *("get_started", "greeting", "ice_breakers", "persistent_menu"),
    }
)
Values = dict[str, Any]


class RefusedError(Exception):
    """A Graph error, raised where it is found."""

    def __init__(self, status: int, message: str, code: int, subcode: int | None = None) -> None:
        super().__init__(message)
        self.answer = error(status, message, code, subcode)


def error(status: int, message: str, code: int, subcode: int | None = None) -> Answer:
    """Graph's error body; `x-fb-trace-id` repeats `fbtrace_id`."""
    fault: Values = {"message": message, "type": "OAuthException", "code": code}
    if subcode is not None:
        fault["error_subcode"] = subcode
    fault["fbtrace_id"] = "A" + token(22)
    return Answer(status, {"error": fault}, [("x-fb-trace-id", fault["fbtrace_id"])])


def handle(state: State, request: Request) -> Answer:
    """Answers one call; `request.path` starts at `/v26.0/...` (or without a version)."""
    account: Account | None = None
    try:
        values = request.loose(STRUCTURED)
        version = re.match(r"/v(\d+)\.\d+(?=/)", request.path)
        if version and int(version[1]) > NEWEST:
            raise RefusedError(400, f"Unknown path components: {request.path}", 2500)
        parts = [part for part in request.path[version.end() if version else 0 :].split("/") if part]
        if parts[1:] == ["subscriptions"]:
            return _subscriptions(state, request, values, parts[0])
        account = _account(state, request, values)
        answer = _dispatch(state, account, request, values, parts)
    except RefusedError as refused:
        answer = refused.answer
    except NotJsonError:
        answer = error(400, "(#100) Request body is not a JSON object", 100)
    answer.account = account.id if account else None
    return answer


def _account(state: State, request: Request, values: Values) -> Account:
    given = str(values.get("access_token") or request.bearer)
    if not given:
        raise RefusedError(400, "An access token is required to request this resource.", 104)
    account = state.by_token("messenger", given)
    if account is None:
        raise RefusedError(401, "Invalid OAuth access token - Cannot parse access token", 190)
    proof = values.get("appsecret_proof")
    right = hmac.new(account.secret.encode(), given.encode(), hashlib.sha256).hexdigest()
    if proof is None and account.options.get("require_proof"):
        raise RefusedError(400, "API calls from the server require an appsecret_proof argument", 100)
    if proof is not None and not hmac.compare_digest(str(proof), right):
        raise RefusedError(400, "Invalid appsecret_proof provided in the API argument", 100)
    return account


def _dispatch(state: State, account: Account, request: Request, values: Values, parts: list[str]) -> Answer:
    method, me = request.method, parts[:1] in (["me"], [account.id])
    match parts[1:]:
        case ["messages"] if me and method == "POST":
            return _messages(state, account, values)
        case ["subscribed_apps"] if me:
            return _subscribed_apps(state, account, method, values)
        case ["messenger_profile"] if me:
            return _profile(account, method, values)
        case ["message_attachments"] if me and method == "POST":
            return Answer(200, {"attachment_id": str(random.randrange(10**15, 10**16))})
        case [role] if me and role in _ROLES and method == "POST":
            return Answer(200, {"success": True}, to=_recipient(values))
        case [] if me and method == "GET":
            return Answer(200, {"id": account.id, "name": account.name})
        case [] if method == "GET" and parts and parts[0].isdigit():
            return _person(state, account, parts[0], str(values.get("fields", "")))
    missing = f"Unsupported {method.lower()} request. Object with ID '{'/'.join(parts)}' does not exist"
    raise RefusedError(400, missing, 100, 33)


def _recipient(values: Values) -> str:
    recipient = values.get("recipient")
    psid = recipient.get("id") if isinstance(recipient, dict) else None
    if not isinstance(psid, str) or not psid.isdigit():
        raise RefusedError(400, "(#100) The parameter recipient is required", 100)
    return psid


def _messages(state: State, account: Account, values: Values) -> Answer:
    psid = _recipient(values)
    about = state.peek_user("messenger", account.id, psid)
    if about.get("known") is False:
        raise RefusedError(400, "(#100) No matching user found", 100, 2018001)
    if about.get("blocked"):
        raise RefusedError(400, "(#551) This person isn't available right now.", 551, 1545041)
    action, message = values.get("sender_action"), values.get("message")
    if (action is None) == (message is None):
        raise RefusedError(400, "(#100) Exactly one of message and sender_action is required", 100)
    if action is not None:
        if action not in _ACTIONS:
            raise RefusedError(
                400, f"(#100) Param sender_action must be one of {{{', '.join(_ACTIONS)}}}", 100
            )
        _window(state, account, psid, DAY)
        return Answer(200, {"recipient_id": psid}, to=psid)
    kind, tag = values.get("messaging_type"), values.get("tag")
    if kind not in _TYPES:
        raise RefusedError(400, f"(#100) Param messaging_type must be one of {{{', '.join(_TYPES)}}}", 100)
    if kind == "MESSAGE_TAG" and (not tag or tag in _DEAD_TAGS):
        raise RefusedError(400, f"(#100) Param tag is not supported: {tag}", 100)
    _check(message)
    human = kind == "MESSAGE_TAG" and tag == "HUMAN_AGENT"
    _window(state, account, psid, 7 * DAY if human else DAY)
    message_id = mid()
    if account.options.get("echoes") and account.webhook_url:
        gevent.spawn(_echo, account, psid, message, message_id)
    return Answer(200, {"recipient_id": psid, "message_id": message_id}, to=psid)


def _check(message: Any) -> None:
    if not isinstance(message, dict) or not (message.get("text") or message.get("attachment")):
        raise RefusedError(400, "(#100) Message cannot be empty, must provide valid attachment or text", 100)
    text = message.get("text")
    if text is not None and (not isinstance(text, str) or utf16_units(text) >= TEXT):
        raise RefusedError(400, f"(#100) Length of param message[text] must be less than {TEXT}", 100)
    metadata = message.get("metadata")
    if metadata is not None and (not isinstance(metadata, str) or len(metadata) >= METADATA):
        raise RefusedError(400, f"(#100) Length of param message[metadata] must be less than {METADATA}", 100)
    quick = message.get("quick_replies", [])
    if not isinstance(quick, list) or len(quick) > QUICK_REPLIES:
        raise RefusedError(400, f"(#100) Too many quick replies: at most {QUICK_REPLIES}", 100)
    for reply in quick:
        kind = reply.get("content_type") if isinstance(reply, dict) else None
        if kind not in ("text", "user_phone_number", "user_email"):
            raise RefusedError(400, "(#100) Param content_type of a quick reply is invalid", 100)
        if kind == "text":
            _bounded("quick reply title", reply.get("title"), TITLE)
            _bounded("quick reply payload", reply.get("payload"), PAYLOAD)
    _check_template(message.get("attachment"))


def _check_template(attachment: Any) -> None:
    payload = attachment.get("payload") if isinstance(attachment, dict) else None
    if not isinstance(payload, dict) or payload.get("template_type") != "button":
        return
    _bounded("button template text", payload.get("text"), BUTTON_TEXT)
    buttons = payload.get("buttons")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise RefusedError(400, "(#100) A button template has 1 to 3 buttons", 100)
    for button in buttons:
        if button.get("type") == "postback":
            _bounded("button title", button.get("title"), TITLE)
            _bounded("button payload", button.get("payload"), PAYLOAD)


def _bounded(what: str, value: Any, most: int) -> None:
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        raise RefusedError(400, f"(#100) Length of {what} must be between 1 and {most}", 100)


def _window(state: State, account: Account, psid: str, span: float) -> None:
    """Refuses outside the window a user's message opened; what opened it is told by events or by control."""
    opened = state.peek_user("messenger", account.id, psid).get("window_at")
    if opened is None:
        opened = 0.0 if state.settings["messenger_window"] == "strict" else time.time()
    if time.time() - opened > span:
        text = "(#10) This message is sent outside of allowed window."
        raise RefusedError(400, text, 10, 2018278)


def _echo(account: Account, psid: str, message: Values, message_id: str) -> None:
    event = messenger_echo_event(
        psid,
        account.id,
        message.get("text", ""),
        event_id=message_id,
        metadata=message.get("metadata"),
        app_id=account.options.get("app_id", "1517776481860111"),
        ts=now_ms(),
    )
    body = messenger_body(account.id, [event])
    outbound.post(account.webhook_url, body, sign_messenger(account.secret, body))


def _person(state: State, account: Account, psid: str, fields: str) -> Answer:
    about = state.peek_user("messenger", account.id, psid)
    if about.get("known") is False:
        raise RefusedError(400, f"Unsupported get request. Object with ID '{psid}' does not exist", 100, 33)
    name = about.get("display_name") or "User"
    known = {
        "first_name": name,
        "last_name": about.get("last_name", psid[-4:]),
        "name": name,
        "profile_pic": "https://platform-lookaside.fbsbx.com/sandbox.jpg",
        "locale": about.get("language", "zh_TW"),
    }
    asked = [f for f in fields.split(",") if f] or ["first_name", "last_name"]
    return Answer(200, {f: known[f] for f in asked if f in known} | {"id": psid}, to=psid)


def _subscribed_apps(state: State, account: Account, method: str, values: Values) -> Answer:
    if method == "POST":
        fields = [f for f in str(values.get("subscribed_fields", "")).split(",") if f]
        if isinstance(values.get("subscribed_fields"), list):
            fields = values["subscribed_fields"]
        if not fields:
            raise RefusedError(400, "(#100) The parameter subscribed_fields is required.", 100)
        account.options["subscribed_fields"] = fields
    elif method == "DELETE":
        account.options.pop("subscribed_fields", None)
    else:
        known = account.options.get("subscribed_fields")
        app = {"id": str(account.options.get("app_id", "1517776481860111")), "name": "Sandbox"}
        return Answer(200, {"data": [app | {"subscribed_fields": known}] if known else []})
    state.save()
    return Answer(200, {"success": True})


def _profile(account: Account, method: str, values: Values) -> Answer:
    profile = account.memory.setdefault("profile", {})
    if method == "GET":
        asked = [f for f in str(values.get("fields", "")).split(",") if f]
        return Answer(200, {"data": [{f: profile[f] for f in asked if f in profile}] if profile else []})
    if method == "DELETE":
        for name in values.get("fields", []):
            profile.pop(name, None)
    else:
        profile.update({name: value for name, value in values.items() if name != "access_token"})
        if "persistent_menu" in profile and "get_started" not in profile:
            del profile["persistent_menu"]
            raise RefusedError(400, "(#100) You must set a Get Started button to use persistent menu", 100)
    return Answer(200, {"result": "success"})


def _subscriptions(state: State, request: Request, values: Values, app_id: str) -> Answer:
    """App-level: the token is `APPID|SECRET`; Meta calls the address at once and refuses one without echo."""
    given = str(values.get("access_token") or request.bearer)
    accounts = [
        account
        for account in state.accounts["messenger"].values()
        if f"{account.options.get('app_id')}|{account.secret}" == given and given.startswith(app_id + "|")
    ]
    if not accounts:
        raise RefusedError(401, "Invalid OAuth access token signature.", 190)
    url, verify = str(values.get("callback_url", "")), str(values.get("verify_token", ""))
    if not outbound.allowed(url) or handshake(url, verify)["ok"] is False:
        raise RefusedError(400, "(#2200) Callback verification failed", 2200)
    for account in accounts:
        account.webhook_url = url
    state.save()
    return Answer(200, {"success": True})


def handshake(url: str, verify_token: str) -> Values:
    """Meta's check of a callback address: `{"ok", "status", "error"}`."""
    challenge = str(random.randrange(10**8, 10**9))
    query = f"hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token={quote(verify_token)}"
    outcome = outbound.get(url + ("&" if "?" in url else "?") + query)
    return {
        "ok": outcome.status == 200 and outcome.body == challenge,
        "status": outcome.status,
        "error": outcome.error,
    }
