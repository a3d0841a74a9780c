"""The composer when a reply reads as advice: asked why, nothing typed is lost, one message in the end."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from tests.unit.inbox.fake import FakeConsole
from tests.unit.inbox.forms import Enter, post

ADVICE = "這檔很適合您，<b>真的</b>"
PAGE = "/inbox/c2"
REPLY = "/inbox/c2/reply"


@pytest.fixture
def agent(enter: Enter) -> FlaskClient:
    client = enter("agent")
    assert post(client, f"{PAGE}/take", PAGE).status_code == 303
    return client


def sent(service: FakeConsole) -> list[str]:
    return [m.text for m in service.desk.pages["c2"].messages if m.author == "staff:s-agent"]


def composer(page: str) -> str:
    found = re.search(r"<form [^>]*data-reply.*?</form>", page, re.S)
    assert found
    return found.group()


def test_without_a_script_the_page_comes_back_with_all_that_was_typed(
    service: FakeConsole, agent: FlaskClient
) -> None:
    assert '<div class="composer-advice" data-advice hidden>' in composer(agent.get(PAGE).text)
    before = sent(service)
    warned = post(agent, REPLY, PAGE, text=ADVICE, client_id="one", reason="ok")
    assert warned.status_code == 409
    form = composer(warned.text)
    assert "This reads as personal advice." in form
    assert "這檔很適合您，&lt;b&gt;真的&lt;/b&gt;</textarea>" in form
    assert 'name="client_id" value="one"' in form
    assert 'value="ok"' in form
    assert '<div class="composer-advice" data-advice >' in form
    assert sent(service) == before
    for _ in range(2):
        done = post(agent, REPLY, PAGE, text=ADVICE, client_id="one", reason=" 已完成適合度評估 ")
        assert done.status_code == 303
    assert sent(service) == [*before, ADVICE]
    assert set(service.desk.overrides) == {("s-agent", "c2", "已完成適合度評估")}


def test_a_script_is_told_that_a_reason_is_wanted(service: FakeConsole, agent: FlaskClient) -> None:
    before = sent(service)
    warned = post(agent, REPLY, PAGE, scripted=True, text=ADVICE, client_id="one", reason="")
    assert (warned.status_code, warned.json["advice"]) == (409, True)
    assert warned.json["error"].startswith("This reads as personal advice.")
    done = post(agent, REPLY, PAGE, scripted=True, text=ADVICE, client_id="one", reason="the form is signed")
    assert done.status_code == 200
    assert sent(service) == [*before, ADVICE]


def test_the_warning_is_in_the_readers_language(agent: FlaskClient) -> None:
    agent.set_cookie("teller_lang", "zh-TW")
    form = composer(post(agent, REPLY, PAGE, text=ADVICE, client_id="one").text)
    assert "個別投資建議" in form or "個人化建議" in form
    assert not re.search("This reads|Why it may", form)


@pytest.mark.parametrize("text", ["拒收這句", "x" * 2001])
def test_a_reply_that_is_refused_is_not_lost(agent: FlaskClient, text: str) -> None:
    refused = post(agent, REPLY, PAGE, text=text, client_id="one")
    assert refused.status_code == 400
    assert f"{text}</textarea>" in composer(refused.text)
