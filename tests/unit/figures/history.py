"""Invented histories, as documents the pipeline would have left, and their figures counted one by one.

`Counted` shares no code with the product: it walks the plots of the stories, not the documents.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Taipei")
ACCOUNTS = ("line-1", "web-1")
SKILLS = ("general", "loan", "complaint")
AGENTS = ("s1", "s2", "s3")
REASONS = ("human_request", "complaint", "three_misses")


@dataclass
class Story:
    """One conversation as it happened: (who, when, what) with what = text, follow, hand_off:<reason> or silent."""

    id: str
    customer: str
    account: str
    skill: str
    acts: list[tuple[str, datetime, str]]
    resolved: tuple[datetime, str] | None = None
    taken: bool = False
    undelivered: datetime | None = None


def story(chance: random.Random, n: int, start: datetime, now: datetime) -> Story:
    """A conversation that begins at `start`; nothing in it is later than `now`."""
    at = start
    acts: list[tuple[str, datetime, str]] = []
    one = Story(f"c{n}", f"k{chance.randrange(8)}", chance.choice(ACCOUNTS), "", acts)
    if chance.random() < 0.2:
        acts += [("customer", at, "follow"), ("bot", at + timedelta(seconds=1), "text")]
        if chance.random() < 0.3:
            return _ended(chance, one, now)
        at += timedelta(seconds=chance.randrange(5, 7200))
    for _ in range(chance.randrange(1, 4)):
        acts.append(("customer", at, "asks"))
        answered = chance.random()
        if answered < 0.85:
            # Two clocks: a reply may be dated before what it answers.
            acts.append(("bot", at + timedelta(milliseconds=chance.randrange(-300, 100_000)), "text"))
        at += timedelta(seconds=chance.randrange(1, 40_000))
    if chance.random() < 0.5:
        one.skill = chance.choice(SKILLS)
        acts.append(("customer", at, f"hand_off:{chance.choice(REASONS)}"))
        if chance.random() < 0.7:
            acts.append(("bot", at + timedelta(seconds=2), "text"))
        if chance.random() < 0.3:
            at += timedelta(seconds=chance.randrange(1, 9000))
            acts.append(("customer", at, f"hand_off:{chance.choice(REASONS)}"))
        for _ in range(chance.randrange(4)):
            at += timedelta(seconds=chance.randrange(1, 9000))
            acts.append((f"staff:{chance.choice(AGENTS)}", at, "text"))
            one.taken = True
            at += timedelta(seconds=chance.randrange(1, 500))
            acts.append(("customer", at, "silent"))
        if chance.random() < 0.2:
            at += timedelta(seconds=60)
            acts.append(("customer", at, f"hand_off:{chance.choice(REASONS)}"))
    elif chance.random() < 0.1:
        one.skill = "general"
        one.undelivered = acts[-1][1] + timedelta(seconds=40)
    return _ended(chance, one, now)


def _ended(chance: random.Random, one: Story, now: datetime) -> Story:
    one.acts[:] = [act for act in one.acts if act[1] <= now]
    last = max((act[1] for act in one.acts), default=now)
    people = one.taken or one.skill
    if one.acts and chance.random() < 0.7:
        gap = timedelta(seconds=chance.randrange(1, 90_000)) if people else timedelta(hours=24, minutes=7)
        if last + gap <= now:
            one.resolved = (last + gap, chance.choice(AGENTS) if people else "bot")
    if one.undelivered is not None and (one.undelivered > now or one.resolved):
        one.undelivered, one.skill = None, one.skill if one.resolved else ""
    return one


def documents(one: Story) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The conversation and its lines, with the fields that the stores write."""
    handed = [at for _, at, what in one.acts if what.startswith("hand_off")]
    reasons = [what.partition(":")[2] for _, _, what in one.acts if what.startswith("hand_off")]
    lines = []
    for seq, (who, at, what) in enumerate(one.acts, 1):
        decision = None
        if who == "customer" and what != "follow":
            name = {"asks": "Reply", "silent": "StaySilent"}.get(what, "HandOff")
            decision = {"decision": name, "reason": what.partition(":")[2] or "answer", "at": at}
        lines.append(
            {
                "_id": f"{one.id}-{seq}",
                "thread": f"t-{one.id}",
                "pos": seq,
                "conversation": one.id,
                "seq": seq,
                "author": who,
                "kind": "follow" if what == "follow" else "text",
                "at": at,
                "approved": [],
                "decision": decision,
            }
        )
    status = "resolved" if one.resolved else "waiting" if one.skill else "bot"
    latest = one.undelivered or (handed[-1] if handed else None)
    return {
        "_id": one.id,
        "thread": f"t-{one.id}",
        "customer": one.customer,
        "account": one.account,
        "skill": one.skill or None,
        "status": status,
        "open": status != "resolved",
        "priority": 5,
        "reason": "delivery_failed" if one.undelivered else (reasons[-1] if reasons else None),
        "opened_at": one.acts[0][1],
        "last_at": max(at for _, at, _ in one.acts),
        "assigned_at": handed[0] if one.taken and handed else None,
        "handed_at": latest,
        "waiting_since": latest,
        **({"resolved_at": one.resolved[0], "resolved_by": one.resolved[1]} if one.resolved else {}),
    }, lines


@dataclass
class Counted:
    """The figures of some days, counted plainly. Durations in seconds, hours of the firm's day."""

    customer: Counter[int] = field(default_factory=Counter)
    bot: Counter[int] = field(default_factory=Counter)
    agents: Counter[str] = field(default_factory=Counter)
    active: set[tuple[date, int, str]] = field(default_factory=set)
    bot_first: list[float] = field(default_factory=list)
    people_first: list[float] = field(default_factory=list)
    waits: int = 0
    begun: Counter[int] = field(default_factory=Counter)
    prompt: Counter[int] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    closed: int = 0
    alone: int = 0
    back: int = 0
    alone_s: list[float] = field(default_factory=list)
    people_s: list[float] = field(default_factory=list)


def count(
    stories: list[Story], first: date, last: date, account: str | None = None, skill: str | None = None
) -> Counted:
    found = Counted()

    def inside(at: datetime) -> bool:
        return first <= at.astimezone(ZONE).date() <= last

    for one in stories:
        if account not in (None, one.account) or skill not in (None, one.skill):
            continue
        said = [act for act in one.acts if act[2] != "follow"]
        for who, at, _ in said:
            hour = at.astimezone(ZONE).hour
            if inside(at) and who == "customer":
                found.customer[hour] += 1
            elif inside(at) and who == "bot":
                found.bot[hour] += 1
            elif inside(at):
                found.agents[who[6:]] += 1
                found.active.add((at.astimezone(ZONE).date(), hour, who))
        asked = next(
            (n for n, act in enumerate(one.acts) if act[0] == "customer" and act[2] != "follow"), None
        )
        if asked is None:
            continue
        began = one.acts[asked][1]
        if inside(began):
            replies = [act for act in one.acts[asked + 1 :] if act[0] != "customer"]
            found.begun[began.astimezone(ZONE).hour] += 1
            if replies and (replies[0][1] - began).total_seconds() <= 60:
                found.prompt[began.astimezone(ZONE).hour] += 1
            by_bot = [act for act in replies if act[0] == "bot"]
            if by_bot:
                found.bot_first.append(max(0.0, (by_bot[0][1] - began).total_seconds()))
        _count_waits(found, one, inside)
        if one.resolved and inside(one.resolved[0]):
            _count_closing(found, one, stories, began)
    return found


def _count_waits(found: Counted, one: Story, inside: Any) -> None:
    since = None
    for who, at, what in one.acts:
        if what.startswith("hand_off"):
            if inside(at):
                found.reasons[what.partition(":")[2]] += 1
            if since is None:
                since = at
                found.waits += inside(at)
        elif who.startswith("staff:") and since is not None:
            if inside(since):
                found.people_first.append((at - since).total_seconds())
            since = None
    if one.undelivered and inside(one.undelivered):
        found.reasons["delivery_failed"] += 1
        found.waits += 1


def _count_closing(found: Counted, one: Story, stories: list[Story], began: datetime) -> None:
    assert one.resolved
    at, by = one.resolved
    found.closed += 1
    if by == "bot":
        found.alone += 1
        found.alone_s.append(max(0.0, (one.acts[-1][1] - began).total_seconds()))
        found.back += any(
            other.customer == one.customer and at < other.acts[0][1] <= at + timedelta(days=1)
            for other in stories
            if other.id != one.id and other.acts
        )
    else:
        found.people_s.append(max(0.0, (at - began).total_seconds()))


def history(seed: int, size: int, now: datetime) -> list[Story]:
    """`size` conversations that began in the ten days before `now`."""
    chance = random.Random(seed)
    starts = [now - timedelta(seconds=chance.randrange(60, 10 * 86_400)) for _ in range(size)]
    made = [story(chance, n, at.replace(microsecond=0), now) for n, at in enumerate(sorted(starts))]
    return [one for one in made if one.acts]


NOW = datetime(2026, 3, 11, 4, 30, tzinfo=UTC)
