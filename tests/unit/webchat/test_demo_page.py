"""The demo page: what a newcomer sees with and without a web chat."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from adapters.web import check_identity
from bot import demo
from bot.model import ChannelAccount, ChannelType

WEB = ChannelAccount(id="abc123", channel=ChannelType.WEB, name="site")


def a_demo(*accounts: ChannelAccount, sandbox: str | None = None) -> Blueprint:
    store: Any = SimpleNamespace(list=lambda: list(accounts))
    settings: Any = SimpleNamespace(sandbox_url=sandbox)
    return demo.blueprint(store, settings)


def a_visitor(*accounts: ChannelAccount, sandbox: str | None = None) -> FlaskClient:
    app = Flask("demo_test")
    app.register_blueprint(a_demo(*accounts, sandbox=sandbox))
    return app.test_client()


def test_it_shows_the_first_enabled_web_chat() -> None:
    off = ChannelAccount(id="off", channel=ChannelType.WEB, name="x", enabled=False)
    line = ChannelAccount(id="line", channel=ChannelType.LINE, name="x")
    page = a_visitor(off, line, WEB).get("/demo").text
    assert re.findall(r'src="/webchat/(\w+)/widget.js"', page) == ["abc123"]
    assert page.count('<button type="button">') >= 4


def test_without_one_it_says_what_to_do() -> None:
    page = a_visitor().get("/demo").text
    assert "flask channels add web --name demo --origin http://localhost" in page
    assert "<script" not in page


@pytest.mark.parametrize(("query", "lang"), [("", "zh-TW"), ("?lang=en", "en"), ("?lang=<x>", "zh-TW")])
def test_two_languages(query: str, lang: str) -> None:
    page = a_visitor(WEB).get(f"/demo{query}").text
    assert f'<html lang="{lang}">' in page
    assert f'data-lang="{lang}"' in page
    assert ("Clearisle Financial" in page) == (lang == "en")


def test_stand_ins_are_linked_where_they_run() -> None:
    assert 'href="http://127.0.0.1:9/"' in a_visitor(WEB, sandbox="http://127.0.0.1:9").get("/demo").text
    assert "Telegram" not in a_visitor(WEB).get("/demo").text


def test_a_member_of_the_stand_in_is_signed_as_a_firms_server_would_and_nobody_else_is() -> None:
    site = replace(WEB, secrets={"identity_secret": "s" * 32})
    client = a_visitor(site, sandbox="http://127.0.0.1:9")
    assert "data-user-id" not in client.get("/demo").text
    page = client.get("/demo?member=1001").text
    found = re.search(r'data-user-id="1001" data-signature="([0-9a-f]{64})"', page)
    assert found is not None
    assert check_identity("s" * 32, "1001", found[1])
    assert "data-user-id" not in client.get("/demo?member=4711").text
    for other in (a_visitor(site), a_visitor(WEB, sandbox="http://127.0.0.1:9")):
        assert "data-user-id" not in other.get("/demo?member=1001").text


def test_nothing_is_inline_under_a_policy_of_self() -> None:
    client = a_visitor(WEB)
    answer = client.get("/demo")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", answer.text)
    for path in re.findall(r'(?:href|src)="(/demo/static/[^"]+)"', answer.text):
        assert client.get(path).status_code == 200
