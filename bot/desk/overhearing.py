"""A mind that listens on while people have the conversation: what the approved rules hear goes into the trace.

The bot stays silent; but a customer who begins to speak of a lawyer, or of money that is gone, must rise on the monitor
whoever has the conversation. Rules only, on what the customer wrote; the trace holds their names, never the words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.contracts import Mind
from bot.logs import logger
from bot.model import OPEN, Decision, Status, StaySilent, Turn

HEARD = "heard"
"""The key in a decision's trace: {table: [rule ids]}."""

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Overhearing:
    """Implements `bot.contracts.Mind`: decides what `mind` decides. `hears` maps tables to the rules that fire."""

    mind: Mind
    hears: Callable[[str], Mapping[str, Sequence[str]]]

    def decide(self, turn: Turn) -> tuple[str, Decision]:
        name, decision = self.mind.decide(turn)
        people = turn.conversation.status in OPEN and turn.conversation.status is not Status.BOT
        if not isinstance(decision, StaySilent) or not people or not turn.text.strip():
            return name, decision
        try:
            heard = {table: list(ids) for table, ids in self.hears(turn.text).items()}
        except Exception as error:  # noqa: BLE001 - a sign that is missed must not cost the customer the turn
            log.warning("not_overheard", error=type(error).__name__)
            return name, decision
        return name, replace(decision, trace={**decision.trace, HEARD: heard}) if heard else decision

    def unfinished(self, text: str) -> bool:
        return self.mind.unfinished(text)
