"""How much a live conversation needs a supervisor's eye, and why: a pure function over what the conversation carries.

The gravest sign decides the level, the others put it higher within its level; no model has a say. Levels:

    5  danger to life, fraud or a lost card         2  waits or went unanswered too long, a delivery or the bot failed
    4  names a lawyer, the regulator or the press   1  the bot is unsure, misses, asks back; the deadline is near
    3  complaint; a customer marked as a risk       0  none of these

What was said counts less (by CALMED levels) once a person has answered and nothing is open: it is in good hands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.model import Conversation, Decision, HandOff, Reply, Status, StaySilent

LEVEL = 100
"""One level in points: no number of small signs outweighs a graver one."""
MOST = 99
CALMED = 2
UNANSWERED = timedelta(minutes=5)
URGENT = timedelta(minutes=2)
"""How long a customer may wait for a reply of the agent who has the conversation; `URGENT` where danger was heard."""
SOON = 0.25
"""The deadline is near when this share of the wait is left."""
DOUBTFUL = 0.45
"""Below this confidence of the best candidate the bot was guessing."""

# Which rules of the table `complaint` name a lawyer, a court, the regulator or the press. A firm that renames them in
# its own rules has them counted as complaints.
LEGAL_RULES = frozenset({"goes to law", "goes to regulator or press"})
LEGAL = "legal"
HEARD = ("crisis", "fraud", LEGAL, "complaint")
"""What may be heard in a customer's words; the time of the last is kept on the conversation as `heard_<name>`."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One reason. `minutes` says how long, where that is the point."""

    code: str
    level: int
    points: int
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """`score` = level x 100 + points of all signs (at most 99); `signs` with the gravest first."""

    level: int
    score: int
    signs: tuple[Sign, ...]


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of a conversation without opening a word of it. `failed`: the delivery state of a reply that did
    not arrive and was not followed by another. `sure`: the best candidate's confidence at the bot's last turn.
    `marked`: the customer's risk mark, high or watch."""

    status: Status
    reason: str | None = None
    waiting_since: datetime | None = None
    deadline: datetime | None = None
    customer_at: datetime | None = None
    staff_at: datetime | None = None
    assigned_at: datetime | None = None
    snoozed_until: datetime | None = None
    misses: int = 0
    said: str | None = None
    sure: float | None = None
    heard: Mapping[str, datetime] = field(default_factory=dict)
    failed: str | None = None
    marked: str | None = None


_SAID = {"crisis": (5, 60), "fraud": (5, 50), LEGAL: (4, 50), "complaint": (3, 40)}
_REASONS = {"handler_error": ("bot_failed", 2, 20), "three_misses": ("misses", 1, 15)}
_MARKS = {"high": (3, 30), "watch": (1, 10)}
_FAILED = {"failed": ("delivery_failed", 2, 25), "unknown": ("delivery_unknown", 2, 15)}


def risk(one: Signals, now: datetime) -> Risk:
    """The level, the score and every reason for it, the gravest first."""
    said = _said(one)
    calm = _in_hand(one, said)
    signs = [
        Sign(code, max(0, level - (CALMED if calm else 0)), points) for code, level, points in said.values()
    ]
    signs += _waits(one, now, urgent=any(level == 5 for _, level, _ in said.values()))
    signs += _work(one)
    signs += _bot(one)
    if one.marked in _MARKS:
        signs.append(Sign("marked", *_MARKS[one.marked]))
    signs.sort(key=lambda sign: (-sign.level, -sign.points, sign.code))
    level = signs[0].level if signs else 0
    if calm:
        signs.append(Sign("in_hand", 0, 0))
    return Risk(level, level * LEVEL + min(MOST, sum(sign.points for sign in signs)), tuple(signs))


def _said(one: Signals) -> dict[str, tuple[str, int, int]]:
    """What the customer said, by the rules that fired or by why the conversation was handed over."""
    found = {name for name in HEARD if name in one.heard}
    if one.reason in _SAID:
        found.add(one.reason)
    if LEGAL in found:
        found.discard("complaint")
    return {name: (name, *_SAID[name]) for name in HEARD if name in found}


def _in_hand(one: Signals, said: Mapping[str, object]) -> bool:
    """A person has answered since the worst was said, and nothing of the customer's is open."""
    if not said or one.status is not Status.ASSIGNED or one.staff_at is None:
        return False
    last = max([at for at in (one.customer_at, one.assigned_at, *one.heard.values()) if at], default=None)
    return last is None or one.staff_at >= last


def _waits(one: Signals, now: datetime, *, urgent: bool) -> list[Sign]:
    if one.status is Status.WAITING and one.waiting_since is not None and one.deadline is not None:
        over = (now - one.deadline).total_seconds()
        if over >= 0:
            return [Sign("late", 2, 30 + min(30, int(over // 60)), _minutes(now - one.waiting_since))]
        if -over <= SOON * (one.deadline - one.waiting_since).total_seconds():
            return [Sign("soon", 1, 10, _minutes(one.deadline - now))]
        return []
    if one.status is not Status.ASSIGNED or (one.snoozed_until is not None and one.snoozed_until > now):
        return []
    asked = one.customer_at
    if asked is None or (one.staff_at is not None and one.staff_at >= asked):
        return []
    # Whoever took it a moment ago has not kept anybody waiting.
    since = max(asked, one.assigned_at) if one.assigned_at else asked
    waited = now - since
    if waited < (URGENT if urgent else UNANSWERED):
        return []
    return [Sign("unanswered", 2, 25 + min(30, _minutes(waited)), _minutes(waited))]


def _work(one: Signals) -> list[Sign]:
    signs = [Sign(*_FAILED[one.failed])] if one.failed in _FAILED else []
    if one.status is Status.WAITING and one.reason in _REASONS:
        signs.append(Sign(*_REASONS[one.reason]))
    return signs


def _bot(one: Signals) -> list[Sign]:
    if one.status is not Status.BOT:
        return []
    return unsure(one.misses, one.said, one.sure)


def unsure(misses: int, said: str | None, sure: float | None) -> list[Sign]:
    """Signs of a bot that does not get the customer anywhere; `said` is the reason of its last decision."""
    signs = []
    if misses:
        signs.append(Sign("misses", 1, 10 * min(misses, 3), None))
    if said == "ask" and misses:
        signs.append(Sign("asked", 1, 8))
    if sure is not None and sure < DOUBTFUL:
        signs.append(Sign("unsure", 1, 10))
    return signs


def _minutes(span: timedelta) -> int:
    return max(0, int(span.total_seconds() // 60))


def kept(decision: Decision, misses: int, now: datetime) -> dict[str, Any]:
    """What a turn leaves on its conversation for the score: fields to set. `misses` are those after the turn.

    `sign` orders conversations with the bot, so that a list of the worst needs no walk through all of them.
    """
    trace = decision.trace
    fields: dict[str, Any] = {f"heard_{name}": now for name in _heard(decision)}
    if isinstance(decision, StaySilent):
        return fields
    sure = None
    if isinstance(decision, Reply) and (candidates := trace.get("candidates")):
        sure = float(candidates[0]["confidence"])
    signs = unsure(misses, decision.reason, sure)
    return {**fields, "bot_said": decision.reason, "bot_sure": sure, "sign": sum(one.points for one in signs)}


def with_signs(changes: Mapping[str, Any], decision: Decision, conversation: Conversation) -> dict[str, Any]:
    """The changes of a turn, and beside them what the monitor's score will need."""
    misses = int(changes.get("misses", conversation.misses))
    return {**kept(decision, misses, datetime.now(UTC)), **changes}


def _heard(decision: Decision) -> set[str]:
    """The graver names among what rules or meaning made of the turn."""
    by_rule: Mapping[str, Any] = decision.trace.get("heard") or {}
    if isinstance(decision, HandOff) and decision.reason in ("crisis", "fraud", "complaint"):
        by_rule = {**by_rule, decision.reason: decision.trace.get("evidence") or ()}
    found = set(by_rule) & set(HEARD)
    if LEGAL_RULES & set(by_rule.get("complaint") or ()):
        found.add(LEGAL)
    return found
