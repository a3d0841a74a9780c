"""The AI is switched off: each turn goes to people with an approved notice. No search, no meaning, no model.

Only the approved patterns of crisis, fraud and complaint are looked at: they are words on a list, and without them a
stolen card would wait behind a question about fees. Should they fail, the turn still goes to people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.model import Decision, HandOff, Kind, StaySilent, Turn

from .agent_owned import agent_owned
from .complaint import NOTICE as COMPLAINT_NOTICE
from .complaint import PRIORITY as COMPLAINT_PRIORITY
from .complaint import SKILL as COMPLAINT_SKILL
from .crisis import NOTICE as CRISIS_NOTICE
from .crisis import PRIORITY as CRISIS_PRIORITY
from .crisis import SKILL as CRISIS_SKILL
from .fraud import NOTICE as FRAUD_NOTICE
from .fraud import PRIORITY as FRAUD_PRIORITY
from .fraud import SKILL as FRAUD_SKILL
from .policy import Policy
from .say import Desk

REASON = "ai_off"
NOTICE = "handoff_ai_off"
GRAVE = {
    "crisis": (CRISIS_SKILL, CRISIS_PRIORITY, CRISIS_NOTICE),
    "fraud": (FRAUD_SKILL, FRAUD_PRIORITY, FRAUD_NOTICE),
    "complaint": (COMPLAINT_SKILL, COMPLAINT_PRIORITY, COMPLAINT_NOTICE),
}


def ai_off(desk: Desk, policy: Callable[[], Policy]) -> Callable[[Turn, Mapping[str, Any]], Decision]:
    """Decides a turn while the AI is off; the second argument is what the trace says of the switch. Never raises."""

    def decide(turn: Turn, switch: Mapping[str, Any]) -> Decision:
        owned = agent_owned(turn)
        if owned is not None:
            return owned
        if turn.kind in (Kind.FOLLOW, Kind.ECHO, Kind.IGNORED):
            # The greeting says that an AI answers, and nobody has asked anything yet.
            return StaySilent(f"nothing was asked: {turn.kind}", {"switch": dict(switch)})
        trace: dict[str, Any] = {"switch": dict(switch)}
        try:
            return _handed(desk, policy(), turn, trace)
        except Exception as error:  # noqa: BLE001 - whatever broke, a person is due
            trace["error"] = type(error).__name__
        try:
            return desk.hand_off(turn, REASON, trace=trace)
        except Exception:  # noqa: BLE001 - not even a notice is in force
            return HandOff(reason=REASON, trace=trace)

    return decide


def _handed(desk: Desk, policy: Policy, turn: Turn, trace: dict[str, Any]) -> HandOff:
    cleaned = policy.clean(turn.text)
    for reason, (skill, priority, notice) in GRAVE.items():
        fired = policy.hits(reason, cleaned)
        if not fired:
            continue
        evidence = {**trace, "evidence": list(fired), "rules": policy.named}
        decision = desk.hand_off(
            turn, reason, skill=skill, priority=priority, notice_id=notice, trace=evidence
        )
        if not turn.first_contact:
            return decision
        # As the greeting does while the AI is on: who answers here, and what should not be sent, comes first.
        return replace(decision, parts=(desk.finder.notice(NOTICE), *decision.parts))
    return desk.hand_off(turn, REASON, notice_id=NOTICE, trace=trace)
