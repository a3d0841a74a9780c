"""In the console: how a customer's applications stand, for whom and on record; and what they said of the service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.app import create_app
from bot.embedded import Servers
from bot.model import Role
from bot.settings_status import SANDBOX_TOKEN, StatusSettings
from tests.sandbox.client import Sandbox
from tests.unit.core.teller import Teller, apart, signed_in

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def teller(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    sandbox = Sandbox.start(tmp_path_factory.mktemp("firm"))
    status = StatusSettings(f"{sandbox.url}/firm", SANDBOX_TOKEN, None, "https://bank.example/verify")
    try:
        with apart(servers, tmp_path_factory, "service_pages", status=status) as one:
            yield one
    finally:
        sandbox.stop()


@pytest.fixture(scope="module")
def app(teller: Teller) -> Flask:
    made = create_app(teller.service)
    made.config["TESTING"] = True
    return made


@pytest.fixture(scope="module")
def agent(teller: Teller, app: Flask) -> FlaskClient:
    return signed_in(app, teller.staff(Role.AGENT))


def waiting(teller: Teller, verified_as: str | None) -> str:
    user = teller.person("member")
    teller.hears(user, "我要真人", verified_as=verified_as)
    return str(teller.conversation(user)["_id"])


def looks(teller: Teller, conversation: str) -> int:
    customer = teller.service.mongo["conversations"].find_one({"_id": conversation})
    assert customer is not None
    return len(teller.service.audit.about("customer:applications", [customer["customer"]]))


def test_an_agent_reads_them_and_each_look_is_on_record(teller: Teller, agent: FlaskClient) -> None:
    conversation = waiting(teller, "1001")
    page = agent.get(f"/inbox/{conversation}")
    assert f"/inbox/{conversation}/applications" in page.text
    assert looks(teller, conversation) == 0, "nobody asks the firm for opening a conversation"
    found = agent.get(f"/inbox/{conversation}/applications")
    assert found.status_code == 200
    for words in ("Personal loan", "In review", "Documents missing", "2718", "Hand in documents"):
        assert words in found.text
    assert looks(teller, conversation) == 1


@pytest.mark.parametrize(
    ("verified_as", "words"),
    [(None, "not verified"), ("1003", "No application is known"), ("down", "does not answer")],
)
def test_what_there_is_instead(
    teller: Teller, agent: FlaskClient, verified_as: str | None, words: str
) -> None:
    conversation = waiting(teller, verified_as)
    page = agent.get(f"/inbox/{conversation}/applications")
    assert (page.status_code, words in page.text) == (200, True)
    assert looks(teller, conversation) == (0 if verified_as is None else 1)


def test_who_may_not_read_the_conversation_may_not_look_them_up(
    teller: Teller, app: Flask, agent: FlaskClient
) -> None:
    user = teller.person("member")
    teller.hears(user, "我要投訴你們", verified_as="1001")
    conversation = str(teller.conversation(user)["_id"])
    admin = signed_in(app, teller.staff(Role.ADMIN))
    for client, status in ((agent, 404), (admin, 403), (app.test_client(), 303)):
        answer = client.get(f"/inbox/{conversation}/applications")
        assert answer.status_code in (status, 302 if status == 303 else status)
        assert "Personal loan" not in answer.text
    assert looks(teller, conversation) == 0


def test_the_rating_stands_beside_the_conversation(teller: Teller) -> None:
    app = create_app(teller.service)
    person = teller.staff(Role.AGENT)
    client = signed_in(app, person)
    user = teller.person("rated")
    teller.hears(user, "我要真人")
    conversation = str(teller.conversation(user)["_id"])
    desk = teller.service.console.desk
    desk.take(person, conversation)
    desk.reply(person, conversation, "您好", "r")
    csat = teller.service.ratings
    known = desk.page(person, conversation).conversation
    now = datetime.now(UTC)
    teller.service.mongo.transaction(lambda session: csat.add(session, known, now))
    assert "Asked, not answered yet" in client.get(f"/inbox/{conversation}").text
    asked = csat.latest(known.thread)
    assert asked is not None
    teller.service.mongo.transaction(lambda session: csat.rate(session, asked, 2, now))
    teller.service.mongo.transaction(lambda session: csat.comment(session, asked, "找 0912-345-678", now))
    page = client.get(f"/inbox/{conversation}").text
    assert "Dissatisfied" in page
    assert "0912-345-678" not in page
