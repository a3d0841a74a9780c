"""How a customer's applications stand, from the firm's own system, as docs/openapi/application-status.yaml has it.

What comes back is checked to the letter before anybody reads it: an answer with a name, a whole reference number, a
status we do not know or a body without end is no answer. Nothing here logs an id, an address or a body.
"""

from __future__ import annotations

import hashlib
import hmac
import queue
import re
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from adapters.http import as_json, client
from bot.contracts import KINDS, STATUSES, Application
from bot.errors import Unavailable

DEADLINE_S = 2.0
LONGEST_BODY = 64 * 1024
MOST = 50
LONGEST_ID = 128
LONGEST_PRODUCT = 40
IN_FLIGHT = 16
"""Calls at once, those included whose deadline has passed and whose connection still hangs."""
_REFERENCE = re.compile(r"[0-9A-Za-z]{1,6}")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FIELDS = frozenset({"id", "kind", "product", "product_en", "status", "updated_at", "next_step", "reference"})

Outcome = tuple[Application, ...] | Unavailable


class ApplicationStatus:
    """A `bot.contracts.StatusSource`. Safe for any number of threads; connects at the first call."""

    def __init__(
        self, url: str, token: str, secret: str | None = None, *, deadline: float = DEADLINE_S
    ) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._secret = secret
        self._deadline = deadline
        self._places = threading.Semaphore(IN_FLIGHT)

    def applications(self, firm_id: str) -> tuple[Application, ...]:
        """Raises Unavailable, within the deadline whatever the connection does; its sentence names no customer."""
        if not 0 < len(firm_id) <= LONGEST_ID:
            raise Unavailable("The customer's id is not one that the firm's system could know.")
        if not self._places.acquire(blocking=False):
            raise Unavailable("Too many look-ups are under way.")
        # A server that sends a byte a second would reset any time-out of the connection, so the clock is ours.
        box: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        ends = time.monotonic() + self._deadline

        def run() -> None:
            try:
                box.put(self._ask(f"/customers/{quote(firm_id, safe='')}/applications", ends))
            except Unavailable as fault:
                box.put(fault)
            except Exception as fault:  # noqa: BLE001 - whoever waits must hear of it
                box.put(Unavailable(f"The look-up failed ({type(fault).__name__})."))
            finally:
                self._places.release()

        threading.Thread(target=run, name="application-status", daemon=True).start()
        try:
            found = box.get(timeout=self._deadline)
        except queue.Empty:
            raise Unavailable("The firm's system did not answer in time.") from None
        if isinstance(found, Unavailable):
            raise found
        return found

    def check(self) -> str:
        """Whether the system is there and knows us, for `flask doctor`. Raises Unavailable."""
        self.applications("teller-doctor")
        return f"{urlsplit(self._url).hostname} answers"

    def _ask(self, path: str, ends: float) -> tuple[Application, ...]:
        left = max(0.05, ends - time.monotonic())
        try:
            with client().stream(
                "GET", self._url + path, headers=self._headers(path), timeout=httpx.Timeout(left)
            ) as answer:
                status = answer.status_code
                body = _read(answer, ends) if status == 200 else b""
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            # `from None`: the text of an httpx error holds the address, and with it the customer's id.
            raise Unavailable(f"The firm's system cannot be reached ({type(fault).__name__}).") from None
        if status == 404:
            return ()
        if status in (401, 403):
            raise Unavailable("The firm's system refuses our token: check TELLER_STATUS_TOKEN.")
        if status != 200:
            raise Unavailable(f"The firm's system answered {status}.")
        return _applications(as_json(body))

    def _headers(self, path: str) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        if self._secret:
            at = str(int(time.time()))
            signed = f"{at}.GET.{urlsplit(self._url).path}{path}".encode()
            mac = hmac.digest(self._secret.encode(), signed, hashlib.sha256).hex()
            headers["X-Teller-Signature"] = f"t={at},v1={mac}"
        return headers


def _read(answer: httpx.Response, ends: float) -> bytes:
    body = b""
    for piece in answer.iter_bytes():
        body += piece
        if len(body) > LONGEST_BODY:
            raise Unavailable("The firm's system answered with more than we read.")
        if time.monotonic() > ends:
            raise Unavailable("The firm's system did not answer in time.")
    return body


def _applications(body: Mapping[str, Any]) -> tuple[Application, ...]:
    """Latest change first."""
    rows = body.get("applications")
    if not isinstance(rows, list) or len(rows) > MOST or body.keys() != {"applications"}:
        raise _broken("applications")
    found = [_application(row) for row in rows]
    return tuple(sorted(found, key=lambda one: one.updated_at, reverse=True))


def _application(row: Any) -> Application:
    if not isinstance(row, dict) or not row.keys() <= _FIELDS:
        raise _broken("an application")
    if not isinstance(row.get("id"), str) or not 0 < len(row["id"]) <= LONGEST_ID:
        raise _broken("id")
    step = row.get("next_step")
    english = row.get("product_en")
    return Application(
        kind=_one_of(row, "kind", KINDS),
        status=_one_of(row, "status", STATUSES),
        product=_product(row.get("product"), "product"),
        product_en=None if english is None else _product(english, "product_en"),
        reference=_matching(row.get("reference"), _REFERENCE, "reference"),
        updated_at=_moment(row.get("updated_at")),
        next_step=None if step is None else _matching(step, _CODE, "next_step"),
    )


def _one_of(row: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = row.get(name)
    if value not in allowed:
        raise _broken(name)
    return str(value)


def _product(value: Any, name: str) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST_PRODUCT or not value.isprintable():
        raise _broken(name)
    return value.strip()


def _matching(value: Any, pattern: re.Pattern[str], name: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _broken(name)
    return value


def _moment(value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _broken("updated_at") from None
    if at.tzinfo is None:
        raise _broken("updated_at")
    return at.astimezone(UTC)


def _broken(what: str) -> Unavailable:
    """Names the field, never what stood in it."""
    return Unavailable(f"The firm's system answered with something else than agreed: {what}.")
