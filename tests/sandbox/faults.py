"""Failures on purpose, ordered through `POST /_control/fail`.

| mode | the platform... | accepted? |
|---|---|---|
| `500`, `429`, `status:NNN` | answers so, in its own error shape, with `retry_after` (s) | no |
| `monthly` | LINE: the monthly limit is reached | no |
| `code:C`, `code:C/S` | Messenger: Graph error C with subcode S | no |
| `drop_before`, `timeout` | closes at once, or after `delay_ms` (60 s), without an answer | no |
| `drop_after`, `timeout_after` | the same after having accepted the call | yes |
| `500_after` | accepts, and answers 500 all the same | yes |
| `slow` | answers rightly after `delay_ms` (3 s) | yes |

Any mode that answers takes a `body` to answer instead.
"""

from __future__ import annotations

import errno
import re
from typing import Any, NoReturn

import gevent

from tests.sandbox import line, line_rules, messenger, openai_api, telegram_rules
from tests.sandbox.state import CHANNELS, Fault, State
from tests.sandbox.wire import Answer, Request

AFTER = ("drop_after", "timeout_after", "500_after")
_MODE = re.compile(
    r"(status:)?\d{3}|code:\d+(/\d+)?|monthly|slow|timeout|(drop|timeout)_(before|after)|500_after"
)


def order(state: State, wish: dict[str, Any]) -> Fault:
    """A fault as asked for by a test; `ValueError` names what is wrong with it."""
    channel, mode = wish.get("channel"), str(wish.get("mode", "500"))
    if channel not in CHANNELS:
        raise ValueError(f"channel must be one of {', '.join(CHANNELS)}")
    if not _MODE.fullmatch(mode):
        raise ValueError(f"unknown mode {mode}")
    fault = Fault(
        channel=channel,
        mode=mode,
        times=int(wish.get("times", 1)),
        path_contains=str(wish.get("path_contains", "")),
        body_contains=str(wish.get("body_contains", "")).encode(),
        retry_after=wish.get("retry_after"),
        delay_ms=wish.get("delay_ms"),
        body=wish.get("body"),
    )
    state.faults.append(fault)
    return fault


def take(state: State, channel: str, request: Request) -> Fault | None:
    """The oldest fault that matches this call, used up by one."""
    for fault in state.faults:
        if (
            fault.channel == channel
            and fault.path_contains in request.path
            and fault.body_contains in request.body
        ):
            fault.times -= 1
            if fault.times <= 0:
                state.faults.remove(fault)
            return fault
    return None


def never_answers(fault: Fault) -> bool:
    """The call is neither handled nor answered."""
    return fault.mode not in AFTER and fault.mode.startswith(("drop", "timeout"))


def before(fault: Fault) -> Answer | None:
    """What happens instead of handling the call; None to go on and handle it."""
    if fault.mode in AFTER:
        return None
    if fault.mode == "slow":
        gevent.sleep((fault.delay_ms or 3000) / 1000)
        return None
    if never_answers(fault):
        _hang(fault)
    return _failure(fault)


def after(fault: Fault, answer: Answer) -> Answer:
    """What happens to the answer of a call that was handled and recorded."""
    if fault.mode in ("drop_after", "timeout_after"):
        _hang(fault)
    return _failure(fault) if fault.mode == "500_after" else answer


def _hang(fault: Fault) -> NoReturn:
    if fault.mode.startswith("timeout"):
        gevent.sleep((fault.delay_ms or 60_000) / 1000)
    # The server closes the connection quietly when the application meets a broken pipe.
    raise OSError(errno.EPIPE, "dropped on purpose")


def _failure(fault: Fault) -> Answer:
    digits = re.search(r"\d{3}", fault.mode)
    status = int(digits[0]) if digits and not fault.mode.startswith("code:") else 429
    make = {"line": _line, "messenger": _graph, "telegram": _telegram, "openai": _openai}[fault.channel]
    answer = make(fault, status)
    if fault.body is not None:
        answer.payload = fault.body
        answer.content_type = "text/html" if isinstance(fault.body, str) else answer.content_type
    if fault.retry_after is not None:
        answer.headers.append(("Retry-After", str(fault.retry_after)))
    return answer


def _line(fault: Fault, status: int) -> Answer:
    texts = {429: line.RATE, 500: "Internal Server Error", 401: "Authentication failed"}
    if fault.mode == "monthly":
        return line_rules.error(429, line.MONTHLY)
    return line_rules.error(status, texts.get(status, "The request failed on purpose"))


def _graph(fault: Fault, status: int) -> Answer:
    if fault.mode.startswith("code:"):
        code, _, sub = fault.mode[5:].partition("/")
        return messenger.error(400, f"(#{code}) Failed on purpose", int(code), int(sub) if sub else None)
    if fault.mode == "429":  # Graph tells a rate by its code; the HTTP status is 400
        return messenger.error(400, "(#613) Calls to this api have exceeded the rate limit.", 613)
    answer = messenger.error(status, "An unknown error has occurred.", 1 if status < 500 else 2)
    answer.payload["error"]["is_transient"] = status >= 500
    return answer


def _telegram(fault: Fault, status: int) -> Answer:
    if status == 429:
        wait = fault.retry_after if fault.retry_after is not None else 1
        return telegram_rules.error(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
    return telegram_rules.error(status, {500: "Internal Server Error"}.get(status, "Failed on purpose"))


def _openai(fault: Fault, status: int) -> Answer:
    if status == 429:
        return openai_api.error(429, "Rate limit reached.", "rate_limit_exceeded", "requests")
    return openai_api.error(status, "The server had an error.", None, "server_error")
