"""Who gets which waiting conversation: a pure choice, the same for the same queue, people, rules and moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.desk.routing_rules import Rules
from bot.hours import Timetable
from bot.model import Role
from bot.store.views import COMPLAINT

GENERAL = "general"
COMPLAINTS = (Role.SENIOR, Role.SUPERVISOR)
NEVER_RELAXED = (COMPLAINT, "licensed")
"""However long it takes: complaints need a senior person, personal advice a licence. Neither grows by waiting."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One in the queue. `passed_by` had it and left it without a reply: others are asked first."""

    id: str
    customer: str
    skill: str
    priority: int
    since: datetime
    passed_by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Agent:
    """One who takes conversations now; `assigned_at` is when the last one came."""

    id: str
    role: Role
    skills: frozenset[str]
    capacity: int
    load: int
    assigned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """`why`: known (served this customer last), skill, relaxed (waited too long for the skill)."""

    conversation: str
    agent: str
    why: str


def permits(role: Role, skill: str) -> bool:
    """Whether that role may work on it at all; the same rule guards what is read (`bot.store.views.permitted`)."""
    return skill != COMPLAINT or role in COMPLAINTS


def skilled(agent: Agent, skill: str) -> bool:
    """For complaints the role is the skill."""
    return skill in (GENERAL, COMPLAINT) or skill in agent.skills


def waited(one: Waiting, hours: Timetable, now: datetime) -> timedelta:
    """The wait that counts: time in which somebody could have answered."""
    return hours.of(one.skill).between(one.since, now)


def urgency(one: Waiting, rules: Rules, hours: Timetable, now: datetime) -> int:
    """The priority with the wait reckoned in: nobody waits for ever, and nothing overtakes danger for an hour."""
    time = waited(one, hours, now)
    if time >= timedelta(minutes=rules.starved):
        return 0
    aged = one.priority - time // timedelta(minutes=rules.ageing)
    return max(min(1, one.priority), aged)


def in_line(queue: Iterable[Waiting], rules: Rules, hours: Timetable, now: datetime) -> list[Waiting]:
    """The queue in the order in which it is served."""
    return sorted(queue, key=lambda one: (urgency(one, rules, hours, now), one.since, one.id))


def relaxed(one: Waiting, rules: Rules, hours: Timetable, now: datetime) -> bool:
    """Whether it has waited too long to be choosy. Outside the hours whoever is here anyway is as good as it gets."""
    limit = timedelta(minutes=rules.relax_of(one.priority))
    if not hours.of(one.skill).open_at(now):
        return now - one.since >= limit
    return waited(one, hours, now) >= limit


def match(
    queue: Iterable[Waiting],
    agents: Sequence[Agent],
    knowers: Mapping[str, str],
    rules: Rules,
    hours: Timetable,
    now: datetime,
) -> list[Match]:
    """Pairs, in the order of the queue; nobody gets more than `capacity`. `knowers`: customer -> agent."""
    free = {one.id: one for one in agents if one.load < one.capacity}
    found: list[Match] = []
    for one in in_line(queue, rules, hours, now):
        if not free:
            break
        chosen = _choose(one, free, knowers.get(one.customer), relaxed(one, rules, hours, now))
        if chosen is None:
            continue
        agent, why = chosen
        found.append(Match(one.id, agent.id, why))
        after = replace(agent, load=agent.load + 1, assigned_at=now)
        if after.load < after.capacity:
            free[agent.id] = after
        else:
            del free[agent.id]
    return found


def _choose(
    one: Waiting, free: Mapping[str, Agent], knower: str | None, may_relax: bool
) -> tuple[Agent, str] | None:
    able = [agent for agent in free.values() if permits(agent.role, one.skill)]
    fit = [agent for agent in able if skilled(agent, one.skill) and agent.id not in one.passed_by]
    for agent in fit:
        if agent.id == knower:
            return agent, "known"
    if fit:
        return min(fit, key=_turn), "skill"
    if not may_relax:
        return None
    if one.skill in NEVER_RELAXED:
        able = [agent for agent in able if skilled(agent, one.skill)]
    return (
        (min(able, key=lambda agent: (agent.id in one.passed_by, *_turn(agent))), "relaxed") if able else None
    )


def _turn(agent: Agent) -> tuple[float, datetime, str]:
    """Whose turn it is: the lightest load, then the longest without a new one."""
    return agent.load / agent.capacity, agent.assigned_at or _LONG_AGO, agent.id
