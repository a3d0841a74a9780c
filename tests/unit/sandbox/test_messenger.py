"""The Graph stand-in, over plain HTTP: there is no official Python SDK."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.client import Sandbox
from tests.unit.sandbox.conftest import APP_SECRET, PAGE, PAGE_TOKEN, Bot

PSID = "6543219870001234"
PATH = f"/v26.0/{PAGE}/messages"


@pytest.fixture
def graph(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {PAGE_TOKEN}"}
    with httpx.Client(base_url=sandbox.messenger_base, headers=headers, trust_env=False) as client:
        yield client


def message(text: str = "hi", **more: Any) -> dict[str, Any]:
    return {"recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": {"text": text, **more}}


def quick(title: str = "t") -> dict[str, str]:
    return {"content_type": "text", "title": title, "payload": "p"}


def test_send_by_bearer_by_query_by_form_and_with_proof(graph: httpx.Client, sandbox: Sandbox) -> None:
    sent = graph.post(PATH, json=message()).json()
    assert sent["recipient_id"] == PSID
    assert sent["message_id"].startswith("m_")
    proof = hmac.new(APP_SECRET.encode(), PAGE_TOKEN.encode(), hashlib.sha256).hexdigest()
    url = sandbox.messenger_base + "/v26.0/me/messages"
    query = {"access_token": PAGE_TOKEN, "appsecret_proof": proof}
    assert httpx.post(url, params=query, json=message(), trust_env=False).status_code == 200
    form = {k: v if isinstance(v, str) else json.dumps(v) for k, v in message("[1]").items()}
    assert httpx.post(url, params=query, data=form, trust_env=False).status_code == 200
    rows = sandbox.received("messenger", account=PAGE, to=PSID)
    assert [row["body"]["message"]["text"] for row in rows] == ["hi", "hi", "[1]"]
    assert PAGE_TOKEN not in str(rows)


def test_tokens_and_proofs_are_checked(graph: httpx.Client, sandbox: Sandbox) -> None:
    wrong = graph.post(PATH, json=message(), headers={"Authorization": "Bearer x"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, 190)
    assert graph.post(PATH, json=message(), params={"appsecret_proof": "0"}).json()["error"]["code"] == 100
    none = httpx.post(sandbox.messenger_base + PATH, json=message(), trust_env=False)
    assert none.json()["error"]["code"] == 104
    assert graph.post("/v99.0/me/messages", json=message()).json()["error"]["code"] == 2500
    other_page = graph.post("/v26.0/1/messages", json=message())
    assert other_page.status_code == 400


@pytest.mark.parametrize(
    ("body", "fine"),
    [
        (message("x" * 1999), True),
        (message("x" * 2000), False),
        (message(""), False),
        (message(metadata="m" * 999), True),
        (message(metadata="m" * 1000), False),
        (message(quick_replies=[quick()] * 13), True),
        (message(quick_replies=[quick()] * 14), False),
        (message(quick_replies=[quick("t" * 21)]), False),
        ({**message(), "messaging_type": "OTHER"}, False),
        ({k: v for k, v in message().items() if k != "messaging_type"}, False),
        ({**message(), "recipient": {}}, False),
        ({**message(), "messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"}, False),
        ({"recipient": {"id": PSID}, "sender_action": "typing_on"}, True),
        ({"recipient": {"id": PSID}, "sender_action": "dance"}, False),
    ],
)
def test_limits(graph: httpx.Client, body: dict[str, Any], fine: bool) -> None:
    answer = graph.post(PATH, json=body)
    assert (answer.status_code == 200) is fine, answer.text
    if not fine:
        assert answer.json()["error"]["type"] == "OAuthException"
        assert answer.json()["error"]["fbtrace_id"]


def test_24_hour_window(graph: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.window(PSID, PAGE, at=time.time() - 25 * 3600)
    fault = graph.post(PATH, json=message()).json()["error"]
    assert (fault["code"], fault["error_subcode"]) == (10, 2018278)
    human = {**message(), "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    assert graph.post(PATH, json=human).status_code == 200
    sandbox.send_event("messenger", user=PSID, text="open again")
    assert graph.post(PATH, json=message()).status_code == 200
    sandbox.window(PSID, closed=True)
    assert graph.post(PATH, json=human).status_code == 400
    sandbox.settings(messenger_window="strict")
    stranger = {**message(), "recipient": {"id": "1000000000000001"}}
    assert graph.post(PATH, json=stranger).status_code == 400


def test_no_idempotency_and_people_who_are_gone(graph: httpx.Client, sandbox: Sandbox) -> None:
    ids = {graph.post(PATH, json=message(metadata="out:1")).json()["message_id"] for _ in range(2)}
    assert len(ids) == 2
    sandbox.block("messenger", PSID)
    assert graph.post(PATH, json=message()).json()["error"]["code"] == 551
    sandbox.user("messenger", PSID, blocked=False, known=False)
    assert graph.post(PATH, json=message()).json()["error"]["error_subcode"] == 2018001


def test_events_are_signed_over_escaped_bytes(sandbox: Sandbox, bot: Bot) -> None:
    sent = sandbox.send_event("messenger", user="mei", text="在哪裡?")
    assert sent["status"] == 200
    sandbox.send_event("messenger", user="mei", choice="TRACK", title="Track")
    sandbox.send_event("messenger", user="mei", follow=True)
    sandbox.send_event("messenger", user="mei", kind="sticker")
    for _, headers, body in bot.posts:
        digest = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers["x-hub-signature-256"] == "sha256=" + digest
        assert body.isascii()
        entry = json.loads(body)["entry"][0]
        assert entry["id"] == PAGE
    items = [json.loads(body)["entry"][0]["messaging"][0] for _, _, body in bot.posts]
    assert items[0]["message"]["text"] == "在哪裡?"
    assert items[1]["message"]["quick_reply"] == {"payload": "TRACK"}
    assert items[2]["postback"]["payload"] == "GET_STARTED"
    assert items[3]["message"]["attachments"][0]["type"] == "sticker"


def test_echo_carries_the_metadata_and_the_same_mid(sandbox: Sandbox, graph: httpx.Client, bot: Bot) -> None:
    sandbox.add_messenger(PAGE, PAGE_TOKEN, APP_SECRET, "v", bot.url, echoes=True, app_id="77")
    mid = graph.post(PATH, json=message(metadata="out:8")).json()["message_id"]
    assert bot.arrived.wait(5)
    echo = json.loads(bot.posts[0][2])["entry"][0]["messaging"][0]
    assert echo["message"] == {
        "mid": mid,
        "is_echo": True,
        "text": "hi",
        "app_id": "77",
        "metadata": "out:8",
    }
    assert (echo["sender"]["id"], echo["recipient"]["id"]) == (PAGE, PSID)


def test_subscriptions_and_profiles(sandbox: Sandbox, graph: httpx.Client, bot: Bot) -> None:
    path = f"/v26.0/{PAGE}/subscribed_apps"
    assert graph.get(path).json() == {"data": []}
    assert graph.post(path).status_code == 400
    assert graph.post(path, params={"subscribed_fields": "messages,message_echoes"}).json() == {
        "success": True
    }
    assert graph.get(path).json()["data"][0]["subscribed_fields"] == ["messages", "message_echoes"]
    profile = graph.get(f"/v26.0/{PSID}", params={"fields": "first_name,locale"}).json()
    assert set(profile) == {"id", "first_name", "locale"}
    assert graph.get("/v26.0/me").json()["id"] == PAGE
    menu = graph.post("/v26.0/me/messenger_profile", json={"persistent_menu": [{}]})
    assert menu.status_code == 400

    app = {"access_token": f"77|{APP_SECRET}", "callback_url": bot.url, "verify_token": "verify me"}
    url = sandbox.messenger_base + "/v26.0/77/subscriptions"
    assert httpx.post(url, data=app, trust_env=False).json() == {"success": True}
    assert httpx.post(url, data=app | {"verify_token": "x"}, trust_env=False).status_code == 400
    assert sandbox.call("POST", "handshake", {})["ok"] is True


def test_rate_is_told_in_graphs_way(sandbox: Sandbox, graph: httpx.Client) -> None:
    sandbox.fail("messenger", "429")
    assert graph.post(PATH, json=message()).json()["error"]["code"] == 613
    sandbox.fail("messenger", "code:200/1545041")
    assert graph.post(PATH, json=message()).json()["error"]["error_subcode"] == 1545041
    sandbox.fail("messenger", "500")
    assert graph.post(PATH, json=message()).json()["error"]["is_transient"] is True
