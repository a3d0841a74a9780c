"""Ratings: asked once, on every channel, of whom a person served; a button opens nothing; safety before comments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.csat import HERE, IDLE, Csat, _is_answer
from bot.errors import Conflict
from bot.model import (
    ChannelType,
    ContentKind,
    HandOff,
    Inbound,
    Kind,
    Ref,
    Reply,
    Role,
    Staff,
    StaySilent,
)
from bot.mongo import Doc
from tests.knowledge import notice
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers

LINE = ChannelType.LINE
PUSHED = [ChannelType.LINE, ChannelType.MESSENGER, ChannelType.TELEGRAM]
LABELS = [notice(f"csat_{score}") for score in (5, 4, 3, 2, 1)]
TAIPEI = 8


@pytest.fixture(autouse=True)
def by_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever this runs."""
    monkeypatch.setattr(Csat, "_quiet", lambda _self, _at: False)


_agents: dict[int, Staff] = {}


def agent_of(teller: Teller) -> Staff:
    """One for all tests: a password takes its time."""
    if id(teller) not in _agents:
        _agents[id(teller)] = teller.staff(Role.AGENT)
    return _agents[id(teller)]


def served(teller: Teller, channel: ChannelType = LINE) -> tuple[str, str, Staff]:
    """User, conversation and the agent who has answered in it."""
    user, agent = teller.person("rated"), agent_of(teller)
    teller.hears(user, "我要真人", channel)
    conversation = str(teller.conversation(user, channel)["_id"])
    teller.service.console.desk.take(agent, conversation)
    teller.service.console.desk.reply(agent, conversation, "您好，已處理。", f"r-{user}")
    teller.work()
    return user, conversation, agent


def resolved(teller: Teller, channel: ChannelType = LINE) -> tuple[str, str, Staff]:
    user, conversation, agent = served(teller, channel)
    teller.service.console.desk.resolve(agent, conversation)
    teller.work()
    return user, conversation, agent


def press(teller: Teller, user: str, conversation: str, score: object, channel: ChannelType = LINE) -> None:
    value = f"csat:{conversation}:{score}"
    teller.hears(user, "滿意", channel, kind="choice", choice=value)


def rating(teller: Teller, conversation: str) -> Doc:
    found = teller.service.mongo["ratings"].find_one({"_id": conversation})
    assert found is not None
    return found


def asked(teller: Teller, conversation: str) -> bool:
    return teller.service.mongo["ratings"].find_one({"_id": conversation}) is not None


def ago(teller: Teller, conversation: str, **past: timedelta) -> None:
    """What happened in the conversation, or to its rating, happened that long ago."""
    now = datetime.now(UTC)
    at = {name: now - since for name, since in past.items()}
    for collection in ("conversations", "ratings"):
        teller.service.mongo[collection].update_one({"_id": conversation}, {"$set": at})


# -- asking ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", PUSHED)
def test_after_a_resolution_the_customer_is_asked_by_five_buttons(
    teller: Teller, channel: ChannelType
) -> None:
    user, conversation, agent = resolved(teller, channel)
    shown = teller.platforms[channel].shown[user][-1]
    assert shown.text == notice("csat_ask")
    assert [label for label, _ in shown.buttons] == LABELS
    assert all(len(value.encode()) <= 64 for _, value in shown.buttons), "Telegram takes no more"
    last = teller.rows("messages", user, channel)[-1]
    assert (last["author"], last["conversation"]) == ("bot", conversation)
    assert [ref["id"] for ref in last["approved"]] == ["csat_ask"]
    kept = rating(teller, conversation)
    assert (kept["assignee"], kept["score"], kept["channel"]) == (agent.id, None, channel.value)
    assert teller.conversation(user, channel)["status"] == "resolved"


def test_in_the_web_chat_it_waits_for_the_widget(teller: Teller) -> None:
    account = teller.accounts[ChannelType.WEB]
    agent, user = agent_of(teller), teller.person("visitor")

    def says(text: str | None, choice: str | None = None) -> None:
        at = datetime.now(UTC)
        kind = Kind.CHOICE if choice else Kind.TEXT
        one = Inbound(account.id, f"w{next(teller.numbers)}", user, kind, at, text=text, choice=choice)
        teller.service.events.record([one])
        teller.drain(user, ChannelType.WEB)

    says("我要真人")
    conversation = str(teller.conversation(user, ChannelType.WEB)["_id"])
    teller.service.console.desk.take(agent, conversation)
    teller.service.console.desk.reply(agent, conversation, "您好", "w")
    teller.service.console.desk.resolve(agent, conversation)
    last = teller.rows("messages", user, ChannelType.WEB)[-1]
    assert [label for label, _ in last["buttons"]] == LABELS
    assert teller.rows("outbox", user, ChannelType.WEB) == []
    says("非常滿意", f"csat:{conversation}:5")
    assert rating(teller, conversation)["score"] == 5
    assert teller.said(user, ChannelType.WEB)[-1] == f"bot: {notice('csat_thanks')}"


def test_in_english_where_the_customer_writes_it(teller: Teller) -> None:
    user, agent = teller.person("rated"), agent_of(teller)
    teller.hears(user, "talk to a human please")
    conversation = str(teller.conversation(user)["_id"])
    desk = teller.service.console.desk
    desk.take(agent, conversation)
    desk.reply(agent, conversation, "Done.", "e")
    desk.resolve(agent, conversation)
    teller.work()
    assert teller.line.texts(user)[-1] == notice("csat_ask", "en")
    press(teller, user, conversation, 4)
    assert teller.line.texts(user)[-1] == notice("csat_thanks", "en")


def not_answered(teller: Teller, user: str, conversation: str) -> None:
    teller.service.mongo["conversations"].update_one({"_id": conversation}, {"$unset": {"staff_at": 1}})


def long_ago(teller: Teller, _user: str, conversation: str) -> None:
    ago(teller, conversation, customer_at=timedelta(hours=25))


def after_a_crisis(teller: Teller, _user: str, conversation: str) -> None:
    teller.service.mongo["conversations"].update_one({"_id": conversation}, {"$set": {"reason": "crisis"}})


def switched_off(teller: Teller, _user: str, _conversation: str) -> None:
    teller.service.accounts.set_public(teller.accounts[LINE].id, "csat", False)


def without_its_notice(teller: Teller, _user: str, _conversation: str) -> None:
    teller.service.mongo["content"].update_one({"id": "csat_3"}, {"$set": {"answer": [["zh-TW", "改過"]]}})
    teller.service.mongo["kb_revision"].update_one({"_id": "kb"}, {"$inc": {"value": 1}})
    teller.service.knowledge.refresh()


@pytest.mark.parametrize(
    "why", [not_answered, long_ago, after_a_crisis, switched_off], ids=lambda why: why.__name__
)
def test_nobody_is_asked(teller: Teller, why: Callable[[Teller, str, str], None]) -> None:
    user, conversation, agent = served(teller)
    why(teller, user, conversation)
    before = len(teller.line.texts(user))
    try:
        teller.service.console.desk.resolve(agent, conversation)
    finally:
        teller.service.accounts.set_public(teller.accounts[LINE].id, "csat", True)
    teller.work()
    assert teller.conversation(user)["status"] == "resolved"
    assert not asked(teller, conversation)
    assert len(teller.line.texts(user)) == before


def test_at_night_only_who_was_just_here(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    csat = teller.service.console.desk.csat
    _, conversation, _ = served(teller)
    known = teller.service.console.desk.page(teller.staff(Role.SUPERVISOR), conversation).conversation
    assert known.customer_at is not None
    day = known.customer_at.date()
    noon = datetime(day.year, day.month, day.day, 12 - TAIPEI, tzinfo=UTC)
    night = noon + timedelta(hours=11)
    for at, since, expected in (
        (noon, HERE * 4, True),
        (night, HERE * 4, False),
        (night, HERE / 2, True),
        (night - timedelta(hours=2, minutes=1), HERE * 4, True),
        (night - timedelta(hours=2), HERE * 4, False),
        (noon - timedelta(hours=3), HERE * 4, True),
        (noon - timedelta(hours=3, seconds=1), HERE * 4, False),
    ):
        assert (csat.asking(replace(known, customer_at=at - since), at) is not None) is expected, (at, since)


def test_nobody_is_asked_twice_and_of_two_who_resolve_one_asks(teller: Teller) -> None:
    user, conversation, agent = resolved(teller)
    with pytest.raises(Conflict):
        teller.service.console.desk.resolve(agent, conversation)
    # As after a reopening: the second resolution goes through, and asks nothing.
    teller.service.mongo["conversations"].update_one(
        {"_id": conversation}, {"$set": {"status": "assigned", "open": True}}
    )
    before = teller.line.texts(user)
    teller.service.console.desk.resolve(agent, conversation)
    teller.work()
    assert teller.conversation(user)["status"] == "resolved"
    assert teller.line.texts(user) == before


# -- rating ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", PUSHED)
def test_a_button_rates_and_opens_nothing(teller: Teller, channel: ChannelType) -> None:
    user, conversation, _ = resolved(teller, channel)
    press(teller, user, conversation, 4, channel)
    kept = rating(teller, conversation)
    assert (kept["score"], [one["score"] for one in kept["changes"]]) == (4, [4])
    assert teller.platforms[channel].texts(user)[-1] == notice("csat_thanks")
    now = teller.conversation(user, channel)
    assert (now["_id"], now["status"], now["unread"], now["open"]) == (conversation, "resolved", 0, False)
    assert len(teller.rows("conversations", user, channel)) == 1
    assert teller.decisions(user, channel)[-1]["handler"] == "csat"
    positions = [m["pos"] for m in teller.rows("messages", user, channel)]
    assert positions == list(range(1, len(positions) + 1))


def test_a_second_press_corrects_within_a_day_and_both_are_kept(teller: Teller) -> None:
    user, conversation, _ = resolved(teller)
    press(teller, user, conversation, 5)
    press(teller, user, conversation, 5)
    assert len(rating(teller, conversation)["changes"]) == 1
    press(teller, user, conversation, 1)
    kept = rating(teller, conversation)
    assert (kept["score"], [one["score"] for one in kept["changes"]]) == (1, [5, 1])
    assert teller.line.texts(user)[-1] == notice("csat_changed")
    ago(teller, conversation, rated_at=timedelta(hours=25))
    press(teller, user, conversation, 5)
    assert rating(teller, conversation)["score"] == 1
    assert teller.line.texts(user)[-1] == notice("csat_late")


def test_the_same_event_again_is_one_rating(teller: Teller) -> None:
    user, conversation, _ = resolved(teller)
    event = {
        "user_id": user,
        "kind": "choice",
        "choice": f"csat:{conversation}:3",
        "event_id": f"once-{user}",
    }
    for _ in range(3):
        teller.posts(event)
        teller.drain(user)
    assert len(rating(teller, conversation)["changes"]) == 1
    assert teller.line.texts(user).count(notice("csat_thanks")) == 1


def test_after_a_week_the_question_is_closed(teller: Teller) -> None:
    user, conversation, _ = resolved(teller)
    ago(teller, conversation, at=timedelta(days=8))
    press(teller, user, conversation, 5)
    assert rating(teller, conversation)["score"] is None
    assert teller.line.texts(user)[-1] == notice("csat_late")


@pytest.mark.parametrize("score", ["0", "6", "55", "", "x", "５"])
def test_a_forged_value_and_another_customers_rate_nothing(teller: Teller, score: str) -> None:
    user, conversation, _ = resolved(teller)
    press(teller, user, conversation, score)
    stranger = teller.person("stranger")
    teller.hears(stranger, "你好")
    press(teller, stranger, conversation, 1)
    assert rating(teller, conversation)["changes"] == []
    assert teller.line.texts(stranger)[-1] == notice("choice_expired")


def test_while_a_person_has_the_next_conversation_the_last_one_is_rated_all_the_same(teller: Teller) -> None:
    user, conversation, agent = resolved(teller)
    teller.hears(user, "我要真人")
    second = str(teller.conversation(user)["_id"])
    teller.service.console.desk.take(agent, second)
    press(teller, user, conversation, 2)
    assert rating(teller, conversation)["score"] == 2
    now = teller.conversation(user)
    assert (now["_id"], now["status"], now["unread"]) == (second, "assigned", 0)
    assert teller.rows("messages", user)[-1]["conversation"] == conversation


def test_a_low_score_calls_a_supervisors_eye_and_a_correction_takes_it_back(teller: Teller) -> None:
    user, conversation, agent = resolved(teller)
    press(teller, user, conversation, 2)
    assert "低評分" in teller.conversation(user)["tags"]
    (line,) = teller.service.audit.about("rating:low", [conversation])
    assert line["detail"] == {"score": 2, "before": None, "assignee": agent.id}
    press(teller, user, conversation, 4)
    assert "低評分" not in teller.conversation(user)["tags"]
    assert len(teller.service.audit.about("rating:corrected", [conversation])) == 1


def test_if_the_turn_is_lost_so_is_the_rating_and_it_comes_again(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, conversation, _ = resolved(teller)

    class Killed(BaseException):
        pass

    def dies(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(type(teller.service.events), "done", dies)
        with pytest.raises(Killed):
            press(teller, user, conversation, 4)
    assert rating(teller, conversation)["score"] is None
    teller.service.mongo["threads"].update_one(
        {"_id": teller.thread(user)}, {"$set": {"lease_until": datetime(1970, 1, 1, tzinfo=UTC)}}
    )
    teller.drain(user)
    assert rating(teller, conversation)["score"] == 4
    assert teller.line.texts(user).count(notice("csat_thanks")) == 1


@pytest.mark.parametrize(
    ("text", "score"),
    [("非常不滿意", 1), ("滿意。", 4), ("5", 5), ("３", 3), ("Very satisfied", 5)],
)
def test_who_sees_no_buttons_types_what_they_say(teller: Teller, text: str, score: int) -> None:
    """LINE on a computer shows none; a label is an answer even where its words alone would read as a complaint."""
    user, conversation, _ = resolved(teller)
    teller.hears(user, text)
    assert rating(teller, conversation)["score"] == score
    assert teller.conversation(user)["_id"] == conversation


@pytest.mark.parametrize("text", ["非常不滿意，我要投訴", "6", "55", "滿意度怎麼算"])
def test_other_words_are_not_taken_for_a_button(teller: Teller, text: str) -> None:
    user, conversation, _ = resolved(teller)
    teller.hears(user, text)
    assert rating(teller, conversation)["score"] is None
    assert teller.conversation(user)["_id"] != conversation


def test_a_day_later_a_number_is_a_number(teller: Teller) -> None:
    user, conversation, _ = resolved(teller)
    ago(teller, conversation, at=timedelta(hours=25))
    teller.hears(user, "5")
    assert rating(teller, conversation)["score"] is None


# -- comments ----------------------------------------------------------------------------------------------------------


def test_the_next_words_are_the_comment_sealed_and_masked(teller: Teller) -> None:
    user, conversation, _ = resolved(teller)
    press(teller, user, conversation, 5)
    teller.hears(user, "王小姐講得很清楚，我的電話是 0912-345-678")
    kept = rating(teller, conversation)
    opened = teller.service.vault.open
    assert opened(kept["comment"]) == "王小姐講得很清楚，我的電話是 0912-345-678"
    assert "0912-345-678" not in opened(kept["masked"])
    assert "0912" not in str({k: v for k, v in kept.items() if k not in ("comment", "masked")})
    assert teller.line.texts(user)[-1] == notice("csat_comment")
    last = [m for m in teller.rows("messages", user) if m["author"] == "customer"][-1]
    assert (last["kind"], last["conversation"]) == ("comment", conversation)
    shown = teller.service.ratings.of([conversation])[conversation]
    assert shown.score == 5
    assert "講得很清楚" in (shown.comment or "")
    # One comment: what comes next is a conversation again.
    teller.hears(user, "asdfghjkl qwerty")
    assert teller.conversation(user)["_id"] != conversation


@pytest.mark.parametrize(
    ("text", "handler"),
    [
        ("我要投訴你們", "complaint"),
        ("我的卡不見了", "fraud"),
        ("我要真人", "human_request"),
        ("我該買哪一檔基金？", "advice"),
        ("可以再問一個問題嗎", None),
        ("asdfghjkl?", "miss"),
    ],
)
def test_who_needs_a_person_or_asks_is_heard_first(teller: Teller, text: str, handler: str | None) -> None:
    user, conversation, _ = resolved(teller)
    press(teller, user, conversation, 3)
    teller.hears(user, text)
    assert rating(teller, conversation)["comment"] is None
    assert teller.conversation(user)["_id"] != conversation
    assert handler is None or teller.decisions(user)[-1]["handler"] == handler


@pytest.mark.parametrize("when", ["before the rating", "later than ten minutes", "in an open conversation"])
def test_other_words_are_no_comment(teller: Teller, when: str) -> None:
    user, conversation, _ = resolved(teller)
    if when != "before the rating":
        press(teller, user, conversation, 3)
    if when == "later than ten minutes":
        ago(teller, conversation, rated_at=timedelta(minutes=11))
    if when == "in an open conversation":
        teller.hears(user, "asdfghjkl?")
    teller.hears(user, "服務很好")
    assert rating(teller, conversation)["comment"] is None


def test_an_article_is_better_than_a_note() -> None:
    article = Ref(ContentKind.ARTICLE, "fee", 1, "0" * 64)
    clarify = Ref(ContentKind.NOTICE, "clarify", 1, "0" * 64)
    for handler in IDLE:
        assert _is_answer(handler, Reply("answer", (article,)))
        assert not _is_answer(handler, Reply("ask", (clarify,)))
        assert _is_answer(handler, HandOff("x"))
        assert _is_answer(handler, StaySilent("x"))
    assert _is_answer("application_status", Reply("status", (clarify,)))


def test_without_the_firms_system_the_question_for_a_state_is_an_ordinary_one(teller: Teller) -> None:
    user = teller.person()
    teller.hears(user, "我的貸款申請到哪了")
    assert teller.service.applications is None
    assert teller.decisions(user)[-1]["handler"] == "miss"


def test_a_notice_that_was_tampered_with_keeps_no_conversation_open(teller: Teller) -> None:
    """Last: the knowledge stays damaged."""
    user, conversation, agent = served(teller)
    without_its_notice(teller, user, conversation)
    teller.service.console.desk.resolve(agent, conversation)
    assert teller.conversation(user)["status"] == "resolved"
    assert not asked(teller, conversation)
