"""The switch's page and its banner, for exactly their roles; and the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask import Flask

from bot import cli
from bot.app import create_app
from bot.model import ChannelType, Role, Staff
from bot.store.switches import WHOLE
from bot.switch import STARTS, STOPS
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import post

READS = (*STOPS, Role.AUDITOR)


@pytest.fixture(scope="module")
def app(teller: Teller) -> Flask:
    made = create_app(teller.service)
    cli.register(made)
    return made


@pytest.fixture(scope="module")
def people(teller: Teller) -> dict[Role, Staff]:
    return {role: teller.staff(role) for role in Role}


@pytest.fixture(autouse=True)
def on_again(teller: Teller) -> Iterator[None]:
    yield
    for one in teller.service.switch.state():
        teller.service.switch.turn("test", "over", None if one.scope == WHOLE else one.scope, off=False)


@pytest.mark.parametrize("role", list(Role))
def test_the_page_and_its_buttons_are_for_exactly_their_roles(
    teller: Teller, app: Flask, people: dict[Role, Staff], role: Role
) -> None:
    client = signed_in(app, people[role])
    page = client.get("/ai")
    assert page.status_code == (200 if role in READS else 403)
    if role in READS:
        assert ('action="/ai/stop"' in page.text) is (role in STOPS)
    stopped = post(client, "/ai/stop", scope="all", reason="利率過期")
    assert stopped.status_code == (303 if role in STOPS else 403)
    assert bool(teller.service.switch.state()) is (role in STOPS)
    teller.service.switch.turn("test", "to be off", None, off=True)
    started = post(client, "/ai/start", scope="all", reason="修好了")
    assert started.status_code == (303 if role in STARTS else 403)
    assert bool(teller.service.switch.state()) is (role not in STARTS)


def test_the_banner_is_on_every_page_while_it_is_off_and_on_none_after(
    teller: Teller, app: Flask, people: dict[Role, Staff]
) -> None:
    agent, admin = signed_in(app, people[Role.AGENT]), signed_in(app, people[Role.ADMIN])
    teller.service.switch.turn(people[Role.SUPERVISOR].id, "wrong rates for A123456789", None, off=True)
    for client, path in ((agent, "/inbox"), (agent, "/knowledge"), (admin, "/admin/channels")):
        page = client.get(path).text
        assert "The AI is switched off." in page, path
        assert "A123456789" not in page
        assert people[Role.SUPERVISOR].name in page
    assert "switched off" in agent.get("/ai/banner").text
    teller.service.switch.turn("test", "over", None, off=False)
    assert "switched off" not in agent.get("/inbox").text


def test_one_account_is_stopped_and_named(teller: Teller, app: Flask, people: dict[Role, Staff]) -> None:
    client = signed_in(app, people[Role.COMPLIANCE])
    line = teller.accounts[ChannelType.LINE]
    assert post(client, "/ai/stop", scope=line.id, reason="錯誤的活動說明").status_code == 303
    assert [one.scope for one in teller.service.switch.state()] == [line.id]
    assert f"The AI is switched off on {line.name}." in client.get("/inbox").text


def test_a_missing_reason_is_said_and_changes_nothing(
    teller: Teller, app: Flask, people: dict[Role, Staff]
) -> None:
    client = signed_in(app, people[Role.SUPERVISOR])
    answer = post(client, "/ai/stop", scope="all", reason=" ")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert teller.service.switch.state() == ()
    assert post(client, "/ai/stop", scope="nothing", reason="some reason").status_code == 404


def test_the_commands(teller: Teller, app: Flask, people: dict[Role, Staff]) -> None:
    runner, line = app.test_cli_runner(), teller.accounts[ChannelType.LINE].id

    def run(*words: str) -> tuple[int, str]:
        done = runner.invoke(args=["ai", *words])
        return done.exit_code, done.stdout

    assert run("off")[0] == 2, "a reason is needed"
    code, out = run("off", "--channel", line, "--reason", "錯誤的活動說明", "--json")
    assert (code, json.loads(out)["ai"]) == (0, "off")
    code, out = run("status", "--json")
    shown = json.loads(out)
    assert (shown["scope"], shown["ai"], [one["scope"] for one in shown["off"]]) == (WHOLE, "on", [line])
    assert run("off", "--reason", "stop it all", "--by", people[Role.AUDITOR].email)[0] == 1
    code, out = run("off", "--reason", "stop it all", "--by", people[Role.SENIOR].email, "--json")
    assert json.loads(out)["off"][0]["by"] == people[Role.SENIOR].id
    assert run("on", "--reason", "fixed", "--by", people[Role.SENIOR].email)[0] == 1
    assert run("on", "--reason", "fixed")[0] == 0
    assert json.loads(run("on", "--channel", line, "--reason", "fixed", "--json")[1])["off"] == []
    assert run("off", "--channel", "nothing", "--reason", "a reason")[0] == 1
