"""Ninety invented days of a firm's service: who writes when, who answers, how it ends. Plain values, no database."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Taipei")
# Messages by hour of the day, roughly as a bank's customers write them.
HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 14, 20, 22, 20, 18, 18, 19, 19, 18, 17, 17, 18, 18, 16, 10, 4)
WEEKDAYS = (12, 11, 10, 10, 11, 6, 5)
SKILLS = (("general", 40), ("loan", 20), ("card", 16), ("investment", 8), ("insurance", 8), ("complaint", 8))
REASONS = (("human_request", 46), ("three_misses", 24), ("advice", 12), ("complaint", 10), ("fraud", 8))
HANDED = 0.38
OPENS, CLOSES = 9, 21
IDLE = timedelta(hours=24)


@dataclass(slots=True)
class Act:
    """`author`: customer, bot or staff; `what`: asks (and gets an answer), hands_over, adds."""

    author: str
    at: datetime
    what: str = ""


@dataclass(slots=True)
class Story:
    """`status` and `resolved_at` as of `now`; `handed` when people were asked for."""

    began: datetime
    acts: list[Act] = field(default_factory=list)
    skill: str | None = None
    reason: str | None = None
    handed: datetime | None = None
    assigned: datetime | None = None
    agent: int | None = None
    status: str = "bot"
    resolved_at: datetime | None = None


def stories(messages: int, days: int, now: datetime, seed: int) -> Iterator[Story]:
    """In the order of their beginnings, with about `messages` lines together."""
    chance = random.Random(seed)
    # A conversation has 3.95 lines in the mean.
    for began in _starts(chance, round(messages / 3.95), days, now):
        yield _story(chance, began, now)


def _starts(chance: random.Random, count: int, days: int, now: datetime) -> list[datetime]:
    dates = [(now - timedelta(days=n)).astimezone(ZONE).date() for n in range(days)]
    weights = [WEEKDAYS[day.weekday()] * (2.0 if day.day <= 2 or day.day >= 28 else 1.0) for day in dates]
    found: list[datetime] = []
    while len(found) < count:
        for day, hour in zip(
            chance.choices(dates, weights, k=count), chance.choices(range(24), HOURS, k=count), strict=True
        ):
            at = datetime(day.year, day.month, day.day, hour, tzinfo=ZONE) + timedelta(
                seconds=chance.random() * 3600
            )
            if at < now - timedelta(seconds=5):
                found.append(at)
    return sorted(found[:count])


def _story(chance: random.Random, began: datetime, now: datetime) -> Story:
    one = Story(began)
    at = began
    for _ in range(chance.choices((1, 2), (72, 28))[0]):
        one.acts += [
            Act("customer", at, "asks"),
            Act("bot", at + timedelta(seconds=chance.lognormvariate(0.2, 0.5))),
        ]
        at += timedelta(seconds=chance.randrange(20, 240))
    if chance.random() < HANDED:
        _with_people(chance, one, at)
    one.acts = [act for act in one.acts if act.at <= now]
    _settle(chance, one, now)
    return one


def _with_people(chance: random.Random, one: Story, at: datetime) -> None:
    one.acts += [Act("customer", at, "hands_over"), Act("bot", at + timedelta(seconds=1.5))]
    one.handed = at
    one.reason = _pick(chance, REASONS)
    one.skill = "complaint" if one.reason == "complaint" else _pick(chance, SKILLS)
    reply = _on_duty(at) + timedelta(seconds=chance.lognormvariate(5.2, 0.9))
    one.agent = chance.randrange(20)
    one.assigned = reply - timedelta(seconds=10)
    for _ in range(chance.choices((1, 2), (70, 30))[0]):
        one.acts.append(Act("staff", reply))
        if chance.random() < 0.3:
            one.acts.append(Act("customer", reply + timedelta(seconds=40), "adds"))
        reply += timedelta(seconds=chance.randrange(90, 900))
    one.resolved_at = reply


def _settle(chance: random.Random, one: Story, now: datetime) -> None:
    """What the story has come to by now."""
    if one.handed is not None and one.handed <= now:
        if one.assigned is None or one.assigned > now:
            one.status, one.assigned, one.agent = "waiting", None, None
        else:
            one.status = "assigned"
        if one.resolved_at is not None and one.resolved_at <= now:
            one.status = "resolved"
    else:
        one.handed = one.assigned = one.agent = one.reason = one.skill = None
        closed = one.acts[-1].at + IDLE + timedelta(minutes=chance.randrange(60))
        one.resolved_at = closed
        one.status = "resolved" if closed <= now else "bot"
    if one.status != "resolved":
        one.resolved_at = None


def _on_duty(at: datetime) -> datetime:
    """The next moment at which people work, Monday to Friday."""
    there = at.astimezone(ZONE)
    while there.weekday() >= 5 or there.hour >= CLOSES:
        there = (there + timedelta(days=1)).replace(hour=OPENS, minute=0, second=0)
    return there.replace(hour=OPENS, minute=0, second=0) if there.hour < OPENS else there


def _pick(chance: random.Random, weighted: tuple[tuple[str, int], ...]) -> str:
    names, weights = zip(*weighted, strict=True)
    return str(chance.choices(names, weights)[0])
