"""Posts to the bot's webhook the way a platform does: no proxies, no redirects, a deadline."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a POST. `status` is None when there was no answer, and `error` then says why."""

    status: int | None
    ms: float
    body: str = ""
    error: str = ""
    timed_out: bool = False


def allowed(url: str) -> bool:
    """The platforms insist on https; plain http is taken for loopback only, where no certificate exists."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def post(url: str, body: bytes, headers: dict[str, str], timeout: float = 5.0) -> Outcome:
    """One POST; every failure is an `Outcome`, never an exception."""
    return _send("POST", url, body, headers, timeout)


def get(url: str, timeout: float = 5.0) -> Outcome:
    """One GET, for Meta's handshake."""
    return _send("GET", url, None, {}, timeout)


def _send(method: str, url: str, body: bytes | None, headers: dict[str, str], timeout: float) -> Outcome:
    started = time.perf_counter()

    def ms() -> float:
        return round((time.perf_counter() - started) * 1000, 3)

    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=timeout)
        try:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            text = response.read(100_000).decode("utf-8", "replace")
            return Outcome(response.status, ms(), text)
        finally:
            connection.close()
    except TimeoutError:
        return Outcome(None, ms(), error="timed out", timed_out=True)
    except (OSError, http.client.HTTPException, ValueError) as fault:
        return Outcome(None, ms(), error=type(fault).__name__)
