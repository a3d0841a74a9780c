"""One question to the model: masked, within its deadline, breaker and budget, and written into the ledger.

Whatever goes wrong, the answer is None with the outcome named, and the local decision stands.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.ai.breaker import Breaker
from bot.ai.ledger import Ledger, Reservation
from bot.ai.outgoing import NotMaskable, special, strings, tokenised
from bot.ai.prompts import Prompt, read
from bot.ai.wire import Sent, Wire
from bot.logs import logger
from bot.metrics import MODEL_CALLS, MODEL_SECONDS
from bot.mongo import PyMongoError

log = logger("model")
DEADLINE_S: Final = 3.0
IN_FLIGHT: Final = 16
"""Calls a process at once, those included whose deadline has passed and whose connection still hangs."""
DEFAULT_MODEL: Final = "gpt-4o-mini"


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
class Answer:
    """`value` fits the prompt's schema, or is None."""

    value: dict[str, Any] | None = field(repr=False)
    call: Call


class Model:
    """Safe for any number of threads. `name` as the endpoint knows it (at Azure, the deployment)."""

    def __init__(
        self,
        wire: Wire,
        ledger: Ledger,
        name: str = DEFAULT_MODEL,
        *,
        breaker: Breaker | None = None,
        deadline: float = DEADLINE_S,
    ) -> None:
        self.name = name
        self.wire = wire
        self.ledger = ledger
        self._breaker = breaker or Breaker()
        self._deadline = deadline
        self._slots = threading.Semaphore(IN_FLIGHT)

    def ask(self, prompt: Prompt, data: Mapping[str, Any]) -> Answer:
        """`data` as it came: it is masked here. Returns within the deadline (3 s) and never raises."""
        started = time.monotonic()
        outcome, value = self._ask(prompt, data, started)
        took = time.monotonic() - started
        MODEL_CALLS.labels(prompt.purpose, outcome).inc()
        MODEL_SECONDS.labels(prompt.purpose).observe(took)
        if outcome == "unmasked":
            log.error("model_request_held_back", purpose=prompt.purpose)
        return Answer(value, Call(prompt.purpose, outcome, round(took * 1000), self.name, prompt.version))

    def _ask(
        self, prompt: Prompt, data: Mapping[str, Any], started: float
    ) -> tuple[str, dict[str, Any] | None]:
        if prompt.customers and special(tuple(strings(data))):
            return "special", None
        try:
            body = self._body(prompt, data)
        except NotMaskable:
            return "unmasked", None
        if not self._breaker.enter():
            return "open", None
        sent, held = Sent("busy"), None
        try:
            if self._slots.acquire(blocking=False):
                held = self._reserve(prompt, body)
                if isinstance(held, Reservation):
                    sent = self._send(body, started)
                else:
                    self._slots.release()
                    sent = Sent(held)
        finally:
            self._report(sent.outcome)
        outcome, value = sent.outcome, None
        if outcome == "ok":
            try:
                value = read(prompt.schema, sent.content)
            except ValueError:
                outcome = "broken"
        if isinstance(held, Reservation):
            self._settle(held, outcome, started, sent)
        return outcome, value

    def _body(self, prompt: Prompt, data: Mapping[str, Any]) -> dict[str, Any]:
        form = {"name": prompt.purpose, "strict": True, "schema": prompt.schema}
        return {
            "model": self.name,
            "messages": prompt.messages(_masked(data)),
            "response_format": {"type": "json_schema", "json_schema": form},
            "max_completion_tokens": prompt.most,
            "store": False,
        }

    def _reserve(self, prompt: Prompt, body: dict[str, Any]) -> Reservation | str:
        # A token is hardly ever less than one character, so this is more than will be charged.
        most_in = sum(map(len, strings(body)))
        try:
            held = self.ledger.reserve(prompt.purpose, self.name, prompt.version, most_in, prompt.most)
        except PyMongoError:
            return "ledger"
        return held or "budget"

    def _send(self, body: dict[str, Any], started: float) -> Sent:
        """The deadline holds whatever the connection does: a server that sends a byte a second resets its timeouts."""
        box: queue.SimpleQueue[Sent] = queue.SimpleQueue()

        def run() -> None:
            try:
                box.put(self.wire.complete(body, self._left(started)))
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


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return tokenised(value)
    if isinstance(value, Mapping):
        return {name: _masked(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(inner) for inner in value]
    return value
