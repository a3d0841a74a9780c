"""How handlers put a decision together: approved notices, the button to a person, the notice for the night."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.contracts import Finder
from bot.model import Button, HandOff, Ref, Reply, Turn
from bot.slots import filled

from .hours import InForce, shipped, spoken

# What the platforms hand back when a button is pressed; offers are `offer:<id>:<n>`.
PERSON = "human"
NONE = "none"
OFFER = "offer:"


@dataclass(frozen=True, slots=True)
class Desk:
    """What every handler may use: the approved texts and the hours of the people behind."""

    finder: Finder
    hours: InForce = field(default=shipped)

    def person_button(self) -> Button:
        return Button(self.finder.notice("choose_person"), PERSON)

    def none_button(self) -> Button:
        return Button(self.finder.notice("choose_none"), NONE)

    def notice(self, reason: str, notice_id: str, trace: dict[str, Any] | None = None) -> Reply:
        """An approved notice and nothing else."""
        return Reply(reason=reason, parts=(self.finder.notice(notice_id),), trace=trace or {})

    def filled(self, notice_id: str, **values: str) -> Ref:
        """A part whose slots hold these values. Raises ValueError for a value that may not be shown (`bot.slots`)."""
        return filled(self.finder.notice(notice_id), values)

    def article(self, reason: str, ref: Ref, trace: dict[str, Any]) -> Reply:
        """An approved article with what must travel with it."""
        return Reply(reason=reason, parts=(ref, *self.finder.disclosures(ref)), trace=trace)

    def hand_off(
        self,
        turn: Turn,
        reason: str,
        *,
        skill: str = "general",
        priority: int = 5,
        notice_id: str = "handoff",
        trace: dict[str, Any] | None = None,
    ) -> HandOff:
        """Gives the conversation to people; outside their hours the customer hears when somebody will answer."""
        hours = self.hours().of(skill)
        opens = hours.next_opening(turn.now)
        parts: tuple[Ref, ...] = (self.finder.notice(notice_id),)
        # Where nobody ever answers there is no time to name: the hand-off itself is said, and nothing is promised.
        if opens is not None and opens > turn.now:
            night = self.filled("handoff_offhours", opens=spoken(opens, hours.zone, turn.locale))
            parts = (night,) if notice_id == "handoff" else (*parts, night)
        return HandOff(reason=reason, skill=skill, priority=priority, parts=parts, trace=trace or {})
