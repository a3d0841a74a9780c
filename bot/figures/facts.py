"""What one conversation has to say for the figures, each with the moment it counts at. Pure: documents in, values out.

Moments: a customer's line is the platform's time, all others ours; where two clocks disagree a duration is 0, never
negative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

PROMPT = timedelta(seconds=60)
"""So soon an answer or a notice counts as covered."""
SAID = ("text", "choice", "other")
"""Kinds of line in which a customer says something; following an account is none."""
SAME_HAND_OFF = timedelta(seconds=30)
"""The decision and the conversation are dated one after the other."""
BOT = "bot"

Doc = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Begun:
    """The customer's first line, and seconds to the bot's first one; `prompt`: somebody or something answered soon."""

    at: datetime
    bot_s: float | None
    prompt: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """A customer handed to people; `people_s` until one of them wrote, None while nobody did."""

    at: datetime
    people_s: float | None


@dataclass(frozen=True, slots=True)
class Closed:
    """`seconds` from the customer's first line; of what the bot closed, to the last line: it waits a day to be sure.

    `alone`: never handed over, and no person took it, wrote in it or closed it.
    """

    at: datetime
    seconds: float
    alone: bool


@dataclass(frozen=True, slots=True)
class Facts:
    conversation: str
    customer: str
    account: str
    skill: str
    lines: tuple[tuple[str, datetime], ...] = ()
    begun: Begun | None = None
    reasons: tuple[tuple[str, datetime], ...] = ()
    waits: tuple[Wait, ...] = ()
    closed: Closed | None = None


@dataclass(slots=True)
class _Waiting:
    """Hand-offs one after the other: a second one while somebody waits starts no second wait."""

    since: datetime | None = None
    done: list[Wait] = field(default_factory=list)

    def hand_off(self, at: datetime) -> None:
        self.since = self.since or at

    def person(self, at: datetime) -> None:
        if self.since is not None:
            self.done.append(Wait(self.since, _seconds(self.since, at)))
            self.since = None

    def end(self) -> None:
        """Handed back, or nobody came so far."""
        if self.since is not None:
            self.done.append(Wait(self.since, None))
            self.since = None


def facts(conversation: Doc, lines: Sequence[Doc]) -> Facts:
    """`lines` are all of the conversation, in order, without what was said."""
    asked = next((line for line in lines if _says(line)), None)
    reasons, waits = _handed(conversation, lines)
    return Facts(
        conversation=conversation["_id"],
        customer=conversation["customer"],
        account=conversation["account"],
        skill=conversation.get("skill") or "",
        lines=tuple((line["author"], line["at"]) for line in lines if _counts(line)),
        begun=_begun(asked, lines) if asked else None,
        reasons=reasons,
        waits=waits,
        closed=_closed(conversation, lines, asked, handed=bool(reasons)) if asked else None,
    )


def _says(line: Doc) -> bool:
    return line["author"] == "customer" and line["kind"] in SAID


def _counts(line: Doc) -> bool:
    return line["author"] != "customer" or line["kind"] in SAID


def _begun(asked: Doc, lines: Sequence[Doc]) -> Begun:
    after = [line for line in lines if line["seq"] > asked["seq"]]
    bot = next((line["at"] for line in after if line["author"] == BOT), None)
    first = next((line["at"] for line in after if line["author"] == BOT or _person(line)), None)
    return Begun(
        asked["at"],
        None if bot is None else _seconds(asked["at"], bot),
        first is not None and first - asked["at"] <= PROMPT,
    )


def _handed(
    conversation: Doc, lines: Sequence[Doc]
) -> tuple[tuple[tuple[str, datetime], ...], tuple[Wait, ...]]:
    """Hand-offs are in the record with the line that caused them; one without a line (a reply that could not be
    delivered) stands in the conversation, where only the latest of them is kept."""
    reasons: list[tuple[str, datetime]] = []
    waiting, other = _Waiting(), _elsewhere(conversation, lines)
    for line in lines:
        if other is not None and line["at"] >= other:
            reasons.append((conversation.get("reason") or "", other))
            waiting.hand_off(other)
            other = None
        decision = line.get("decision")
        if _person(line):
            waiting.person(line["at"])
        elif decision and decision["decision"] == "HandOff":
            reasons.append((decision["reason"], decision["at"]))
            waiting.hand_off(decision["at"])
        elif decision and decision["decision"] == "Reply":
            # The bot answers again: somebody gave it the conversation back without a word.
            waiting.end()
    if other is not None:
        reasons.append((conversation.get("reason") or "", other))
        waiting.hand_off(other)
    waiting.end()
    return tuple(reasons), tuple(waiting.done)


def _elsewhere(conversation: Doc, lines: Sequence[Doc]) -> datetime | None:
    """The conversation's latest hand-off, where no line caused it."""
    handed: datetime | None = conversation.get("handed_at")
    if handed is None:
        return None
    known = (line["decision"]["at"] for line in lines if _hands_over(line))
    return None if any(abs(at - handed) <= SAME_HAND_OFF for at in known) else handed


def _hands_over(line: Doc) -> bool:
    decision = line.get("decision")
    return decision is not None and decision["decision"] == "HandOff"


def _closed(conversation: Doc, lines: Sequence[Doc], asked: Doc, *, handed: bool) -> Closed | None:
    at = conversation.get("resolved_at")
    if conversation["status"] != "resolved" or at is None:
        return None
    by_bot = conversation.get("resolved_by") == BOT
    person = not by_bot or conversation.get("assigned_at") is not None or any(map(_person, lines))
    end = lines[-1]["at"] if by_bot else at
    return Closed(at, _seconds(asked["at"], end), alone=not person and not handed)


def _person(line: Doc) -> bool:
    return str(line["author"]).startswith("staff:")


def _seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
