"""`/_control/...`: how tests, benches and the page at `/` drive the stand-ins. `client.py` wraps it."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

from tests.sandbox import events, faults, firing, line, messenger, openai_api
from tests.sandbox.state import CHANNELS, Account, State, account_id
from tests.sandbox.wire import Answer, NotJsonError, Request

Body = dict[str, Any]
_LOCAL = ("127.0.0.1", "localhost", "[::1]", "::1")
# What an account is made of on each platform: the name its own documentation gives the token and the secret.
_FIELDS = {
    "line": ("token", "secret"),
    "messenger": ("page_token", "app_secret"),
    "telegram": ("token", "secret_token"),
    "openai": ("api_key", ""),
}


class MissingError(LookupError):
    """No such account."""


def handle(state: State, request: Request) -> Answer:
    """Answers one control call; errors are `{"error": sentence}`."""
    if not _from_here(request):
        return Answer(403, {"error": "control is for this machine's own pages and programs"})
    endpoint = _ROUTES.get((request.method, request.path.removeprefix("/_control/")))
    if endpoint is None:
        return Answer(404, {"error": f"no control {request.method} {request.path}"})
    try:
        body = request.query if request.method in ("GET", "DELETE") else request.json()
        return Answer(200, endpoint(state, body))
    except MissingError as fault:
        return Answer(404, {"error": str(fault)})
    except (NotJsonError, ValueError, KeyError, TypeError) as fault:
        return Answer(400, {"error": f"{type(fault).__name__}: {fault}"})


def _from_here(request: Request) -> bool:
    """Refuses other sites' pages in the developer's browser, by request forgery or by DNS rebinding."""
    host = request.header("host")
    name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
    origin = request.header("origin")
    return name in _LOCAL and origin in ("", f"http://{host}")


def _account(state: State, body: Body, channel: str = "") -> Account:
    channel = channel or str(body.get("channel", ""))
    reference = body.get("account") or body.get("page")
    account = state.find(channel, str(reference) if reference else None)
    if account is None:
        raise MissingError(
            f"no such {channel or 'channel'} account; register it with POST /_control/accounts"
        )
    return account


def _user_id(channel: str, user: Any) -> str:
    """The platform's id of a user given by id or by any name."""
    make: dict[str, Callable[[str], Any]] = {
        "line": events.line_user_id,
        "messenger": events.messenger_psid,
        "telegram": events.telegram_user_id,
    }
    return str(make[channel](str(user)))


# Accounts


def _add_account(state: State, body: Body) -> Body:
    channel = body.pop("channel")
    token_name, secret_name = _FIELDS[channel]
    token = str(body.pop(token_name, None) or body.pop("token"))
    secret = str((body.pop(secret_name, None) if secret_name else None) or body.pop("secret", None) or "")
    if channel in ("line", "messenger") and not secret:
        raise ValueError(f"{secret_name} is missing")
    name = str(body.pop("name", None) or channel.capitalize())
    url = str(body.pop("webhook_url", None) or "")
    identity = str(body.pop("account", None) or account_id(channel, token, body))
    known = state.accounts[channel].get(identity)
    url = url or (known.webhook_url if known else "")
    account = Account(channel, identity, token, name, secret, url, body)
    return state.add_account(account).public()


def _accounts(state: State, body: Body) -> Body:
    return {"accounts": [a.public() for accounts in state.accounts.values() for a in accounts.values()]}


def _drop_account(state: State, body: Body) -> Body:
    account = _account(state, body)
    del state.accounts[account.channel][account.id]
    state.save()
    return {"removed": account.id}


# What was received


def _matcher(body: Body) -> Callable[[Body], bool]:
    wanted = {key: body[key] for key in ("channel", "account", "to", "method") if body.get(key)}
    part, kind = body.get("path_contains", ""), body.get("kind", "call")
    everything = body.get("all") in ("1", "true", "True")

    def matches(row: Body) -> bool:
        if kind != "any" and row["kind"] != kind:
            return False
        if not everything and not row.get("accepted", True):
            return False
        if any(str(row.get(key)) != value for key, value in wanted.items()):
            return False
        return part in row.get("path", "")

    return matches


def _received(state: State, body: Body) -> Body:
    """Accepted calls above `since`; `all=1` those refused or failed on purpose too."""
    found = state.since(int(body.get("since", 0)), _matcher(body))
    return {"received": found, "last": state.last, "first": state.first}


def _wait(state: State, body: Body) -> Body:
    count, timeout = int(body.get("count", 1)), min(float(body.get("timeout", 10)), 300.0)
    found = state.wait(int(body.get("since", 0)), _matcher(body), count, timeout)
    return {"received": found, "last": state.last, "timed_out": len(found) < count}


def _feed(state: State, body: Body) -> Body:
    """Calls and events together, for the page: what both sides see."""
    return _wait(state, {**body, "kind": "any"})


# What the platforms do


def _fire(state: State, body: Body) -> Body:
    return firing.fire(state, _account(state, body), body)


def _reply_tokens(state: State, body: Body) -> Body:
    account = _account(state, body, "line")
    given = body["tokens"]
    tokens = given if isinstance(given, dict) else dict.fromkeys(given)
    line.register_reply_tokens(account, tokens)
    return {"registered": len(tokens)}


def _window(state: State, body: Body) -> Body:
    """Opens (`at` = seconds since 1970 of the user's last message; default now) or closes (`open: false`)."""
    account = _account(state, body, "messenger")
    at = float(body.get("at") or time.time()) if body.get("open", True) else 0.0
    psid = _user_id("messenger", body.get("psid") or body["user"])
    state.user("messenger", account.id, psid)["window_at"] = at
    return {"user": psid, "window_at": at}


def _block(state: State, body: Body) -> Body:
    return _users(state, {**body, "blocked": body.get("blocked", True)})


def _users(state: State, body: Body) -> Body:
    """Facts about a user: `display_name`, `language`, `blocked`, `known`, `deactivated`, `migrate_to`..."""
    account = _account(state, body)
    user = _user_id(account.channel, body["user"])
    about = state.user(account.channel, account.id, user)
    about.update({k: v for k, v in body.items() if k not in ("channel", "account", "user", "page")})
    return {"user": user, **about}


def _media(state: State, body: Body) -> Body:
    """What a media id downloads as: `base64`, `content_type`; LINE `status` 202...; Telegram `too_big`."""
    media = {k: v for k, v in body.items() if k in ("content_type", "status", "too_big")}
    media["bytes"] = base64.b64decode(body.get("base64", ""))
    state.media[(body["channel"], str(body["id"]))] = media
    return {"id": body["id"], "bytes": len(media["bytes"])}


def _handshake(state: State, body: Body) -> Body:
    account = _account(state, body, "messenger")
    url = str(body.get("url") or account.webhook_url)
    token = str(body.get("verify_token") or account.options.get("verify_token", ""))
    return messenger.handshake(url, token)


# Behaviour


def _fail(state: State, body: Body) -> Body:
    fault = faults.order(state, body)
    return {"mode": fault.mode, "times": fault.times}


def _delay(state: State, body: Body) -> Body:
    if body["channel"] not in CHANNELS:
        raise ValueError("unknown channel")
    state.delays[body["channel"]] = int(body["ms"])
    return {"delays": state.delays}


def _settings(state: State, body: Body) -> Body:
    unknown = set(body) - set(state.settings)
    if unknown:
        raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
    state.settings.update(body)
    return {"settings": state.settings}


def _openai(state: State, body: Body) -> Body:
    if body.get("mode") not in openai_api.MODES:
        raise ValueError(f"mode must be one of {', '.join(openai_api.MODES)}")
    state.openai = body
    return {"openai": body}


def _reset(state: State, body: Body) -> Body:
    """Forgets what was received, faults, users and scripts; `accounts: true` the accounts too."""
    if body.get("accounts"):
        for accounts in state.accounts.values():
            accounts.clear()
        state.save()
    state.reset()
    return {"ok": True}


def _health(state: State, body: Body) -> Body:
    return {"ok": True, "last": state.last, "accounts": sum(len(a) for a in state.accounts.values())}


_ROUTES: dict[tuple[str, str], Callable[[State, Body], Body]] = {
    ("GET", "health"): _health,
    ("GET", "accounts"): _accounts,
    ("POST", "accounts"): _add_account,
    ("DELETE", "accounts"): _drop_account,
    ("GET", "received"): _received,
    ("GET", "wait"): _wait,
    ("GET", "feed"): _feed,
    ("POST", "events"): _fire,
    ("POST", "reply-tokens"): _reply_tokens,
    ("POST", "window"): _window,
    ("POST", "block"): _block,
    ("POST", "users"): _users,
    ("POST", "media"): _media,
    ("POST", "handshake"): _handshake,
    ("POST", "fail"): _fail,
    ("POST", "delay"): _delay,
    ("POST", "settings"): _settings,
    ("POST", "openai"): _openai,
    ("POST", "reset"): _reset,
}
