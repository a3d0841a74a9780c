"""A signed webhook in, an approved answer or a person out, on every platform, over real processes."""

from __future__ import annotations

import pytest

from bot.slots import values_in
from tests.house import House, post
from tests.knowledge import answer, articles, disclosure, notice, question
from tests.sandbox.events import line_body, sign_line

PLATFORMS = ("line", "messenger", "telegram")


@pytest.mark.parametrize("channel", PLATFORMS)
def test_a_question_is_answered_with_the_approved_text_and_its_disclosure(channel, person) -> None:
    customer = person(channel)
    assert customer.says(question("card-annual-fee")) == 200
    shown = customer.reads(2)
    assert "AI" in shown[0]
    assert shown[0] == notice("greeting")
    assert shown[1] == answer("card-annual-fee") + "\n\n" + disclosure("card")


@pytest.mark.parametrize("channel", PLATFORMS)
def test_the_greeting_comes_once(channel, person) -> None:
    customer = person(channel)
    customer.says(question("card-annual-fee"))
    customer.reads(2)
    customer.says(question("account-password-reset"))
    shown = customer.reads(3)
    assert shown[2] == answer("account-password-reset")


@pytest.mark.parametrize("channel", PLATFORMS)
def test_who_asks_for_a_person_gets_one_and_the_bot_falls_silent(channel, person, house: House) -> None:
    customer = person(channel)
    customer.says("我要真人")
    shown = customer.reads(2)
    assert shown[1] == notice("handoff") or values_in(notice("handoff_offhours"), shown[1])
    customer.says(question("card-annual-fee"))
    customer.says("有人在嗎")
    with pytest.raises(AssertionError):
        customer.reads(3, timeout=2.0)


@pytest.mark.parametrize("channel", PLATFORMS)
def test_a_kind_not_read_yet_is_answered_with_the_notice(channel, person) -> None:
    customer = person(channel)
    assert customer.does(kind="sticker" if channel != "messenger" else "image")["status"] == 200
    assert notice("unsupported") in customer.reads(2)


@pytest.mark.parametrize("channel", PLATFORMS)
def test_a_new_follower_is_greeted(channel, person) -> None:
    customer = person(channel)
    assert customer.does(follow=True)["status"] == 200
    assert customer.reads(1)[0] == notice("greeting")


@pytest.mark.parametrize("channel", PLATFORMS)
def test_close_questions_become_buttons_and_a_press_is_answered(channel, person) -> None:
    customer = person(channel)
    customer.says("手續費")
    customer.reads(2)
    buttons = _buttons(customer.calls()[-1])
    assert 1 <= len([value for _, value in buttons if value.startswith("offer:")]) <= 3
    before = len(customer.shown())
    customer.does(choice=buttons[0][1])
    shown = customer.reads(before + 1)
    assert any(shown[before].startswith(answer(article)) for article in articles())


def _buttons(call: dict) -> list[tuple[str, str]]:
    body = call["body"]
    if "messages" in body:
        items = body["messages"][-1]["quickReply"]["items"]
        return [(item["action"]["label"], item["action"]["data"]) for item in items]
    if isinstance(body.get("message"), dict):
        return [(item["title"], item["payload"]) for item in body["message"]["quick_replies"]]
    import json

    markup = body["reply_markup"]
    rows = (json.loads(markup) if isinstance(markup, str) else markup)["inline_keyboard"]
    return [(item["text"], item["callback_data"]) for row in rows for item in row]


def test_line_answers_by_reply_token_first(person) -> None:
    customer = person("line")
    customer.says(question("card-annual-fee"))
    customer.reads(2)
    assert customer.calls()[0]["path"].endswith("/message/reply")


def test_line_pushes_with_a_retry_key_when_the_token_is_spent(person, house: House, ids) -> None:
    customer = person("line")
    event = customer.line_event(question("card-annual-fee"))
    url = f"{house.url}/webhooks/line/{ids['line']}"
    body = line_body([event])
    house.sandbox.fail("line", "status:400", path_contains="reply", body={"message": "Invalid reply token"})
    assert post(url, sign_line("5a" * 16, body), body) == 200
    assert customer.reads(2)[1].startswith(answer("card-annual-fee"))
    push = customer.calls()[-1]
    assert push["path"].endswith("/message/push")
    assert push["headers"]["x-line-retry-key"]
