"""How was it: asked, pressed and thanked for on all four channels, over real processes and the platforms' stand-ins."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.compose import Service, build
from bot.model import Staff
from bot.settings import Settings
from bot.store.events import thread_of
from tests.e2e.test_channels import _buttons
from tests.e2e.test_webchat import Visitor
from tests.house import House, until
from tests.knowledge import notice

LABELS = [notice(f"csat_{score}") for score in (5, 4, 3, 2, 1)]


@pytest.fixture(scope="module")
def service(house: House) -> Iterator[Service]:
    made = build(Settings.from_env(house.env))
    yield made
    made.close()


@pytest.fixture(scope="module")
def supervisor(service: Service) -> Staff:
    found = service.staff.by_email("supervisor@example.com")
    assert found is not None
    return found


def resolve(service: Service, supervisor: Staff, query: dict[str, Any]) -> str:
    """A person answers in the conversation and closes it; its id."""
    waits = {**query, "status": {"$in": ["waiting", "assigned"]}}
    found = until(lambda: service.mongo["conversations"].find_one(waits), 10, "the hand-off")
    desk, conversation = service.console.desk, str(found["_id"])
    desk.take(supervisor, conversation)
    desk.reply(supervisor, conversation, "您好，已為您處理。", secrets.token_hex(4))
    desk.resolve(supervisor, conversation)
    return conversation


def score(service: Service, conversation: str) -> Any:
    return (service.mongo["ratings"].find_one({"_id": conversation}) or {}).get("score")


@pytest.mark.parametrize("channel", ["line", "messenger", "telegram"])
def test_on_a_platform(
    channel: str,
    person: Callable[[str], Any],
    house: House,
    service: Service,
    supervisor: Staff,
    ids: dict[str, str],
) -> None:
    customer = person(channel)
    customer.says("我要真人")
    shown = len(customer.reads(2))
    thread = thread_of(service.vault, ids[channel], customer.user)
    conversation = resolve(service, supervisor, {"thread": thread})
    assert customer.reads(shown + 2)[-1] == notice("csat_ask")
    buttons = _buttons(customer.calls()[-1])
    assert [label for label, _ in buttons] == LABELS
    customer.does(choice=buttons[1][1])
    assert customer.reads(shown + 3)[-1] == notice("csat_thanks")
    assert score(service, conversation) == 4
    customer.says("很有耐心 謝謝")
    assert customer.reads(shown + 4)[-1] == notice("csat_comment")
    assert service.mongo["conversations"].count_documents({"thread": thread}) == 1


def test_in_the_web_chat(house: House, service: Service, supervisor: Staff, ids: dict[str, str]) -> None:
    visitor = Visitor(house, ids["web"])
    word = "我要真人"
    visitor.says(word)
    heard = len(visitor.heard(3))
    newest = service.mongo["conversations"].find_one({"channel": "web"}, sort=[("opened_at", -1)])
    assert newest is not None
    conversation = resolve(service, supervisor, {"thread": newest["thread"]})
    asked = visitor.heard(heard + 2)[-1]
    assert asked["text"] == notice("csat_ask")
    assert [one["label"] for one in asked["buttons"]] == LABELS
    press = {"text": LABELS[0], "choice": asked["buttons"][0]["value"], "client_id": secrets.token_hex(8)}
    assert visitor.call("POST", "/messages", press)[0] == 202
    assert visitor.heard(heard + 4)[-1]["text"] == notice("csat_thanks")
    assert score(service, conversation) == 5
