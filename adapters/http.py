"""The one HTTP client of a process, and what its faults mean: is the message out, may it be sent again."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from json import JSONDecodeError, loads
from math import isfinite
from time import time
from typing import Any
from urllib.parse import urlsplit

import httpx

from adapters.reading import header
from bot.errors import SendError, Unavailable
from bot.model import ChannelAccount

CONNECT_SECONDS = 3.0
READ_SECONDS = 8.0

# At INFO and below these write addresses (a Telegram token is part of one), headers or message texts.
_TALKATIVE = ("httpx", "httpcore", "urllib3", "linebot", "telegram")

_lock = threading.Lock()
_clients: dict[int, httpx.Client] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a platform answered; `body` may hold personal data and goes into no log and no error."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def retry_after(self) -> float | None:
        return retry_after(self.headers)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object, {} for anything else (a proxy's HTML page, say)."""
        return as_json(self.body)


def as_json(body: bytes | str | None) -> dict[str, Any]:
    try:
        value = loads(body or b"")
    except (JSONDecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def hush() -> None:
    """Keeps HTTP libraries from logging addresses and bodies, whatever the level of the root logger."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def client() -> httpx.Client:
    """This process's client: made at the first call and never shared with a forked child, whose parent's
    sockets it would steal. Safe to use from many threads."""
    pid = os.getpid()
    found = _clients.get(pid)
    if found is None:
        with _lock:
            found = _clients.get(pid)
            if found is None:
                hush()
                limits = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30)
                found = _clients[pid] = httpx.Client(limits=limits, follow_redirects=False)
    return found


def origin(account: ChannelAccount, platform: str) -> str:
    """Where this account's API lives: `platform`, or what replaces it. Raises SendError."""
    base = account.api_base or platform
    try:
        parts = urlsplit(base)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        raise SendError("bad_address", "The API address of this account is not a URL.", retryable=False)
    return base.rstrip("/")


def call(
    method: str,
    url: str,
    *,
    json: Any = None,
    form: Mapping[str, Any] | None = None,
    files: Mapping[str, tuple[str, Any, str]] | None = None,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request, whatever its status; nothing is repeated. Raises SendError where no answer came.

    `files` are name: (file name, content, media type), sent as a form of parts. Secrets belong in `headers`, `json` or
    `form`, never in `url` or `params`: proxies keep those.
    """
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    try:
        got = client().request(
            method, url, json=json, data=form, files=files, params=params, headers=headers, timeout=timeout
        )
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        # `from None`: the text of an httpx error holds the address, and with it perhaps a token.
        raise _transport_error(fault) from None
    return Answer(got.status_code, got.headers, got.content)


def _transport_error(fault: Exception) -> SendError:
    if isinstance(fault, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return SendError("bad_address", "The API address of this account is not a URL.", retryable=False)
    # Nothing had left this machine: these come before the first byte of the request.
    if isinstance(fault, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return unreachable()
    return unanswered(repeatable=False)


def unreachable() -> SendError:
    """No connection, so nothing was sent."""
    return SendError("unreachable", "The platform could not be reached.", retryable=True)


def unanswered(*, repeatable: bool) -> SendError:
    """The request may have arrived. `repeatable` where the platform itself can tell a repetition."""
    return SendError(
        "no_answer",
        "The platform did not answer: the message may have gone out.",
        retryable=repeatable,
        outcome_known=False,
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header (number or date), None when absent or senseless."""
    value = header(headers, "retry-after").strip()
    try:
        seconds = float(value)
        return max(0.0, seconds) if isfinite(seconds) else None
    except ValueError:
        pass
    try:
        then = parsedate_to_datetime(value)
        return max(0.0, then.timestamp() - time())
    except (ValueError, TypeError, IndexError):
        return None


def post_webhook(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """Posts an event to our own web process on this machine as a platform would: the HTTP status. Raises Unavailable.

    Its certificate, where it has one, is for another name than that of the loopback, and is not looked at.
    """
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    try:
        with httpx.Client(verify=False) as own:  # noqa: S501 - see above
            return own.post(url, content=body, headers=dict(headers), timeout=timeout).status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        raise Unavailable(f"Nothing answers at {url}; start it with `make run`.") from None
