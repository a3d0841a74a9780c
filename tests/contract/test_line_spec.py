"""LINE's own description of its API: our fixtures are such webhooks, our requests such requests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters import CHANNELS
from bot.model import ChannelType
from tests.contract.channel_cases import a_text, account, fixtures, outbound
from tests.contract.openapi import faults, request_schema
from tests.contract.platform_stub import Platform, Say

LINE = CHANNELS[ChannelType.LINE]
SENT = Say(200, {"sentMessages": [{"id": "461230966842064897", "quoteToken": "q"}]})
LONG_TITLE = "貸款提前清償違約金如何計算,以及哪些情形可以免收?"


@pytest.mark.parametrize(
    ("label", "body"),
    [
        pytest.param(label, case["body"], id=label)
        for label, case in fixtures(ChannelType.LINE)
        if not label.startswith("beyond_spec/")
    ],
)
def test_a_webhook_fixture_is_one_by_the_description(label: str, body: dict[str, Any]) -> None:
    assert faults("webhook.yml", "CallbackRequest", body) is None


def test_a_simulated_event_is_one_by_the_description() -> None:
    _, body = LINE.simulate(account(ChannelType.LINE), "hi", "U4af4980629f4af4980629f4af4980629")
    assert faults("webhook.yml", "CallbackRequest", json.loads(body)) is None


def test_the_description_tells_a_wrong_event() -> None:
    (body,) = (case["body"] for label, case in fixtures(ChannelType.LINE) if label == "text")
    for damage in (
        lambda event: event.pop("webhookEventId"),
        lambda event: event.update(type="hologram"),
        lambda event: event.update(replyTokens="x"),
        lambda event: event["message"].pop("quoteToken"),
        lambda event: event["message"].update(txt="x"),
        lambda event: event["source"].update(type="planet"),
    ):
        wrong = json.loads(json.dumps(body))
        damage(wrong["events"][0])
        assert faults("webhook.yml", "CallbackRequest", wrong)


@pytest.mark.parametrize("reply_token", [None, "nHuyWiB7yP5Zw52FIkcQobQuGDXCTA"])
@pytest.mark.parametrize(
    "messages",
    [
        (a_text(),),
        (a_text("歡迎"), a_text("想問哪一項?", ("手續費", "offer:1:0"), ("利率", "offer:1:1"))),
        (a_text("想問哪一項?", (LONG_TITLE, "offer:1:0"), ("利率", "offer:1:1")),),
        (a_text("很長。" * 3000),),
    ],
    ids=["text", "buttons", "long_labels", "long_text"],
)
def test_what_we_send_is_a_request_by_the_description(
    platform: Platform, messages: Any, reply_token: str | None
) -> None:
    platform.plan(SENT)
    LINE.send(
        account(ChannelType.LINE, platform.url),
        outbound(ChannelType.LINE, *messages, reply_token=reply_token),
    )
    (asked,) = platform.asked
    schema, headers = request_schema("messaging-api.yml", asked.method, asked.path)
    assert faults("messaging-api.yml", schema, asked.body) is None
    ours = {name for name in asked.headers if name.startswith("x-line")}
    assert ours <= headers
    assert bool(ours) == (reply_token is None)


def test_configuration_calls_are_requests_by_the_description(platform: Platform) -> None:
    platform.plan(
        Say(), Say(200, {"endpoint": "https://x.example", "active": True}), Say(200, {"success": True})
    )
    line = account(ChannelType.LINE, platform.url)
    LINE.register(line, "https://x.example/webhooks/line/1")
    LINE.test(line, "https://x.example/webhooks/line/1")
    put, _, test = platform.asked
    for asked in (put, test):
        schema, _ = request_schema("messaging-api.yml", asked.method, asked.path)
        assert faults("messaging-api.yml", schema, asked.body) is None


def test_the_description_tells_a_wrong_request() -> None:
    right = {"to": "U1", "messages": [{"type": "text", "text": "hi"}]}
    assert faults("messaging-api.yml", "PushMessageRequest", right) is None
    item = {"type": "action", "action": {"type": "postback", "label": "a", "data": "b"}}
    quick = {"type": "text", "text": "hi", "quickReply": {"items": [item]}}
    assert faults("messaging-api.yml", "PushMessageRequest", {**right, "messages": [quick]}) is None
    too_many = {**quick, "quickReply": {"items": [item] * 14}}
    misspelt = {**quick, "quickReply": {"items": [{**item, "action": {**item["action"], "dispText": "x"}}]}}  # type: ignore[dict-item]
    for wrong in (
        {"messages": right["messages"]},
        {**right, "messages": []},
        {**right, "messages": right["messages"] * 6},
        {**right, "message": []},
        {**right, "messages": [{"type": "text", "txt": "hi"}]},
        {**right, "messages": [{"type": "texts", "text": "hi"}]},
        {**right, "messages": [too_many]},
        {**right, "messages": [misspelt]},
    ):
        assert faults("messaging-api.yml", "PushMessageRequest", wrong), wrong
