"""What calls a person: each fact once, by a name that stays; and nothing of a customer in any of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask

from bot.model import Role, Staff
from bot.mongo import Session
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import post


@pytest.fixture
def agent(teller: Teller) -> Staff:
    return teller.staff(Role.AGENT)


@pytest.fixture(scope="module")
def supervisor(teller: Teller) -> Staff:
    return teller.staff(Role.SUPERVISOR)


def kinds(teller: Teller, who: Staff) -> list[str]:
    return sorted(call.kind for call in teller.service.console.calls.of(who))


def taken(teller: Teller, who: Staff) -> tuple[str, str]:
    user = teller.person()
    teller.hears(user, "我要真人")
    conversation = teller.conversation(user)["_id"]
    teller.service.console.desk.take(who, conversation)
    return user, conversation


def test_a_conversation_that_becomes_mine_and_the_customer_who_writes_in_it(
    teller: Teller, agent: Staff
) -> None:
    assert kinds(teller, agent) == []
    user, conversation = taken(teller, agent)
    assert kinds(teller, agent) == ["assigned"]
    teller.hears(user, "我的身分證是 A123456789")
    first = {call.key for call in teller.service.console.calls.of(agent)}
    assert kinds(teller, agent) == ["assigned", "reply"]
    assert {call.key for call in teller.service.console.calls.of(agent)} == first, (
        "the same facts, the same names"
    )
    teller.service.console.desk.reply(agent, conversation, "收到，我看一下。", "c1")
    assert kinds(teller, agent) == ["assigned"]
    teller.hears(user, "好了嗎")
    again = {call.key for call in teller.service.console.calls.of(agent)}
    assert len(again - first) == 1, "a new message is a new fact"
    assert kinds(teller, teller.staff(Role.AGENT)) == [], "of others' conversations nobody hears"


def test_who_loses_a_conversation_hears_who_took_it(teller: Teller, agent: Staff, supervisor: Staff) -> None:
    _, conversation = taken(teller, agent)
    teller.service.console.desk.take(supervisor, conversation)
    (call,) = teller.service.console.calls.of(agent)
    assert (call.kind, call.conversation_id, call.by) == ("taken", conversation, supervisor.id)
    assert "taken" not in kinds(teller, supervisor)
    later = datetime.now(UTC) + timedelta(hours=13)
    assert teller.service.console.calls.of(agent, later) == []


def test_a_whisper_and_a_mention_call_until_they_are_read(
    teller: Teller, agent: Staff, supervisor: Staff
) -> None:
    _, conversation = taken(teller, agent)
    teller.service.console.monitor.whisper(supervisor, conversation, "先確認身分再回答")
    page = teller.service.console.desk.page(supervisor, conversation)

    def mention(session: Session) -> None:
        teller.service.console.monitor.notes.add(
            session, page.conversation, supervisor.id, "請看", (agent.id,)
        )

    teller.service.mongo.transaction(mention)
    found = {call.kind: call.by for call in teller.service.console.calls.of(agent)}
    assert found == {"assigned": None, "whisper": supervisor.id, "mention": supervisor.id}
    teller.service.console.monitor.notes.read(agent.id, conversation)
    assert kinds(teller, agent) == ["assigned"]


def test_what_waits_too_long_calls_supervisors_only(teller: Teller, agent: Staff, supervisor: Staff) -> None:
    teller.never_closes()

    def late() -> set[str]:
        return {c.conversation_id for c in teller.service.console.calls.of(supervisor) if c.kind == "late"}

    for text, minutes in (("我要真人", 15), ("我要投訴你們的專員", 5), ("我的信用卡被盜刷了", 2)):
        user = teller.person()
        teller.hears(user, text)
        conversation = teller.conversation(user)["_id"]
        assert conversation not in late()
        since = datetime.now(UTC) - timedelta(minutes=minutes, seconds=1)
        teller.service.mongo["conversations"].update_one(
            {"_id": conversation}, {"$set": {"waiting_since": since}}
        )
        assert conversation in late()
    assert kinds(teller, agent) == []


def test_the_page_gets_words_without_a_customer_in_them(
    teller: Teller, app: Flask, agent: Staff, supervisor: Staff
) -> None:
    user, conversation = taken(teller, agent)
    teller.hears(user, "我叫王小明，卡號 4857214614683517")
    teller.service.console.monitor.whisper(supervisor, conversation, "秘密的提醒")
    client = signed_in(app, agent)
    answer = client.get("/notifications/calls", headers={"X-Background": "1"})
    assert answer.json is not None
    said = {call["kind"]: call["said"] for call in answer.json["calls"]}
    assert said == {
        "assigned": "A conversation is yours now · LINE",
        "reply": "New message from a customer · LINE",
        "whisper": f"{supervisor.name} whispers to you · LINE",
    }
    assert answer.json["open"] == 2
    for secret in ("王小明", "4857", "提醒", user):
        assert secret not in answer.text
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_device_keeps_what_it_wants(teller: Teller, app: Flask, agent: Staff) -> None:
    taken(teller, agent)
    client = signed_in(app, agent)
    page = client.get("/notifications").text
    assert page.count("checked") == 4, "every kind that an agent hears of, neither sound nor the system's"
    assert 'name="late"' not in page
    assert '"sound": false' in unescape(client.get("/inbox").text)
    done = post(client, "/notifications", sound="1", reply="1", nonsense="1")
    assert "teller_notify=sound.reply;" in done.headers["Set-Cookie"]
    assert "HttpOnly" in done.headers["Set-Cookie"]
    assert '"sound": true' in unescape(client.get("/inbox").text)
    assert client.get("/notifications/calls").json == {"calls": [], "open": 0}, "assignments were not chosen"


@pytest.mark.parametrize("role", list(Role))
def test_who_has_notifications(teller: Teller, app: Flask, role: Role) -> None:
    client = signed_in(app, teller.staff(role))
    status = 403 if role is Role.ADMIN else 200
    assert client.get("/notifications").status_code == status
    assert client.get("/notifications/calls").status_code == status
    assert ("data-notify" in client.get("/start", follow_redirects=True).text) is (role is not Role.ADMIN)
