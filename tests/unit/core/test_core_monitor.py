"""The monitor over real stores: order and reasons, who may watch, whispers that stay inside, taking over, speed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import ChannelType, Inbound, Kind, Role, Staff, Status
from bot.mongo import Doc
from bot.store.notes import WHISPER
from bot.store.records import new_id
from tests.unit.core.platform import refused
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import post

READS = (Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR)
SECRET_WORDS = "別答應他退費，先請主管看"


@pytest.fixture(scope="module")
def people(teller: Teller) -> dict[Role, Staff]:
    return {role: teller.staff(role) for role in Role}


@pytest.fixture(autouse=True)
def nothing_live(teller: Teller) -> Iterator[None]:
    yield
    teller.service.mongo["conversations"].update_many({}, {"$set": {"open": False, "status": "resolved"}})


def board(teller: Teller, who: Staff, **filters: str) -> list[tuple[str, list[str]]]:
    found = teller.service.console.monitor.board(who, filters, datetime.now(UTC))
    return [(one.row.id, [sign.code for sign in one.risk.signs]) for one in found.rows]


def asks(teller: Teller, text: str, channel: ChannelType = ChannelType.LINE) -> tuple[str, str]:
    """A new customer writes; (user, conversation id)."""
    user = teller.person()
    if channel is ChannelType.WEB:
        said = Inbound(teller.accounts[channel].id, new_id(), user, Kind.TEXT, datetime.now(UTC), text)
        teller.service.events.record([said])
        teller.drain(user, channel)
    else:
        teller.hears(user, text, channel=channel)
    return user, teller.conversation(user, channel)["_id"]


def test_the_riskiest_first_each_with_its_reason(teller: Teller, people: dict[Role, Staff]) -> None:
    _, smalltalk = asks(teller, "你好")
    _, missed = asks(teller, "紫色的大象幾公斤")
    _, angry = asks(teller, "我要投訴你們的專員")
    _, stolen = asks(teller, "我的信用卡被盜刷了")
    _, sues = asks(teller, "再不處理我就找律師告你們")
    teller.never_closes()
    _, late = asks(teller, "我要真人")
    long_ago = datetime.now(UTC) - timedelta(minutes=25)
    teller.service.mongo["conversations"].update_one({"_id": late}, {"$set": {"waiting_since": long_ago}})
    found = board(teller, people[Role.SUPERVISOR])
    assert [one for one, _ in found] == [stolen, sues, angry, late, missed, smalltalk]
    reasons = dict(found)
    assert reasons[stolen] == ["fraud"]
    assert reasons[sues][0] == "legal"
    assert reasons[angry] == ["complaint"]
    assert reasons[late] == ["late"]
    assert reasons[missed] == ["misses"]
    assert reasons[smalltalk] == []


def test_what_is_said_to_a_person_raises_the_conversation(teller: Teller, people: dict[Role, Staff]) -> None:
    user, conversation = asks(teller, "我要真人")
    teller.service.console.desk.take(people[Role.AGENT], conversation)
    teller.service.console.desk.reply(people[Role.AGENT], conversation, "您好，請說。", "c1")
    assert board(teller, people[Role.SUPERVISOR]) == [(conversation, [])]
    teller.hears(user, "我要向金管會檢舉你們")
    ((_, signs),) = board(teller, people[Role.SUPERVISOR])
    assert signs == ["legal"]
    assert "heard" in teller.decisions(user)[-1]["trace"]
    assert "檢舉" not in str(teller.decisions(user)[-1]["trace"])
    teller.service.console.desk.reply(people[Role.AGENT], conversation, "我來處理。", "c2")
    ((_, signs),) = board(teller, people[Role.SUPERVISOR])
    assert signs == ["legal", "in_hand"]


def test_a_marked_customer_and_a_failed_delivery_are_seen(teller: Teller, people: dict[Role, Staff]) -> None:
    _, calm = asks(teller, "我要真人")
    _, marked = asks(teller, "我要真人")
    user, failed = asks(teller, "我要真人")
    customer = teller.service.mongo["conversations"].find_one({"_id": marked})["customer"]
    teller.service.mongo["customers"].update_one({"_id": customer}, {"$set": {"risk": {"level": "high"}}})
    teller.service.console.desk.take(people[Role.AGENT], failed)
    teller.line.answers.append(refused("blocked", retryable=False))
    teller.service.console.desk.reply(people[Role.AGENT], failed, "您好", "c1")
    teller.drain(user)
    assert teller.delivery(user)["status"] == "failed"
    found = board(teller, people[Role.SUPERVISOR])
    assert found == [(marked, ["marked"]), (failed, ["delivery_failed"]), (calm, [])]
    teller.service.console.desk.reply(people[Role.AGENT], failed, "再試一次", "c2")
    teller.drain(user)
    assert dict(board(teller, people[Role.SUPERVISOR]))[failed] == []


def test_filters_counts_and_who_is_at_work(teller: Teller, people: dict[Role, Staff]) -> None:
    monitor, now = teller.service.console.monitor, datetime.now(UTC)
    _, line = asks(teller, "我要真人")
    _, web = asks(teller, "我要真人", ChannelType.WEB)
    _, stolen = asks(teller, "我的信用卡被盜刷了")
    asks(teller, "你好")
    agent, supervisor = people[Role.AGENT], people[Role.SUPERVISOR]
    teller.service.console.desk.take(agent, line)
    teller.service.console.presence.beat(agent.id)
    teller.service.console.presence.beat(people[Role.AUDITOR].id)
    whole = monitor.board(supervisor, {}, now)
    assert (whole.counts.bot, whole.counts.waiting, whole.counts.assigned) == (1, 2, 1)
    assert whole.oldest_wait is not None
    (one,) = whole.agents
    assert (one.id, one.name, one.online, one.load, one.capacity) == (agent.id, agent.name, True, 1, 4)
    assert [one for one, _ in board(teller, supervisor, channel="web")] == [web]
    assert [one for one, _ in board(teller, supervisor, skill="fraud")] == [stolen]
    assert [one for one, _ in board(teller, supervisor, assignee=agent.id)] == [line]
    assert monitor.board(supervisor, {"channel": "web"}, now).counts.waiting == 1


@pytest.mark.parametrize("role", list(Role))
def test_the_pages_are_for_exactly_their_roles(
    teller: Teller, app: Flask, people: dict[Role, Staff], role: Role
) -> None:
    _, conversation = asks(teller, "我要投訴你們的專員")
    client = signed_in(app, people[role])
    for path in ("/monitor", "/monitor/rows", f"/monitor/{conversation}"):
        expected = (303 if path.endswith(conversation) else 200) if role in READS else 403
        assert client.get(path).status_code == expected, path
    page = client.get("/monitor").text
    assert ("formaction" in page) is (role is Role.SUPERVISOR)
    for act in ("take", "whisper"):
        denied = post(client, f"/monitor/{conversation}/{act}", whisper="hello").status_code == 403
        assert denied is (role is not Role.SUPERVISOR), act
    if role not in READS:
        with pytest.raises(NotAllowed):
            teller.service.console.monitor.board(people[role], {}, datetime.now(UTC))


def test_watching_is_noted_and_takes_nothing(teller: Teller, app: Flask, people: dict[Role, Staff]) -> None:
    _, conversation = asks(teller, "我要真人")
    teller.service.console.desk.take(people[Role.AGENT], conversation)
    client = signed_in(app, people[Role.SUPERVISOR])
    page = client.get(f"/monitor/{conversation}", follow_redirects=True)
    assert page.status_code == 200
    assert f'data-conversation="{conversation}"' in page.text
    lines = teller.service.audit.about("monitor:conversation:watch", [f"conversation:{conversation}"])
    assert [(line["actor"], line["detail"]["assignee"]) for line in lines] == [
        (people[Role.SUPERVISOR].id, people[Role.AGENT].id)
    ]
    assert (
        teller.service.mongo["conversations"].find_one({"_id": conversation})["assignee"]
        == people[Role.AGENT].id
    )
    assert client.get("/monitor/nothing").status_code == 404
    opened = len(teller.service.audit.about("monitor:conversations:open", ["monitor"]))
    client.get("/monitor")
    assert len(teller.service.audit.about("monitor:conversations:open", ["monitor"])) == opened + 1


@pytest.mark.parametrize("channel", list(ChannelType))
def test_a_whisper_reaches_the_agent_and_never_the_customer(
    teller: Teller, app: Flask, people: dict[Role, Staff], channel: ChannelType
) -> None:
    supervisor, agent = people[Role.SUPERVISOR], people[Role.AGENT]
    user, conversation = asks(teller, "我要真人", channel)
    teller.service.console.desk.take(agent, conversation)
    before = {name: teller.rows(name, user, channel) for name in ("messages", "outbox")}
    client = signed_in(app, supervisor)
    done = post(client, f"/monitor/{conversation}/whisper", scripted=True, whisper=SECRET_WORDS)
    assert done.json == {"ok": True}
    (note,) = teller.service.console.monitor.notes.of(conversation)
    assert (note.kind, note.author, note.text, note.mentions) == (
        WHISPER,
        supervisor.id,
        SECRET_WORDS,
        (agent.id,),
    )
    assert SECRET_WORDS in signed_in(app, agent).get(f"/inbox/{conversation}").text
    teller.drain(user, channel)
    assert {name: teller.rows(name, user, channel) for name in ("messages", "outbox")} == before
    thread = teller.thread(user, channel)
    for seen in (teller.service.views.latest(thread, 200), teller.service.views.since(thread, 0)):
        assert seen
        assert SECRET_WORDS not in " ".join(message.text for message in seen)
    if channel is not ChannelType.WEB:
        sent = [out.text for call in teller.platforms[channel].calls for out in call.messages]
        assert sent
        assert SECRET_WORDS not in " ".join(sent)
    (line,) = teller.service.audit.about("conversation:whisper", [conversation])
    assert (line["actor"], line["detail"]) == (supervisor.id, {"note": note.id, "to": agent.id})


def test_when_a_whisper_is_refused(teller: Teller, people: dict[Role, Staff]) -> None:
    monitor, supervisor = teller.service.console.monitor, people[Role.SUPERVISOR]
    _, conversation = asks(teller, "我要真人")
    with pytest.raises(Conflict, match="Nobody has"):
        monitor.whisper(supervisor, conversation, "hello")
    teller.service.console.desk.take(people[Role.AGENT], conversation)
    for text in ("  ", "x" * 1001):
        with pytest.raises(BadPayload):
            monitor.whisper(supervisor, conversation, text)
    with pytest.raises(NotFound):
        monitor.whisper(supervisor, "nothing", "hello")
    for role in (Role.AGENT, Role.SENIOR, Role.COMPLIANCE, Role.ADMIN, Role.AUDITOR):
        with pytest.raises(NotAllowed):
            monitor.whisper(people[role], conversation, "hello")
    teller.service.console.desk.take(supervisor, conversation)
    with pytest.raises(Conflict, match="yours"):
        monitor.whisper(supervisor, conversation, "hello")
    assert monitor.notes.of(conversation) == []


def test_taking_over_from_the_bot_silences_it_at_once(
    teller: Teller, app: Flask, people: dict[Role, Staff]
) -> None:
    user, conversation = asks(teller, "你好")
    done = post(signed_in(app, people[Role.SUPERVISOR]), f"/monitor/{conversation}/take")
    assert done.location.startswith(f"/inbox/{conversation}")
    said = len([line for line in teller.said(user) if line.startswith("bot:")])
    teller.hears(user, "你好")
    assert len([line for line in teller.said(user) if line.startswith("bot:")]) == said
    found = teller.conversation(user)
    assert (found["status"], found["assignee"]) == (Status.ASSIGNED.value, people[Role.SUPERVISOR].id)


def _seed(teller: Teller, bot: int, waiting: int, assigned: int) -> None:
    """Conversations as the pipeline leaves them, of customers with names."""
    template = teller.service.mongo["conversations"].find_one({"_id": asks(teller, "我要真人")[1]})
    assert template is not None
    now = datetime.now(UTC)
    docs: list[Doc] = []
    for n in range(bot + waiting + assigned):
        status = Status.BOT if n < bot else Status.WAITING if n < bot + waiting else Status.ASSIGNED
        since = now - timedelta(seconds=n % 3000)
        docs.append(
            {
                **template,
                "_id": new_id(),
                "thread": f"seeded-{n}",
                "status": status.value,
                "assignee": f"agent-{n % 20}" if status is Status.ASSIGNED else None,
                "waiting_since": since if status is Status.WAITING else None,
                "customer_at": since,
                "assigned_at": since,
                "last_at": since,
                "misses": n % 3,
                "sign": 10 * (n % 3),
                **({"heard_complaint": since} if n % 17 == 0 else {}),
            }
        )
    teller.service.mongo["conversations"].insert_many(docs)


def test_it_is_quick_at_four_thousand_live_conversations_and_uses_its_index(
    teller: Teller, app: Flask, people: dict[Role, Staff]
) -> None:
    _seed(teller, bot=3000, waiting=500, assigned=500)
    client = signed_in(app, people[Role.SUPERVISOR])
    took = []
    for path in ("/monitor", "/monitor/rows", "/monitor/rows", "/monitor/rows", "/monitor/rows"):
        began = time.thread_time()
        answer = client.get(path)
        took.append(time.thread_time() - began)
        assert answer.status_code == 200
        assert len(re.findall(r'<li class="watch ', answer.text)) == 100
    print("monitor, ms:", [round(one * 1000) for one in took])
    # Of the thread, because a test run shares its machine; MongoDB's part is bounded by the index below.
    assert min(took[1:]) < 0.1
    plan = (
        teller.service.mongo["conversations"]
        .find({"status": "bot", "open": True})
        .sort([("sign", -1), ("last_at", -1)])
        .limit(100)
        .explain()
    )
    assert "watched" in str(plan["queryPlanner"]["winningPlan"])
    assert "SORT" not in re.findall(r"'stage': '(\w+)'", str(plan["queryPlanner"]["winningPlan"]))
