"""The widget's API in this process: whose token it is, which site may show it, one message once, a stream resumed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adapters import web
from bot import webchat
from bot.model import ChannelAccount, ChannelType
from bot.store.events import thread_of
from tests.knowledge import notice
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers

WEB = ChannelType.WEB
SITE = "https://bank.example"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def base(teller: Teller) -> str:
    return f"/webchat/{teller.accounts[WEB].id}"


def session(client: FlaskClient, base: str, **body: Any) -> dict[str, str]:
    """The header of a new visitor."""
    made = client.post(f"{base}/session", json=body, headers={"Origin": SITE})
    assert made.status_code == 200, made.text
    return {"Authorization": f"Bearer {made.json['token']}"}  # type: ignore[index]


def thread(teller: Teller, header: dict[str, str]) -> str:
    account = teller.accounts[WEB]
    visitor = web.read(teller.service.settings.secret_key, account.id, header["Authorization"].split()[1])
    assert visitor is not None
    return thread_of(teller.service.vault, account.id, visitor.visitor_id)


def frames(chunks: Iterator[bytes | str], count: int) -> list[dict[str, Any]]:
    """The next messages of a stream, with their event ids."""
    found: list[dict[str, Any]] = []
    for chunk in chunks:
        text = chunk.decode() if isinstance(chunk, bytes) else chunk
        if text.startswith("id: "):
            head, _, data = text.partition("\n")
            found.append({"event": head.removeprefix("id: "), **json.loads(data.removeprefix("data: "))})
            if len(found) == count:
                break
    return found


def test_a_question_is_answered_and_told_once(teller: Teller, client: FlaskClient, base: str) -> None:
    header = session(client, base)
    for _ in range(3):
        sent = client.post(f"{base}/messages", json={"text": "你好", "client_id": "c1"}, headers=header)
        assert sent.status_code == 202
    teller.work()
    history = client.get(f"{base}/messages", headers=header).json["messages"]  # type: ignore[index]
    assert [(m["author"], m["text"]) for m in history] == [("customer", "你好"), ("bot", notice("greeting"))]
    assert history[0]["client_id"] == "c1"


@pytest.mark.parametrize("place", ["messages", "stream"])
def test_without_a_token_of_ours_nothing_is_told(client: FlaskClient, base: str, place: str) -> None:
    assert client.get(f"{base}/{place}").status_code == 401
    for token in ("", "x", "a.b.c", "Bearer"):
        assert client.get(f"{base}/{place}", headers={"Authorization": f"Bearer {token}"}).status_code == 401
        assert client.get(f"{base}/{place}?token={token}").status_code == 401


def test_a_token_belongs_to_one_account_and_one_visitor(
    teller: Teller, client: FlaskClient, base: str
) -> None:
    header = session(client, base)
    other = teller.service.accounts.add(WEB, "other", {}, {"origins": [SITE]}, None)
    assert client.get(f"/webchat/{other.id}/messages", headers=header).status_code == 401
    client.post(f"{base}/messages", json={"text": "你好", "client_id": "c1"}, headers=header)
    teller.work()
    stranger = session(client, base)
    assert client.get(f"{base}/messages", headers=stranger).json == {"messages": []}
    forged = header["Authorization"][:-2] + "xx"
    assert client.get(f"{base}/messages", headers={"Authorization": forged}).status_code == 401


def test_the_token_is_no_window_on_the_customer(teller: Teller) -> None:
    """It may travel in an address, and addresses are logged."""
    key, account = teller.service.settings.secret_key, teller.accounts[WEB]
    token = web.issue(key, account.id, "customer-planted", "planted-number-777")
    assert "planted-number-777" not in token
    visitor = web.read(key, account.id, token)
    assert visitor is not None
    assert visitor.verified_as == "planted-number-777"
    assert web.read("another key", account.id, token) is None


def test_only_the_accounts_sites_may_open_a_session(client: FlaskClient, base: str) -> None:
    assert client.post(f"{base}/session", headers={"Origin": "https://evil.example"}).status_code == 403
    allowed = client.post(f"{base}/session", headers={"Origin": SITE})
    assert allowed.headers["Access-Control-Allow-Origin"] == SITE
    refused = client.post(f"{base}/session", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_a_customer_is_proven_by_the_firms_signature(teller: Teller, client: FlaskClient, base: str) -> None:
    secret = "i" * 32
    account: ChannelAccount = teller.service.accounts.add(
        WEB, "signed", {"identity_secret": secret}, {"origins": [SITE]}, None
    )
    there = f"/webchat/{account.id}"
    good = hmac.new(secret.encode(), b"customer-1", hashlib.sha256).hexdigest()
    header = session(client, there, identity={"user_id": "customer-1", "signature": good})
    again = session(client, there, identity={"user_id": "customer-1", "signature": good})
    at = replace(teller.accounts[WEB], id=account.id)
    tokens = [one["Authorization"].split()[1] for one in (header, again)]
    visitors = [web.read(teller.service.settings.secret_key, at.id, token) for token in tokens]
    assert visitors[0] == visitors[1]
    for wrong in ({"user_id": "customer-2", "signature": good}, {"user_id": "customer-1", "signature": ""}):
        assert client.post(f"{there}/session", json={"identity": wrong}).status_code == 401
    assert client.post(f"{base}/session", json={"identity": {"user_id": "x"}}).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"text": "x"}',
        b'{"client_id": "c"}',
        b'{"text": " ", "client_id": "c"}',
        b'{"text": 5, "client_id": "c"}',
        b'{"text": "x", "client_id": "a b"}',
        json.dumps({"text": "x" * 2001, "client_id": "c"}).encode(),
    ],
)
def test_what_is_no_message_is_refused(client: FlaskClient, base: str, body: bytes) -> None:
    header = {**session(client, base), "Content-Type": "application/json"}
    assert client.post(f"{base}/messages", data=body, headers=header).status_code == 400


def test_a_stream_resumes_where_it_broke_off(teller: Teller, client: FlaskClient, base: str) -> None:
    header = session(client, base)
    for n in range(3):
        client.post(f"{base}/messages", json={"text": "你好", "client_id": f"c{n}"}, headers=header)
        teller.work()
    whole = frames(webchat._events(teller.service.webchat, thread(teller, header), 0), 6)
    assert [m["event"] for m in whole] == [m["id"] for m in whole] == ["1", "2", "3", "4", "5", "6"]
    resumed = client.get(f"{base}/stream", headers={**header, "Last-Event-ID": "4"}, buffered=False)
    assert resumed.mimetype == "text/event-stream"
    assert frames(iter(resumed.response), 2) == whole[4:]
    resumed.close()
    assert client.get(f"{base}/stream", headers={**header, "Last-Event-ID": "x"}).status_code == 400


def test_a_new_stream_begins_at_the_present(teller: Teller, client: FlaskClient, base: str) -> None:
    header = session(client, base)
    client.post(f"{base}/messages", json={"text": "你好", "client_id": "c1"}, headers=header)
    teller.work()
    stream = client.get(f"{base}/stream", headers=header, buffered=False)
    chunks = iter(stream.response)
    assert "retry" in str(next(chunks))
    client.post(f"{base}/messages", json={"text": "我要真人", "client_id": "c2"}, headers=header)
    teller.work()
    assert [m["text"] for m in frames(chunks, 1)] == ["我要真人"]
    stream.close()


def test_staff_have_no_name_and_no_id_in_the_widget(teller: Teller, client: FlaskClient, base: str) -> None:
    from bot.model import Role

    header, agent = session(client, base), teller.staff(Role.AGENT)
    client.post(f"{base}/messages", json={"text": "我要真人", "client_id": "c1"}, headers=header)
    teller.work()
    found = teller.service.mongo["conversations"].find_one({"thread": thread(teller, header)})
    assert found is not None
    teller.service.console.desk.take(agent, found["_id"])
    teller.service.console.desk.reply(agent, found["_id"], "您好", "form-1")
    last = client.get(f"{base}/messages", headers=header).json["messages"][-1]  # type: ignore[index]
    assert (last["author"], last["text"], last["client_id"]) == ("agent", "您好", None)
    assert agent.id not in json.dumps(last)
