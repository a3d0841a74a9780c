"""One question to the model: masked here, and answered with a value that fits the prompt's schema or with none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.ai.breaker import Breaker
from bot.ai.guard import DEADLINE_S, IN_FLIGHT, Call, Guard, HeldBack, Request
from bot.ai.ledger import Ledger
from bot.ai.outgoing import NotMaskable, special, strings, tokenised
from bot.ai.prompts import Prompt, read
from bot.ai.wire import Wire

DEFAULT_MODEL: Final = "gpt-4o-mini"


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
        self._guard = Guard(ledger, name, breaker, deadline)

    def ask(self, prompt: Prompt, data: Mapping[str, Any]) -> Answer:
        """`data` as it came: it is masked here. Returns within the deadline (3 s) and never raises."""
        return Answer(*self._guard.call(prompt.purpose, prompt.version, lambda: self._request(prompt, data)))

    def _request(self, prompt: Prompt, data: Mapping[str, Any]) -> Request[dict[str, Any]]:
        if prompt.customers and special(tuple(strings(data))):
            raise HeldBack("special")
        try:
            body = self._body(prompt, data)
        except NotMaskable:
            raise HeldBack("unmasked") from None
        # A token is hardly ever less than one character, so this is more than will be charged.
        most_in = sum(map(len, strings(body)))
        return Request(
            (most_in, prompt.most),
            lambda left: self.wire.complete(body, left),
            lambda sent: read(prompt.schema, sent.content),
        )

    def _body(self, prompt: Prompt, data: Mapping[str, Any]) -> dict[str, Any]:
        form = {"name": prompt.purpose, "strict": True, "schema": prompt.schema}
        return {
            "model": self.name,
            "messages": prompt.messages(_masked(data)),
            "response_format": {"type": "json_schema", "json_schema": form},
            "max_completion_tokens": prompt.most,
            "store": False,
        }


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return tokenised(value)
    if isinstance(value, Mapping):
        return {name: _masked(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(inner) for inner in value]
    return value


__all__ = ["DEADLINE_S", "DEFAULT_MODEL", "IN_FLIGHT", "Answer", "Call", "Model"]
