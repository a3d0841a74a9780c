"""A mind that also looks, for those who answer, which approved articles come close: in the worker, within the turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.contracts import Mind
from bot.logs import logger
from bot.model import Decision, Found, HandOff, Kind, Message, StaySilent, Turn

AT_HAND = "at_hand"
"""The key in a decision's trace: [{article, version, confidence}], the best first."""
KEPT = 4
LEAST = 0.05
"""Below this a suggestion is noise; a person sorts out more than a customer should be asked to."""
SHORT = 8
"""Characters up to which a line is read together with the one before it."""

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Suggesting:
    """Implements `bot.contracts.Mind`: decides what `mind` decides. `ranking` is the local search (text, locale).

    `behind`: whether what only helps has to be left out now.
    """

    mind: Mind
    ranking: Callable[[str, str], Sequence[Found]]
    behind: Callable[[], bool] = lambda: False

    def decide(self, turn: Turn) -> tuple[str, Decision]:
        name, decision = self.mind.decide(turn)
        wanted = isinstance(decision, HandOff | StaySilent) and turn.kind is Kind.TEXT and turn.text.strip()
        # Where messages wait to be seen, that comes first: the search is a third of the work on one.
        if not wanted or decision.trace.get("candidates") or self.behind():
            return name, decision
        near = self._near(turn)
        return name, replace(decision, trace={**decision.trace, AT_HAND: near}) if near else decision

    def unfinished(self, text: str) -> bool:
        return self.mind.unfinished(text)

    def _near(self, turn: Turn) -> list[dict[str, Any]]:
        said = turn.text.strip()
        if len(said) <= SHORT and turn.history:
            said = f"{turn.history[-1]} {said}"
        try:
            found = self.ranking(said, turn.locale)
        except Exception as error:  # noqa: BLE001 - a suggestion that fails must not cost the customer a turn
            log.warning("no_suggestions", error=type(error).__name__)
            return []
        return [
            {"article": one.ref.id, "version": one.ref.version, "confidence": one.confidence}
            for one in found[:KEPT]
            if one.confidence >= LEAST
        ]


def near(messages: Sequence[Message], count: int) -> list[tuple[str, float]]:
    """(article, confidence) that come closest to the customer's last lines, those of the newest line first."""
    found: dict[str, float] = {}
    lines = 0
    for message in reversed(messages):
        if message.author != "customer" or message.why is None:
            continue
        trace = message.why.trace
        for one in trace.get(AT_HAND) or trace.get("candidates") or ():
            found.setdefault(str(one["article"]), float(one.get("confidence") or 0.0))
        lines += 1
        if lines == 3 or len(found) >= count:
            break
    return list(found.items())[:count]
