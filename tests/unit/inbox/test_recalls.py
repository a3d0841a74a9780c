"""Recalls in the console, and why an answer was given, on a real store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.embedded import Servers
from bot.model import Role, Staff
from inbox import register
from tests.unit.core.teller import PASSWORD, Teller, apart
from tests.unit.core.test_core_recalls import article, told
from tests.unit.inbox.forms import post, token

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def teller(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    with apart(servers, tmp_path_factory, "console_recalls") as one:
        yield one


@pytest.fixture(scope="module")
def app(teller: Teller) -> Flask:
    app = Flask("recalls_under_test", static_folder=None)
    register(app, teller.service.console)
    return app


def signed_in(app: Flask, person: Staff) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("teller_lang", "en")
    form = {"email": person.email, "password": PASSWORD, "csrf_token": token(client.get("/").text)}
    assert client.post("/", data=form).status_code == 303
    return client


def test_an_officer_recalls_and_an_agent_corrects(app: Flask, teller: Teller) -> None:
    (wrong,) = article(teller)
    user = told(teller, wrong)
    officer, agent = signed_in(app, teller.staff(Role.COMPLIANCE)), signed_in(app, teller.staff(Role.AGENT))
    auditor = signed_in(app, teller.staff(Role.AUDITOR))
    form = {"article": wrong.id, "version": "", "reason": "the fee is wrong"}
    assert post(agent, "/knowledge/recalls", **form).status_code == 403
    assert post(officer, "/knowledge/recalls", **{**form, "version": "x"}).status_code == 400
    assert post(officer, "/knowledge/recalls", **form).status_code == 303
    page = f"/knowledge/recalls/{wrong.id}"
    assert "the fee is wrong" in agent.get(page).text
    (correction,) = teller.service.recalls.corrections(wrong.id)
    act = f"/knowledge/corrections/{correction.id}"
    assert act not in auditor.get(page).text
    for other in (officer, auditor):
        assert post(other, f"{act}/take").status_code == 403
        assert post(other, f"{act}/close/done").status_code == 403
    taken = post(agent, f"{act}/take")
    assert f"/inbox/{teller.conversation(user)['_id']}" in taken.headers["Location"]
    assert post(agent, f"{act}/close/done").status_code == 303
    assert "0 open, 1 corrected" in agent.get(page).text
    assert "All corrected" in auditor.get("/knowledge/recalls").text


def test_a_line_says_why_it_was_answered_and_who_approved_it(app: Flask, teller: Teller) -> None:
    (content,) = article(teller)
    user = told(teller, content)
    supervisor = signed_in(app, teller.staff(Role.SUPERVISOR))
    shown = supervisor.get(f"/inbox/{teller.conversation(user)['_id']}?view=all").text
    assert '<details class="why">' in shown
    assert "Small talk" in shown
    assert f"<code>{content.id}</code> v1 · approved by bob" in shown
