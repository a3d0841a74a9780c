"""Turns: what is read as one, in which language, greeted when, missed how often; and what is set aside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.errors import BadPayload, BadSignature, NotFound
from bot.model import ChannelType
from bot.queue import SLOW
from tests.knowledge import notice
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers

MESSENGER = ChannelType.MESSENGER
GREETING, MISS, UNSUPPORTED = notice("greeting"), notice("miss"), notice("unsupported")
UNANSWERABLE = "請問貴公司的停車場幾點開放給訪客使用"


def burst(teller: Teller, user: str, *lines: tuple[str, float]) -> None:
    """Texts with the seconds between them, all there before anybody looks."""
    at = datetime.now(UTC) - timedelta(minutes=1)
    for text, after in lines:
        at += timedelta(seconds=after)
        teller.posts({"user_id": user, "text": text, "sent_at": at.isoformat()})
    teller.drain(user)


def sizes(teller: Teller, user: str) -> list[int]:
    return [len(decision["events"]) for decision in teller.decisions(user)]


# -- one turn or several -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ([("你好", 0), ("我要真人", 2)], [2]),
        ([("你好", 0), ("請問", 3), ("我要真人", 3)], [3]),
        ([("你好", 0), ("我要真人", 9)], [1, 1]),
        ([("我要真人", 0), ("你好", 1)], [1, 1]),
        ([(UNANSWERABLE, 0), (UNANSWERABLE, 1)], [1, 1]),
    ],
    ids=["greeting and question", "three lines", "a pause", "a finished line", "two questions"],
)
def test_a_burst_is_read_as_a_person_would(teller: Teller, lines: list[Any], wanted: list[int]) -> None:
    user = teller.person()
    burst(teller, user, *lines)
    assert sizes(teller, user) == wanted
    # Each line stays a line of its own in the record.
    texts = [line for line in teller.said(user) if line.startswith("customer")]
    assert texts == [f"customer: {text}" for text, _ in lines]


def test_a_burst_is_answered_once_with_its_last_reply_token(teller: Teller) -> None:
    user, tokens = teller.person(), [teller.token(), teller.token()]
    for text, token in zip(("你好", "我要真人"), tokens, strict=True):
        teller.posts({"user_id": user, "text": text, "reply_token": token})
    teller.drain(user)
    assert sizes(teller, user) == [2]
    assert [call.reply_token for call in teller.line.calls if call.reply_token in tokens] == [tokens[1]]
    assert teller.conversation(user)["status"] == "waiting"


def test_a_sticker_ends_a_burst(teller: Teller) -> None:
    user = teller.person()
    teller.posts({"user_id": user, "text": "你好"}, {"user_id": user, "text": None, "kind": "other"})
    teller.drain(user)
    assert sizes(teller, user) == [1, 1]
    assert teller.line.texts(user) == [GREETING, UNSUPPORTED]


# -- misses ------------------------------------------------------------------------------------------------------------


def test_three_misses_in_a_row_call_a_person(teller: Teller) -> None:
    user = teller.person()
    for n in (1, 2):
        teller.hears(user, UNANSWERABLE)
        assert (teller.conversation(user)["status"], teller.conversation(user)["misses"]) == ("bot", n)
    assert teller.line.texts(user) == [GREETING, MISS, MISS]
    teller.hears(user, UNANSWERABLE)
    found = teller.conversation(user)
    assert (found["status"], found["reason"], found["misses"]) == ("waiting", "three_misses", 0)
    teller.hears(user, UNANSWERABLE)
    assert len(teller.line.texts(user)) == 4, "who waits hears nothing more from the bot"


def test_small_talk_in_between_answers_nothing_and_the_count_goes_on(teller: Teller) -> None:
    user = teller.person()
    for text in (UNANSWERABLE, UNANSWERABLE, "謝謝", UNANSWERABLE):
        teller.hears(user, text)
    assert teller.conversation(user)["status"] == "waiting"
    assert teller.conversation(user)["reason"] == "three_misses"


def test_a_button_of_long_ago_is_answered_as_expired(teller: Teller) -> None:
    user = teller.person()
    teller.hears(user, "你好")
    teller.hears(user, None, kind="choice", choice="offer:deadbeef:0")
    assert teller.line.texts(user)[-1] == notice("choice_expired")


def test_the_button_to_a_person_leads_to_a_person(teller: Teller) -> None:
    user = teller.person()
    teller.hears(user, UNANSWERABLE)
    ((label, value),) = teller.line.shown[user][-1].buttons
    assert label == notice("choose_person")
    teller.hears(user, label, kind="choice", choice=value)
    assert teller.conversation(user)["status"] == "waiting"


# -- greeting and language ---------------------------------------------------------------------------------------------


def test_greeted_once_and_never_again(teller: Teller) -> None:
    user = teller.person()
    teller.hears(user, None, kind="follow")
    teller.hears(user, UNANSWERABLE)
    teller.service.mongo["conversations"].update_many(
        {"thread": teller.thread(user)}, {"$set": {"status": "resolved", "open": False}}
    )
    teller.hears(user, UNANSWERABLE)
    assert len(teller.rows("conversations", user)) == 2
    assert teller.line.texts(user) == [GREETING, MISS, MISS]


def test_before_a_hand_off_the_ai_notice_comes_first(teller: Teller) -> None:
    user = teller.person()
    teller.hears(user, "我要真人")
    assert teller.line.texts(user)[0] == GREETING
    assert len(teller.line.texts(user)) == 2


@pytest.mark.parametrize(
    ("text", "language", "locale"),
    [
        ("hello", None, "en"),
        ("你好", "en", "zh-TW"),
        (None, "en", "en"),
        (None, "zh-Hant", "zh-TW"),
        (None, None, "zh-TW"),
    ],
)
def test_the_answer_speaks_the_messages_language_else_the_customers(
    teller: Teller, text: str | None, language: str | None, locale: str
) -> None:
    user = teller.person()
    event: dict[str, Any] = {"profile": {"name": "n", "language": language}} if language else {}
    teller.hears(user, text, kind="text" if text else "other", **event)
    assert teller.line.texts(user)[0] == notice("greeting", locale)
    assert {m["locale"] for m in teller.rows("messages", user) if m["author"] == "bot"} == {locale}


# -- profile -----------------------------------------------------------------------------------------------------------


def test_the_name_is_asked_for_once(teller: Teller) -> None:
    user = teller.person()
    teller.hears(user, "你好")
    assert teller.service.queue.depth(SLOW) == 1
    teller.service.profiles.fetch(teller.thread(user))
    customer = teller.service.mongo["customers"].find_one({"_id": teller.conversation(user)["customer"]})
    assert customer is not None
    assert teller.service.vault.open(customer["name"]) == "王小明"
    teller.hears(user, "你好")
    assert teller.service.queue.depth(SLOW) == 1


# -- what says nothing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ignored", "echo"])
def test_what_needs_no_answer_stays_in_the_ledger_only(teller: Teller, kind: str) -> None:
    user = teller.person()
    teller.hears(user, None, MESSENGER, kind=kind, echo_of="of nobody" if kind == "echo" else None)
    (event,) = teller.rows("events", user, MESSENGER)
    assert (event["status"], event["turn"]) == ("done", "aside")
    assert teller.rows("conversations", user, MESSENGER) == []
    assert teller.platforms[MESSENGER].texts(user) == []


def test_a_pressed_button_is_acknowledged(teller: Teller) -> None:
    user = teller.person()
    teller.hears(
        user, None, ChannelType.TELEGRAM, kind="choice", choice="human", callback_id="cb", event_id="cb1"
    )
    assert "cb1" in teller.platforms[ChannelType.TELEGRAM].acknowledged


# -- the door ----------------------------------------------------------------------------------------------------------


def test_the_signature_is_looked_at_before_the_body(teller: Teller) -> None:
    receive, account = teller.service.intake.receive, teller.accounts[ChannelType.LINE]
    before = teller.service.mongo["events"].count_documents({})
    with pytest.raises(BadSignature):
        receive("line", account.id, {"secret": "wrong"}, b"not JSON")
    from tests.unit.core.platform import SECRET

    with pytest.raises(BadPayload):
        receive("line", account.id, {"secret": SECRET}, b"not JSON")
    assert teller.service.mongo["events"].count_documents({}) == before


def test_an_unknown_a_disabled_and_anothers_account_look_alike(teller: Teller) -> None:
    service = teller.service
    off = service.accounts.add(ChannelType.LINE, "off", {}, {}, None)
    service.accounts.set_enabled(off.id, False)
    said = set()
    for channel, account_id in (
        ("line", "nobody"),
        ("line", off.id),
        ("telegram", teller.accounts[ChannelType.LINE].id),
    ):
        with pytest.raises(NotFound) as caught:
            service.intake.receive(channel, account_id, {}, b"[]")
        said.add(str(caught.value))
    assert len(said) == 1
