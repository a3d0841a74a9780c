"""The router against the real stores: who gets what, what goes back, who is away; races are in test_core_races.py."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, tzinfo

import pytest

import bot.cli.desk as desk_commands
from bot.app import create_app
from bot.desk.availability import AVAILABLE, AWAY, OFFLINE
from bot.desk.routing_rules import Rules
from bot.errors import BadPayload, Conflict, NotAllowed
from bot.model import ChannelType, Role, Staff
from bot.mongo import Doc
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _alone(teller: Teller) -> None:
    """Nobody else's customers wait, nobody else is at a desk."""
    mongo = teller.service.mongo
    for name in ("desks", "assignments", "availability", "routing_rules"):
        mongo[name].delete_many({})
    mongo["conversations"].update_many({"open": True}, {"$set": {"status": "resolved", "open": False}})


def at_desk(teller: Teller, role: Role = Role.AGENT, *skills: str, capacity: int = 4) -> Staff:
    person = teller.staff(role, *skills)
    teller.service.mongo["staff"].update_one({"_id": person.id}, {"$set": {"capacity": capacity}})
    here(teller, person)
    teller.service.router.availability.choose(person, AVAILABLE)
    return person


def here(teller: Teller, *people: Staff) -> None:
    for person in people:
        teller.service.console.presence.beat(person.id)


def gone(teller: Teller, person: Staff, minutes: float) -> None:
    """Their last page closed so long ago, and this process has been watching for longer."""
    teller.service.queue.redis.zrem("presence:online", person.id)
    now = datetime.now(UTC)
    teller.service.mongo["desks"].update_one(
        {"_id": person.id}, {"$set": {"seen_at": now - minutes * MINUTE}}
    )
    teller.service.mongo["conversations"].update_many(
        {"assignee": person.id}, {"$set": {"assigned_at": now - minutes * MINUTE}}
    )
    watch = teller.service.router.availability.watch
    watch.look(now)
    watch.since = now - timedelta(hours=9)


def asks(teller: Teller, text: str = "我要真人", **changes: object) -> str:
    user = teller.person()
    teller.hears(user, text)
    if changes:
        teller.service.mongo["conversations"].update_one(
            {"thread": teller.thread(user), "open": True}, {"$set": changes}
        )
    return user


def audited(teller: Teller, action: str, subject: str) -> list[Doc]:
    return teller.service.audit.about(action, [subject])


def test_nobody_available_and_everything_waits(teller: Teller) -> None:
    online = teller.staff(Role.AGENT)
    here(teller, online)
    user = asks(teller)
    assert teller.service.router.tick() == 0
    assert teller.conversation(user)["status"] == "waiting"


def test_who_is_available_gets_it_and_the_log_says_why(teller: Teller) -> None:
    person, user = at_desk(teller), asks(teller)
    assert teller.service.router.tick() == 1
    found = teller.conversation(user)
    assert (found["status"], found["assignee"], found["waiting_since"]) == ("assigned", person.id, None)
    assert found["unread"] > 0
    (entry,) = audited(teller, "conversation:assign", found["_id"])
    assert entry["actor"] == "system:router"
    assert entry["detail"] == {"from": "waiting", "to": person.id, "why": "skill", "waited_s": 0}
    assert teller.service.router.tick() == 0


def test_complaints_go_past_every_agent(teller: Teller) -> None:
    at_desk(teller, Role.AGENT, "complaint")
    user = asks(teller, "我要投訴你們的專員", waiting_since=datetime.now(UTC) - timedelta(hours=3))
    assert teller.service.router.tick() == 0
    senior = at_desk(teller, Role.SENIOR)
    assert teller.service.router.tick() == 1
    assert teller.conversation(user)["assignee"] == senior.id


def test_capacity_counts_what_is_awake(teller: Teller) -> None:
    person = at_desk(teller, capacity=2)
    users = [asks(teller) for _ in range(3)]
    assert teller.service.router.tick() == 2
    assert teller.service.router.tick() == 0
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    teller.service.mongo["conversations"].update_one(
        {"assignee": person.id}, {"$set": {"snoozed_until": tomorrow}}
    )
    assert teller.service.router.tick() == 1
    assert all(teller.conversation(user)["assignee"] == person.id for user in users)
    standing = teller.service.router.availability.standing(person)
    assert standing is not None
    assert (standing.state, standing.load, standing.capacity) == (AVAILABLE, 2, 2)


def test_the_agent_who_knows_the_customer(teller: Teller) -> None:
    knower, user = at_desk(teller), asks(teller)
    teller.service.router.tick()
    desk = teller.service.console.desk
    first = teller.conversation(user)["_id"]
    desk.reply(knower, first, "您好，已為您處理。", "k-1")
    desk.resolve(knower, first)
    # By load and idleness the other one's turn.
    at_desk(teller)
    asks(teller, assignee=knower.id, status="assigned", staff_at=datetime.now(UTC))
    teller.hears(user, "我要真人")
    assert teller.service.router.tick() == 1
    again = teller.conversation(user)
    assert again["_id"] != first
    assert again["assignee"] == knower.id
    assert audited(teller, "conversation:assign", again["_id"])[0]["detail"]["why"] == "known"


def test_unanswered_goes_back_and_up_and_to_somebody_else(teller: Teller) -> None:
    slow, user = at_desk(teller), asks(teller)
    teller.service.router.tick()
    before = teller.conversation(user)
    long_ago = datetime.now(UTC) - timedelta(days=8)
    teller.service.mongo["conversations"].update_one(
        {"_id": before["_id"]}, {"$set": {"assigned_at": long_ago}}
    )
    quick = at_desk(teller)
    teller.service.router.tick()
    after = teller.conversation(user)
    assert (after["assignee"], after["priority"]) == (quick.id, before["priority"] - 1)
    (entry,) = audited(teller, "conversation:return", before["_id"])
    assert entry["detail"]["why"] == "unanswered"
    assert entry["detail"]["owner"] == slow.id


def test_a_reply_in_time_keeps_it(teller: Teller) -> None:
    person, user = at_desk(teller), asks(teller)
    teller.service.router.tick()
    found = teller.conversation(user)
    teller.service.console.desk.reply(person, found["_id"], "您好，請稍候。", "r-1")
    teller.service.mongo["conversations"].update_one(
        {"_id": found["_id"]}, {"$set": {"assigned_at": found["assigned_at"] - timedelta(days=8)}}
    )
    teller.service.router.tick()
    assert teller.conversation(user)["assignee"] == person.id


def test_who_vanishes_is_away_first_and_then_loses_what_waits(teller: Teller) -> None:
    person, waits, served = at_desk(teller), asks(teller), asks(teller)
    teller.service.router.tick()
    teller.service.console.desk.reply(person, teller.conversation(served)["_id"], "好的。", "v-1")
    gone(teller, person, 1.5)
    teller.service.router.tick()
    desk = teller.service.router.store.desk(person.id)
    assert desk is not None
    assert (desk["state"], desk["auto"]) == (AWAY, True)
    assert teller.conversation(waits)["assignee"] == person.id
    gone(teller, person, 6)
    now = datetime.now(UTC)
    teller.service.mongo["conversations"].update_one(
        {"thread": teller.thread(served)},
        {
            "$set": {
                "staff_at": now - 6 * MINUTE,
                **dict.fromkeys(("customer_at", "owed_at"), now - 7 * MINUTE),
            }
        },
    )
    teller.service.router.tick()
    assert teller.conversation(waits)["status"] == "waiting"
    assert teller.conversation(served)["assignee"] == person.id
    # And when that customer writes again, theirs goes too.
    teller.hears(served, "還在嗎")
    teller.service.router.tick()
    assert teller.conversation(served)["status"] == "waiting"


def test_back_soon_is_available_again_and_later_is_not(teller: Teller) -> None:
    person = at_desk(teller)
    gone(teller, person, 1.5)
    router = teller.service.router
    router.tick()
    here(teller, person)
    router.tick()
    assert router.store.desk(person.id)["state"] == AVAILABLE  # type: ignore[index]
    gone(teller, person, 2)
    router.tick()
    teller.service.mongo["desks"].update_one(
        {"_id": person.id}, {"$set": {"since": datetime.now(UTC) - 16 * MINUTE}}
    )
    here(teller, person)
    router.tick()
    assert router.store.desk(person.id)["state"] == AWAY  # type: ignore[index]


def test_without_redis_nobody_is_taken_for_gone(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    from redis.exceptions import ConnectionError as Away

    person, user = at_desk(teller), asks(teller)
    router = teller.service.router
    router.tick()
    gone(teller, person, 9)

    def away() -> None:
        raise Away

    monkeypatch.setattr(teller.service.queue.redis, "ping", away)
    router.tick()
    monkeypatch.undo()
    # Nor right after, before the consoles had a chance to be seen.
    router.tick()
    assert router.store.desk(person.id)["state"] == AVAILABLE  # type: ignore[index]
    assert teller.conversation(user)["assignee"] == person.id


@pytest.mark.parametrize(("state", "hand_over"), [(AWAY, True), (OFFLINE, False)])
def test_handing_over_gives_back_at_once(teller: Teller, state: str, hand_over: bool) -> None:
    person, user = at_desk(teller), asks(teller)
    router = teller.service.router
    router.tick()
    router.availability.choose(person, state, hand_over=hand_over)
    router.tick()
    found = teller.conversation(user)
    assert (found["status"], found["priority"]) == ("waiting", 4)
    assert audited(teller, "conversation:return", found["_id"])[0]["detail"]["why"] == "left"
    said = audited(teller, "desk:availability", f"staff:{person.id}")
    assert [one["detail"]["to"] for one in said] == [AVAILABLE, state]
    assert said[-1]["actor"] == person.id


def test_merely_away_keeps_what_is_in_hand(teller: Teller) -> None:
    person, user = at_desk(teller), asks(teller)
    router = teller.service.router
    router.tick()
    router.availability.choose(person, AWAY)
    later = asks(teller)
    router.tick()
    assert teller.conversation(user)["assignee"] == person.id
    assert teller.conversation(later)["status"] == "waiting"


def test_who_is_closed_or_demoted_loses_it(teller: Teller) -> None:
    senior, user = at_desk(teller, Role.SENIOR), asks(teller, "我要投訴你們的專員")
    teller.service.router.tick()
    assert teller.conversation(user)["assignee"] == senior.id
    teller.service.mongo["staff"].update_one({"_id": senior.id}, {"$set": {"role": "agent"}})
    teller.service.router.tick()
    found = teller.conversation(user)
    assert (found["status"], found["priority"]) == ("waiting", 1)
    left, other = at_desk(teller), asks(teller)
    teller.service.router.tick()
    teller.service.mongo["staff"].update_one({"_id": left.id}, {"$set": {"active": False}})
    teller.service.router.tick()
    # The demoted senior is an agent at a desk: it is theirs now.
    assert teller.conversation(other)["assignee"] == senior.id


def test_by_hand_only(teller: Teller) -> None:
    supervisor = teller.staff(Role.SUPERVISOR)
    book = teller.service.router.rules
    values = {name: getattr(Rules(), name) for name in Rules.__dataclass_fields__}
    made = book.set(supervisor, {**values, "assign": "pull"}, "月底盤點", 0)
    at_desk(teller)
    user = asks(teller)
    assert teller.service.router.tick() == 0
    assert teller.conversation(user)["status"] == "waiting"
    (entry,) = audited(teller, "routing:set", "routing")[-1:]
    assert entry["detail"]["changed"] == {"assign": ["auto", "pull"]}
    with pytest.raises(Conflict):
        book.set(supervisor, values, "again", 0)
    with pytest.raises(BadPayload):
        book.set(supervisor, {**values, "assign": "pull"}, "the same", made.number)
    with pytest.raises(BadPayload):
        book.set(supervisor, {**values, "ageing": 0}, "none", made.number)
    with pytest.raises(NotAllowed):
        book.set(teller.staff(Role.SENIOR), values, "mine", made.number)


@pytest.mark.parametrize("role", [Role.COMPLIANCE, Role.ADMIN, Role.AUDITOR])
def test_who_answers_nobody_has_no_desk(teller: Teller, role: Role) -> None:
    person = teller.staff(role)
    availability = teller.service.router.availability
    with pytest.raises(NotAllowed):
        availability.choose(person, AVAILABLE)
    assert availability.standing(person) is None


def test_others_work_at_the_head_of_the_queue_hides_nothing(teller: Teller) -> None:
    """Three hundred complaints in front, and an agent who may not see one of them."""
    person, user = at_desk(teller), asks(teller)
    template = teller.conversation(user)
    teller.service.mongo["conversations"].insert_many(
        [
            {**template, "_id": f"c{n}", "thread": f"t{n}", "skill": "complaint", "priority": 1}
            for n in range(301)
        ]
    )
    try:
        assert teller.service.router.tick() == 1
    finally:
        teller.service.mongo["conversations"].delete_many({"thread": {"$regex": "^t"}})
    assert teller.conversation(user)["assignee"] == person.id


def test_fairness_tells_who_got_what_and_who_waited(teller: Teller) -> None:
    now = datetime.now(UTC)
    two = [at_desk(teller), at_desk(teller)]
    for person in two:
        teller.service.mongo["desks"].update_one(
            {"_id": person.id}, {"$set": {"available_since": now - timedelta(hours=2)}}
        )
    for _ in range(4):
        asks(teller)
    router = teller.service.router
    router.tick()
    taker, user = teller.staff(Role.AGENT), asks(teller)
    teller.service.console.desk.take(taker, teller.conversation(user)["_id"])
    found = router.fairness(now - timedelta(hours=1))
    by_agent = {one.agent: one for one in found.shares}
    assert [by_agent[one.id].assigned for one in two] == [2, 2]
    assert by_agent[two[0].id].hours == pytest.approx(1.0, abs=0.02)
    assert by_agent[two[0].id].share == 0.5
    assert (by_agent[taker.id].taken, by_agent[taker.id].per_hour) == (1, None)
    assert found.jain == pytest.approx(1.0, abs=0.001)
    assert [(one.skill, one.n) for one in found.waits] == [("general", 5)]
    # One gets all of the next ones: the index says so.
    router.availability.choose(two[1], OFFLINE)
    for _ in range(2):
        asks(teller)
    router.tick()
    uneven = router.fairness(now - timedelta(hours=1))
    assert uneven.jain is not None
    assert uneven.jain < 0.99


def test_the_command_tells_the_same(teller: Teller) -> None:
    person = at_desk(teller)
    asks(teller)
    teller.service.router.tick()
    runner = create_app(teller.service).test_cli_runner()
    told = json.loads(runner.invoke(desk_commands.group, ["fairness", "--json"]).output)
    assert [(one["agent"], one["assigned"], one["share"]) for one in told["shares"]] == [(person.id, 1, 1.0)]
    assert "1 assigned (100%)" in runner.invoke(desk_commands.group, ["fairness"]).output
    hours = json.loads(runner.invoke(desk_commands.group, ["hours", "--json"]).output)
    assert hours["version"] == 0
    assert "Sun  closed" in runner.invoke(desk_commands.group, ["hours"]).output


def test_every_channel_is_routed(teller: Teller) -> None:
    person = at_desk(teller)
    user = teller.person()
    teller.hears(user, "我要真人", ChannelType.TELEGRAM)
    assert teller.service.router.tick() == 1
    assert teller.conversation(user, ChannelType.TELEGRAM)["assignee"] == person.id


def test_off_hours_and_the_next_morning(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written to in the night, told when people answer, and served in the right order at nine."""
    night = datetime(2026, 12, 31, 14, 30, tzinfo=UTC)  # 22:30 in Taipei, before a holiday and a weekend
    nine = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
    opens = teller.service.hours.current().base.next_opening(night)
    assert opens == nine

    class Night(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return night.astimezone(tz)

    monkeypatch.setattr("bot.pipeline.datetime", Night)
    texts = ("我要真人", "我要真人", "我要投訴你們的專員", "我的卡被盜刷了")
    users = [teller.person() for _ in texts]
    for user, text in zip(users, texts, strict=True):
        teller.hears(user, text)
    monkeypatch.undo()
    for n, user in enumerate(users):
        said = teller.line.texts(user)[-1]
        assert said.startswith("目前不在真人客服的服務時間")
        assert "1月4日（週一）09:00" in said
        teller.service.mongo["conversations"].update_one(
            {"thread": teller.thread(user)}, {"$set": {"waiting_since": night + n * 10 * MINUTE}}
        )
    # Deadlines begin at nine, each with the time of its priority.
    supervisor = teller.staff(Role.SUPERVISOR)
    rows = {row.id: row for row in teller.service.console.desk.rows(supervisor, "waiting")}
    limits = [rows[teller.conversation(user)["_id"]].deadline - nine for user in users]  # type: ignore[operator]
    assert limits == [15 * MINUTE, 15 * MINUTE, 5 * MINUTE, 2 * MINUTE]
    # One place after the other comes free at nine: the stolen card, the complaint, then who wrote first.
    order = []
    person = at_desk(teller, Role.SENIOR, "fraud", capacity=1)
    for _ in users:
        assert teller.service.router.tick(nine) == 1
        (found,) = teller.service.mongo["conversations"].find({"assignee": person.id, "status": "assigned"})
        order.append(found["thread"])
        teller.service.console.desk.resolve(person, found["_id"])
    assert order == [teller.thread(users[n]) for n in (3, 2, 0, 1)]
