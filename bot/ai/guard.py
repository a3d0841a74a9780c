"""What every call of the endpoint goes through: breaker, places, budget, ledger, deadline, and its outcome counted.

Whatever goes wrong, there is no value, the outcome is named, and the local decision stands.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from bot.ai.breaker import Breaker
from bot.ai.ledger import Ledger, Reservation
from bot.ai.wire import Sent
from bot.logs import logger
from bot.metrics import MODEL_CALLS, MODEL_SECONDS
from bot.mongo import PyMongoError

log = logger("model")
DEADLINE_S: Final = 3.0
IN_FLIGHT: Final = 16
"""Calls at once, those included whose deadline has passed and whose connection still hangs."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """What is kept of a call; no text.

    `outcome`: ok; of the endpoint refused, broken, timeout, unreachable, http_<status>; of ours busy, open (the
    breaker), budget, ledger, special (data of article 6), unmasked.
    """

    purpose: str
    outcome: str
    ms: int
    model: str
    prompt: str

    def trace(self) -> dict[str, Any]:
        return {
            "purpose": self.purpose,
            "outcome": self.outcome,
            "ms": self.ms,
            "model": self.model,
            "prompt": self.prompt,
        }


@dataclass(frozen=True, slots=True)
class Request(Generic[T]):
    """`most` are the tokens in and out it can cost; `send` gets the seconds that are left and never raises; `use` makes
    the value of what came back and raises ValueError where it is of no use."""

    most: tuple[int, int]
    send: Callable[[float], Sent]
    use: Callable[[Sent], T]


class HeldBack(Exception):
    """Raised while a request is made: it must not be sent. The message is the outcome."""


class Guard:
    """Safe for any number of threads; one a kind of endpoint, so that one that fails does not shut the other."""

    def __init__(
        self, ledger: Ledger, name: str, breaker: Breaker | None = None, deadline: float = DEADLINE_S
    ) -> None:
        self.ledger = ledger
        self.name = name
        self._breaker = breaker or Breaker()
        self._deadline = deadline
        self._slots = threading.Semaphore(IN_FLIGHT)

    def call(self, purpose: str, version: str, make: Callable[[], Request[T]]) -> tuple[T | None, Call]:
        """Returns within the deadline and never raises; `make` may raise HeldBack."""
        started = time.monotonic()
        value: T | None = None
        try:
            passed = self._through(purpose, version, make(), started)
            outcome, value = passed
        except HeldBack as error:
            outcome = str(error)
        took = time.monotonic() - started
        MODEL_CALLS.labels(purpose, outcome).inc()
        MODEL_SECONDS.labels(purpose).observe(took)
        if outcome == "unmasked":
            log.error("model_request_held_back", purpose=purpose)
        return value, Call(purpose, outcome, round(took * 1000), self.name, version)

    def _through(
        self, purpose: str, version: str, request: Request[T], started: float
    ) -> tuple[str, T | None]:
        if not self._breaker.enter():
            return "open", None
        sent, held = Sent("busy"), None
        try:
            if self._slots.acquire(blocking=False):
                held = self._reserve(purpose, version, request.most)
                if isinstance(held, Reservation):
                    sent = self._send(request, started)
                else:
                    self._slots.release()
                    sent = Sent(held)
        finally:
            self._report(sent.outcome)
        outcome = sent.outcome
        value: T | None = None
        if outcome == "ok":
            try:
                value = request.use(sent)
            except ValueError:
                outcome = "broken"
        if isinstance(held, Reservation):
            self._settle(held, outcome, started, sent)
        return outcome, value

    def _reserve(self, purpose: str, version: str, most: tuple[int, int]) -> Reservation | str:
        try:
            held = self.ledger.reserve(purpose, self.name, version, *most)
        except PyMongoError:
            return "ledger"
        return held or "budget"

    def _send(self, request: Request[T], started: float) -> Sent:
        """The deadline holds whatever the connection does: a server that sends a byte a second resets its timeouts."""
        box: queue.SimpleQueue[Sent] = queue.SimpleQueue()

        def run() -> None:
            try:
                box.put(request.send(self._left(started)))
            finally:
                self._slots.release()

        threading.Thread(target=run, name="model", daemon=True).start()
        try:
            return box.get(timeout=self._left(started))
        except queue.Empty:
            return Sent("timeout")

    def _left(self, started: float) -> float:
        return max(0.01, self._deadline - (time.monotonic() - started))

    def _report(self, outcome: str) -> None:
        """To the breaker. What one customer's text can bring about (400, a refusal) is no fault of the endpoint."""
        if outcome in ("ok", "refused", "http_400", "http_422"):
            self._breaker.succeeded()
        elif outcome in ("busy", "budget", "ledger", "unmasked"):
            self._breaker.left()
        else:
            self._breaker.failed()

    def _settle(self, held: Reservation, outcome: str, started: float, sent: Sent) -> None:
        ms = round((time.monotonic() - started) * 1000)
        try:
            self.ledger.settle(held, outcome, ms, self.name, sent.used)
        except PyMongoError as error:
            log.warning("model_call_not_settled", error=type(error).__name__)
