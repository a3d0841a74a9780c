"""The kill switch: off, and people get every turn; on, and the bot answers again. In one process, on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.assist import Assistant
from bot.compose import build
from bot.embedded import Servers
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import ChannelType, Kind, Role, Status
from bot.store.switches import WHOLE
from bot.switch import STARTS, STOPS
from kb.store import Store
from tests.unit.core.teller import Teller, apart

WHY = "答案引用了過期的利率，先停下來查"


@pytest.fixture(scope="module")
def teller(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    with apart(servers, tmp_path_factory, "switch") as one:
        one.never_closes()
        yield one


@pytest.fixture(autouse=True)
def on_again(teller: Teller) -> Iterator[None]:
    yield
    for one in teller.service.switch.state():
        scope = None if one.scope == WHOLE else one.scope
        teller.service.switch.turn("test", "the test is over", scope, off=False)


def off(teller: Teller, account: str | None = None) -> None:
    assert teller.service.switch.turn("test", WHY, account, off=True)


def parts(teller: Teller, user: str) -> list[list[str]]:
    """Ids of the approved texts of each line of the bot."""
    return [
        [ref["id"] for ref in m["approved"]] for m in teller.rows("messages", user) if m["author"] == "bot"
    ]


def test_off_hands_every_turn_to_people_and_on_answers_again(teller: Teller) -> None:
    user = teller.person()
    teller.hears(user, "你好")
    assert teller.conversation(user)["status"] == Status.BOT.value
    off(teller)
    teller.hears(user, "謝謝")
    conversation = teller.conversation(user)
    assert (conversation["status"], conversation["reason"]) == (Status.WAITING.value, "ai_off")
    assert "handoff_ai_off" in parts(teller, user)[-1]
    decision = teller.decisions(user)[-1]
    assert (decision["handler"], decision["decision"]) == ("ai_off", "HandOff")
    assert decision["trace"]["switch"]["scope"] == WHOLE
    assert decision["trace"]["switch"]["by"] == "test"
    said = len(parts(teller, user))
    teller.hears(user, "還在嗎")
    assert len(parts(teller, user)) == said, "the bot spoke after the hand-off notice"
    assert teller.service.switch.turn("test", "checked, all right", None, off=False)
    other = teller.person()
    teller.hears(other, "你好")
    assert teller.conversation(other)["status"] == Status.BOT.value
    assert teller.decisions(other)[-1]["handler"] == "smalltalk"


def test_no_ai_introduces_itself_while_it_is_off_and_it_does_afterwards(teller: Teller) -> None:
    off(teller)
    follower, user = teller.person(), teller.person()
    teller.hears(follower, None, kind=Kind.FOLLOW.value)
    assert parts(teller, follower) == []
    assert teller.conversation(follower)["status"] == Status.BOT.value
    teller.hears(user, "定存利率多少")
    assert parts(teller, user)[0][0] == "handoff_ai_off"
    assert all("greeting" not in ids for ids in parts(teller, user))
    teller.service.switch.turn("test", "checked, all right", None, off=False)
    teller.hears(follower, "你好")
    assert "greeting" in parts(teller, follower)[0], "the AI has to say that it is one before it answers"


def test_outside_the_hours_the_customer_hears_when_somebody_answers(teller: Teller) -> None:
    now = datetime.now(ZoneInfo("Asia/Taipei"))
    week: list[list[str]] = [[] for _ in range(7)]
    week[(now.weekday() + 2) % 7] = ["09:00-10:00"]
    document = {"week": week, "calendar": None, "exceptions": [], "skills": {}}
    teller.service.mongo["hours"].update_one({"_id": 1}, {"$set": {"document": document}})
    teller.service.hours.forget()
    try:
        off(teller)
        user = teller.person()
        teller.hears(user, "定存利率多少")
        assert [name for ids in parts(teller, user) for name in ids] == ["handoff_ai_off", "handoff_offhours"]
    finally:
        teller.never_closes()


@pytest.mark.parametrize(
    ("text", "reason", "skill", "priority", "notice"),
    [
        ("我的信用卡被盜刷了", "fraud", "fraud", 0, "emergency"),
        ("我要投訴你們的專員", "complaint", "complaint", 1, "handoff_complaint"),
        ("我不想活了", "crisis", "general", 0, "crisis"),
    ],
)
def test_the_grave_ones_are_first_in_line_all_the_same(
    teller: Teller, text: str, reason: str, skill: str, priority: int, notice: str
) -> None:
    off(teller)
    user = teller.person()
    teller.hears(user, text)
    found = teller.conversation(user)
    assert (found["reason"], found["skill"], found["priority"]) == (reason, skill, priority)
    said = [name for ids in parts(teller, user) for name in ids]
    assert said[:2] == ["handoff_ai_off", notice]
    decision = teller.decisions(user)[-1]
    assert decision["handler"] == "ai_off"
    assert decision["trace"]["evidence"]
    assert decision["trace"]["switch"]["scope"] == WHOLE


def test_neither_search_nor_meaning_is_asked(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise AssertionError("asked although the AI is off")

    monkeypatch.setattr(type(teller.service.mind), "decide", fails)
    monkeypatch.setattr(type(teller.service.knowledge), "find", fails)
    monkeypatch.setattr(type(teller.service.mind.intents), "read", fails)
    off(teller)
    user = teller.person()
    teller.hears(user, "我要辦信用卡")
    assert teller.conversation(user)["reason"] == "ai_off"


def test_people_get_the_turn_even_where_the_rules_or_the_notice_fail(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    off(teller)
    user, other = teller.person(), teller.person()
    with monkeypatch.context() as broken:
        broken.setattr(type(teller.service.mind.policy), "hits", lambda *_: 1 / 0)
        teller.hears(user, "我的卡被偷了")
    assert teller.conversation(user)["status"] == Status.WAITING.value
    assert teller.decisions(user)[-1]["trace"]["error"] == "ZeroDivisionError"

    def gone(*_: object) -> None:
        raise KeyError("notice")

    with monkeypatch.context() as broken:
        broken.setattr(type(teller.service.knowledge), "notice", gone)
        teller.hears(other, "你好")
    assert teller.conversation(other)["status"] == Status.WAITING.value
    assert parts(teller, other) == []


def test_one_channel_account_off_leaves_the_others_on(teller: Teller) -> None:
    off(teller, teller.accounts[ChannelType.LINE].id)
    user = teller.person()
    teller.hears(user, "你好")
    teller.hears(user, "你好", channel=ChannelType.TELEGRAM)
    assert teller.conversation(user)["reason"] == "ai_off"
    assert teller.conversation(user, ChannelType.TELEGRAM)["status"] == Status.BOT.value
    assert teller.service.switch.off() is None


def test_another_process_sees_it_within_a_second(teller: Teller) -> None:
    other = build(teller.service.settings)
    try:
        assert other.switch.off() is None
        off(teller)
        before = datetime.now(UTC)
        while other.switch.off() is None:
            assert (datetime.now(UTC) - before).total_seconds() < 1.0
    finally:
        other.close()


def test_a_switch_that_cannot_be_read_answers_nobody(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    user = teller.person()

    def away() -> None:
        raise ConnectionError("away")

    teller.service.switch.state()
    with monkeypatch.context() as broken:
        broken.setattr(teller.service.switch, "_read", None)
        broken.setattr(teller.service.switch._store, "off", away)
        with pytest.raises(ConnectionError):
            teller.hears(user, "你好")
    assert teller.rows("messages", user) == []
    teller.drain(user)
    assert teller.decisions(user)[-1]["handler"] == "smalltalk"


@pytest.mark.parametrize("role", list(Role))
def test_who_may_stop_and_who_may_start(teller: Teller, role: Role) -> None:
    switch, person = teller.service.switch, teller.staff(role)
    if role in STOPS:
        assert switch.stop(person, WHY)
    else:
        with pytest.raises(NotAllowed):
            switch.stop(person, WHY)
        off(teller)
    if role in STARTS:
        assert switch.start(person, WHY)
    else:
        with pytest.raises(NotAllowed):
            switch.start(person, WHY)
    assert bool(switch.state()) is (role not in STARTS)


def test_the_matrix_of_the_emergency_stop() -> None:
    assert set(STOPS) == {Role.SENIOR, Role.SUPERVISOR, Role.COMPLIANCE, Role.ADMIN}
    assert set(STARTS) == {Role.SUPERVISOR, Role.COMPLIANCE}


def test_each_turn_of_the_switch_is_audited_with_a_masked_reason(teller: Teller) -> None:
    switch = teller.service.switch
    supervisor = teller.staff(Role.SUPERVISOR)
    assert switch.stop(supervisor, "客戶 A123456789 收到錯誤答案")
    assert not switch.stop(supervisor, "second thoughts")
    assert switch.start(supervisor, "修好了")
    assert not switch.start(supervisor, "修好了")
    lines = teller.service.audit.about("ai:switch:off", [f"switch:{WHOLE}"])[-2:]
    assert "A123456789" not in str(lines)
    assert "收到錯誤答案" in lines[0]["detail"]["reason"]
    assert lines[1]["detail"] == {"reason": "second thoughts", "again": True}
    assert {line["actor"] for line in lines} == {supervisor.id}
    ons = [
        line
        for line in teller.service.audit.about("ai:switch:on", [f"switch:{WHOLE}"])
        if line["actor"] == supervisor.id
    ]
    assert len(ons) == 1, "nothing changed the second time"
    assert "A123456789" not in str(list(teller.service.mongo["switches"].find()))


def test_a_reason_and_a_real_channel_are_needed(teller: Teller) -> None:
    switch = teller.service.switch
    for reason in ("", " x ", "x" * 501):
        with pytest.raises(BadPayload):
            switch.turn("test", reason, None, off=True)
    with pytest.raises(NotFound):
        switch.turn("test", WHY, "no-such-account", off=True)
    assert switch.state() == ()


class _Adviser:
    """Counts what a model would be asked."""

    purposes = frozenset({"draft"})

    def __init__(self) -> None:
        self.asked = 0

    def warm(self) -> None: ...

    def draft(self, *_: object) -> None:
        self.asked += 1
        raise AssertionError("asked although the AI is off")


def test_no_model_drafts_for_an_agent_while_the_channel_is_off(teller: Teller) -> None:
    service, agent, user = teller.service, teller.staff(Role.AGENT), teller.person()
    teller.hears(user, "我要真人")
    conversation = teller.conversation(user)["_id"]
    service.console.desk.take(agent, conversation)
    adviser = _Adviser()
    assistant = Assistant(
        service.console.desk, lambda: Store(service.mongo.db), service.audit, adviser, service.switch.off
    )  # type: ignore[arg-type]
    off(teller, teller.accounts[ChannelType.LINE].id)
    with pytest.raises(Conflict, match="switched off"):
        assistant.draft(agent, conversation)
    assert adviser.asked == 0
