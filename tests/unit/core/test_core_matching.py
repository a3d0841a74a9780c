"""Who gets which conversation: the choice itself, by example, by property and over a simulated day."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.desk.routing_match import Agent, Match, Waiting, in_line, match, permits, skilled
from bot.desk.routing_return import reason_to_return, returned
from bot.desk.routing_rules import Rules
from bot.hours import ROUND_THE_CLOCK, TAIPEI, Hours, Timetable
from bot.model import Role

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=TAIPEI)
ALWAYS = Timetable(Hours(week=ROUND_THE_CLOCK))
OFFICE = Timetable()
RULES = Rules()
SKILLS = ("general", "complaint", "fraud", "licensed", "loan", "card")
MINUTE = timedelta(minutes=1)


def waiting(
    name: str, skill: str = "general", priority: int = 5, minutes: float = 0, **more: object
) -> Waiting:
    return Waiting(name, f"customer of {name}", skill, priority, NOON - minutes * MINUTE, **more)  # type: ignore[arg-type]


def agent(
    name: str, *skills: str, role: Role = Role.AGENT, load: int = 0, idle: int = 0, capacity: int = 4
) -> Agent:
    return Agent(name, role, frozenset(skills), capacity, load, NOON - idle * MINUTE)


def matched(
    queue: list[Waiting], agents: list[Agent], knowers: dict[str, str] | None = None, at: datetime = NOON
) -> dict[str, tuple[str, str]]:
    found = match(queue, agents, knowers or {}, RULES, OFFICE, at)
    return {one.conversation: (one.agent, one.why) for one in found}


def test_the_lightest_load_by_capacity_then_the_longest_idle() -> None:
    half, third = agent("half", load=1, capacity=2), agent("third", load=2, capacity=6)
    assert matched([waiting("a")], [half, third]) == {"a": ("third", "skill")}
    fresh, idle = agent("fresh", idle=1), agent("idle", idle=30)
    assert matched([waiting("a")], [fresh, idle]) == {"a": ("idle", "skill")}


def test_who_knows_the_customer_comes_first_when_free_and_skilled() -> None:
    busy, knower = agent("busy", load=0, idle=99), agent("knower", load=3)
    known = {"customer of a": "knower"}
    assert matched([waiting("a")], [busy, knower], known) == {"a": ("knower", "known")}
    full = replace(knower, load=4)
    assert matched([waiting("a")], [busy, full], known) == {"a": ("busy", "skill")}
    assert matched([waiting("a", "loan")], [agent("loans", "loan"), knower], known) == {
        "a": ("loans", "skill")
    }


def test_a_skill_is_waited_for_and_then_no_longer() -> None:
    other = agent("other", "card")
    assert matched([waiting("a", "loan", minutes=4)], [other]) == {}
    assert matched([waiting("a", "loan", minutes=5)], [other]) == {"a": ("other", "relaxed")}
    assert matched([waiting("a", "fraud", 0, minutes=1)], [other]) == {"a": ("other", "relaxed")}


@pytest.mark.parametrize("minutes", [0, 10, 10_000])
def test_complaints_and_licensed_advice_are_never_relaxed(minutes: int) -> None:
    queue = [waiting("complaint", "complaint", 1, minutes), waiting("advice", "licensed", 4, minutes)]
    assert matched(queue, [agent("a", "complaint", "loan")]) == {}
    able = [agent("senior", role=Role.SENIOR), agent("adviser", "licensed")]
    assert {one: who for one, (who, _) in matched(queue, able).items()} == {
        "complaint": "senior",
        "advice": "adviser",
    }


def test_the_order_is_urgency_then_who_waited_longer() -> None:
    queue = [waiting("late", minutes=1), waiting("early", minutes=9), waiting("high", priority=1)]
    assert [one.id for one in in_line(queue, RULES, OFFICE, NOON)] == ["high", "early", "late"]
    aged = [*queue, waiting("fee", minutes=45), waiting("fraud", "fraud", 0)]
    assert [one.id for one in in_line(aged, RULES, OFFICE, NOON)][:2] == ["fraud", "fee"]
    starved = [*queue, waiting("fee", minutes=61), waiting("fraud", "fraud", 0)]
    assert next(iter(in_line(starved, RULES, OFFICE, NOON))).id == "fee"


def test_the_night_ages_nobody() -> None:
    """At nine everybody has waited all night: priority counts, then who wrote first."""
    nine = datetime(2026, 11, 24, 9, 0, tzinfo=TAIPEI)
    night = nine - timedelta(hours=11)
    queue = [
        Waiting("first", "1", "general", 5, night),
        Waiting("complaint", "2", "complaint", 1, nine - timedelta(hours=1)),
        Waiting("stolen", "3", "fraud", 0, nine - timedelta(minutes=5)),
        Waiting("second", "4", "general", 5, night + timedelta(hours=2)),
    ]
    assert [one.id for one in in_line(queue, RULES, OFFICE, nine)] == [
        "stolen",
        "complaint",
        "first",
        "second",
    ]
    # Nobody skips the skills because the clock ran through the night.
    assert matched([Waiting("loan", "5", "loan", 5, night)], [agent("card", "card")], at=nine) == {}


def test_who_left_it_unanswered_is_asked_last() -> None:
    one = waiting("a", passed_by=frozenset({"slow"}))
    assert matched([one], [agent("slow", idle=99), agent("quick")]) == {"a": ("quick", "skill")}
    assert matched([one], [agent("slow")]) == {}
    later = waiting("a", minutes=6, passed_by=frozenset({"slow"}))
    assert matched([later], [agent("slow")]) == {"a": ("slow", "relaxed")}


# -- properties ------------------------------------------------------------------------------------------------------

queues = st.lists(
    st.builds(
        waiting,
        st.uuids().map(str),
        st.sampled_from(SKILLS),
        st.integers(0, 9),
        st.integers(0, 200),
        passed_by=st.sets(st.sampled_from("ABCDE")).map(frozenset),
    ),
    max_size=12,
)
teams = st.lists(
    st.builds(
        Agent,
        st.sampled_from("ABCDE"),
        st.sampled_from([Role.AGENT, Role.SENIOR, Role.SUPERVISOR]),
        st.sets(st.sampled_from(SKILLS)).map(frozenset),
        st.integers(0, 4),
        st.integers(0, 5),
        st.none() | st.integers(0, 99).map(lambda m: NOON - m * MINUTE),
    ),
    max_size=5,
    unique_by=lambda one: one.id,
)


@given(queues, teams, st.dictionaries(st.text(), st.sampled_from("ABCDE")))
def test_nobody_twice_nobody_full_nobody_unpermitted(
    queue: list[Waiting], team: list[Agent], knowers: dict[str, str]
) -> None:
    found = match(queue, team, knowers, RULES, OFFICE, NOON)
    assert len({one.conversation for one in found}) == len(found)
    people, asked = {one.id: one for one in team}, {one.id: one for one in queue}
    for one in team:
        given_to = [pair for pair in found if pair.agent == one.id]
        assert not given_to or one.load + len(given_to) <= one.capacity
    for pair in found:
        who, what = people[pair.agent], asked[pair.conversation]
        assert permits(who.role, what.skill)
        assert pair.why == "relaxed" or skilled(who, what.skill)
        assert what.skill != "licensed" or "licensed" in who.skills


@given(queues, teams)
def test_nobody_waits_beside_somebody_free_who_may(queue: list[Waiting], team: list[Agent]) -> None:
    """Work-conserving: what stays in the queue is nobody's who still has room."""
    found = match(queue, team, {}, RULES, OFFICE, NOON)
    taken: dict[str, int] = {}
    for pair in found:
        taken[pair.agent] = taken.get(pair.agent, 0) + 1
    room = [one for one in team if one.load + taken.get(one.id, 0) < one.capacity]
    left = [one for one in queue if one.id not in {pair.conversation for pair in found}]
    for one in left:
        for who in room:
            fits = permits(who.role, one.skill) and skilled(who, one.skill) and who.id not in one.passed_by
            assert not fits


@settings(max_examples=15, deadline=None)
@given(st.integers(), st.integers(2, 4), st.floats(0.9, 1.6), st.sampled_from(SKILLS))
def test_over_hours_of_overload_nobody_starves(seed: int, size: int, pressure: float, skill: str) -> None:
    """Urgent ones arrive as fast as the team can serve, or faster, and one of the lowest priority is among them.

    Two talks at a time and person, 6 minutes each. Once it has waited `starved` minutes nobody is in front of it, so
    the next place that comes free is its: at most a talk later.
    """
    rng = random.Random(seed)
    team = [Agent(f"{n}", Role.SENIOR, frozenset(SKILLS), 2, 0) for n in range(size)]
    queue = [waiting(f"before-{n}", priority=0, minutes=1) for n in range(size * 4)]
    queue.append(waiting("poor", skill, 9))
    busy: list[tuple[int, str]] = []
    waits: dict[str, int] = {}
    for minute in range(90):
        now = NOON + minute * MINUTE
        busy = [(until, who) for until, who in busy if until > minute]
        rate = pressure * size / 3
        for n in range(int(rate) + (rng.random() < rate % 1)):
            queue.append(Waiting(f"{minute}-{n}", f"{minute}-{n}", "general", rng.choice([0, 0, 0, 1]), now))
        here = [replace(one, load=sum(who == one.id for _, who in busy)) for one in team]
        for pair in match(queue, here, {}, RULES, ALWAYS, now):
            one = next(one for one in queue if one.id == pair.conversation)
            queue.remove(one)
            waits[one.id] = int((now - one.since) / MINUTE)
            busy.append((minute + 6, pair.agent))
    assert waits["poor"] <= RULES.starved + 6


# -- going back ------------------------------------------------------------------------------------------------------

OWNED = {
    "_id": "c",
    "assignee": "a",
    "skill": "general",
    "priority": 5,
    "assigned_at": NOON - 20 * MINUTE,
    "customer_at": NOON - 21 * MINUTE,
    "handed_at": NOON - 21 * MINUTE,
}
HERE = {"state": "available", "since": NOON - 60 * MINUTE, "seen_at": NOON}
OWNER = {"_id": "a", "role": "agent"}
LONG = NOON - timedelta(days=1)


@pytest.mark.parametrize(
    ("doc", "desk", "owner", "watching", "why"),
    [
        ({}, HERE, OWNER, LONG, "unanswered"),
        ({"assigned_at": NOON - 14 * MINUTE}, HERE, OWNER, LONG, None),
        ({"priority": 0, "assigned_at": NOON - 3 * MINUTE}, HERE, OWNER, LONG, "unanswered"),
        ({"staff_at": NOON - 19 * MINUTE}, HERE, OWNER, LONG, None),
        # Answered, and the customer wrote again: theirs while they are here.
        ({"staff_at": NOON - 19 * MINUTE, "customer_at": NOON}, HERE, OWNER, LONG, None),
        # Their predecessor spoke last, and they owe a word: from the queue, or by a transfer.
        ({"staff_at": NOON - 21 * MINUTE, "owed_at": NOON - 20 * MINUTE}, HERE, OWNER, LONG, "unanswered"),
        (
            {"staff_at": NOON - 21 * MINUTE, "news": {"kind": "transfer", "at": NOON - 20 * MINUTE}},
            HERE,
            OWNER,
            LONG,
            "unanswered",
        ),
        # Taken from the bot or a colleague, with nobody waiting.
        ({"staff_at": NOON - 21 * MINUTE, "news": {"kind": "time", "at": NOON}}, HERE, OWNER, LONG, None),
        ({"snoozed_until": NOON + MINUTE}, HERE, OWNER, LONG, None),
        ({"snoozed_until": NOON - 2 * MINUTE}, HERE, OWNER, LONG, None),
        ({"assigned_at": None}, HERE, OWNER, LONG, None),
        # Gone: a closed console, beyond the grace and watched all the while.
        ({"assigned_at": NOON - 9 * MINUTE}, {**HERE, "seen_at": NOON - 6 * MINUTE}, OWNER, LONG, "left"),
        ({"assigned_at": NOON - 9 * MINUTE}, {**HERE, "seen_at": NOON - 4 * MINUTE}, OWNER, LONG, None),
        ({"assigned_at": NOON - 9 * MINUTE}, {**HERE, "seen_at": LONG}, OWNER, NOON - MINUTE, None),
        ({"assigned_at": NOON - 9 * MINUTE}, {**HERE, "seen_at": LONG}, OWNER, None, None),
        ({"assigned_at": NOON - 9 * MINUTE}, None, OWNER, LONG, "left"),
        ({"assigned_at": NOON - 2 * MINUTE}, None, OWNER, LONG, None),
        # Answered, then gone: it stays until the customer writes.
        ({"staff_at": NOON - 9 * MINUTE}, {**HERE, "seen_at": LONG}, OWNER, LONG, None),
        (
            {"staff_at": NOON - 9 * MINUTE, "customer_at": NOON},
            {**HERE, "seen_at": LONG},
            OWNER,
            LONG,
            "left",
        ),
        # Handed over: what they had before, not what they took since.
        (
            {"assigned_at": NOON - 2 * MINUTE},
            {**HERE, "handing_over": True, "since": NOON - MINUTE},
            OWNER,
            LONG,
            "left",
        ),
        (
            {"assigned_at": NOON - MINUTE},
            {**HERE, "handing_over": True, "since": NOON - 2 * MINUTE},
            OWNER,
            LONG,
            None,
        ),
        ({"assigned_at": NOON}, HERE, None, LONG, "left"),
        ({"assigned_at": NOON}, HERE, {"_id": "a", "role": "compliance"}, LONG, "left"),
        ({"skill": "complaint", "staff_at": NOON}, HERE, OWNER, LONG, "not_permitted"),
        ({"skill": "complaint", "staff_at": NOON}, HERE, {"_id": "a", "role": "senior"}, LONG, None),
    ],
)
def test_what_goes_back(doc, desk, owner, watching, why) -> None:  # type: ignore[no-untyped-def]
    assert reason_to_return({**OWNED, **doc}, desk, owner, RULES, OFFICE.base, watching, NOON) == why


def test_patience_is_counted_while_people_answer() -> None:
    nine = NOON.replace(hour=9)
    doc = {
        **OWNED,
        "assigned_at": nine - timedelta(hours=12, minutes=5),
        "customer_at": nine - timedelta(hours=13),
    }
    desk = {**HERE, "seen_at": nine + 20 * MINUTE}
    hours = OFFICE.base
    assert reason_to_return(doc, desk, OWNER, RULES, hours, LONG, nine + 9 * MINUTE) is None
    assert reason_to_return(doc, desk, OWNER, RULES, hours, LONG, nine + 10 * MINUTE) == "unanswered"


@pytest.mark.parametrize(("before", "after"), [(9, 8), (5, 4), (2, 1), (1, 1), (0, 0)])
def test_it_comes_back_one_up_and_with_its_wait(before: int, after: int) -> None:
    fields = returned({**OWNED, "priority": before}, "unanswered", NOON)
    assert (fields["priority"], fields["waiting_since"]) == (after, OWNED["handed_at"])
    assert fields["passed_by"] == ["a"]
    answered = {
        **OWNED,
        "first_staff_at": NOON - 9 * MINUTE,
        "staff_at": NOON - 9 * MINUTE,
        "customer_at": NOON,
    }
    assert returned(answered, "left", NOON)["waiting_since"] == NOON


def test_equal_input_gives_equal_output() -> None:
    queue = [waiting(f"{n}", minutes=n % 3) for n in range(9)]
    team = [agent("x"), agent("y"), agent("z", load=1)]
    first: list[Match] = match(queue, team, {}, RULES, OFFICE, NOON)
    assert match(list(reversed(queue)), list(reversed(team)), {}, RULES, OFFICE, NOON) == first
