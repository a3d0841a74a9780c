"""The LINE stand-in, driven by line-bot-sdk and, for what the SDK refuses to send, by plain HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from linebot.v3.messaging import (
    ApiClient,
    Configuration,
    MarkMessagesAsReadByTokenRequest,
    MessageAction,
    MessagingApi,
    MessagingApiBlob,
    PostbackAction,
    PushMessageRequest,
    QuickReply,
    QuickReplyItem,
    ReplyMessageRequest,
    SetWebhookEndpointRequest,
    ShowLoadingAnimationRequest,
    TextMessage,
)
from linebot.v3.messaging import TestWebhookEndpointRequest as CallWebhookRequest
from linebot.v3.messaging.exceptions import ApiException, NotFoundException, UnauthorizedException
from linebot.v3.webhook import SignatureValidator, WebhookParser

from tests.sandbox.client import Sandbox
from tests.sandbox.events import line_user_id
from tests.sandbox.line_rules import graphemes
from tests.unit.sandbox.conftest import LINE_SECRET, LINE_TOKEN, Bot

MEI = line_user_id("mei")
TIMES = {"_request_timeout": (3, 5)}


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[MessagingApi]:
    with ApiClient(Configuration(host=sandbox.line_base, access_token=LINE_TOKEN)) as client:
        yield MessagingApi(client)


@pytest.fixture
def raw(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {LINE_TOKEN}"}
    with httpx.Client(base_url=sandbox.line_base, headers=headers, trust_env=False) as client:
        yield client


def push(text: str = "hi", **more: Any) -> dict[str, Any]:
    return {"to": MEI, "messages": [{"type": "text", "text": text, **more}]}


def reply(api: MessagingApi, token: str, text: str = "hi") -> Any:
    return api.reply_message(
        ReplyMessageRequest(replyToken=token, messages=[TextMessage(text=text)]), **TIMES
    )


def test_reply_token_of_an_event_works_once_and_is_recorded(
    api: MessagingApi, sandbox: Sandbox, bot: Bot
) -> None:
    sent = sandbox.send_event("line", user="mei", text="手續費多少")
    assert sent["status"] == 200
    assert sent["user"] == MEI
    assert reply(api, sent["reply_token"], "答案").sent_messages[0].id

    with pytest.raises(ApiException) as refused:
        reply(api, sent["reply_token"])
    assert refused.value.status == 400
    assert "Invalid reply token" in refused.value.body

    [row] = sandbox.received("line")
    assert row["path"] == "/v2/bot/message/reply"
    assert row["to"] == MEI
    assert row["body"]["messages"][0]["text"] == "答案"
    assert LINE_TOKEN not in str(row)
    assert len(sandbox.received("line", all=1)) == 2


def test_webhook_is_what_the_sdk_accepts(sandbox: Sandbox, bot: Bot) -> None:
    sandbox.send_event("line", user="mei", text="你好")
    sandbox.send_event("line", user="mei", choice="a=1")
    sandbox.send_event("line", user="mei", follow=True)
    sandbox.send_event("line", user="mei", kind="sticker")
    parser = WebhookParser(LINE_SECRET)
    kinds = [
        parser.parse(body.decode(), headers["x-line-signature"])[0].type for _, headers, body in bot.posts
    ]
    assert kinds == ["message", "postback", "follow", "message"]

    sandbox.send_event("line", user="mei", text="forged", bad_signature=True)
    _, headers, body = bot.posts[-1]
    assert not SignatureValidator(LINE_SECRET).validate(body.decode(), headers["x-line-signature"])


def test_redelivery_repeats_id_and_token_and_says_so(sandbox: Sandbox, bot: Bot) -> None:
    first = sandbox.send_event("line", user="mei", text="x")
    again = sandbox.send_event("line", event_id=first["event_id"], redelivery=True)
    assert again["reply_token"] == first["reply_token"]
    assert again["event"]["timestamp"] == first["event"]["timestamp"]
    assert again["event"]["deliveryContext"] == {"isRedelivery": True}


def test_any_reply_token_or_only_registered_ones(api: MessagingApi, sandbox: Sandbox) -> None:
    reply(api, "made-by-an-outside-sender")
    with pytest.raises(ApiException):
        reply(api, "made-by-an-outside-sender")
    sandbox.add_line(LINE_TOKEN, LINE_SECRET, any_reply_token=False)
    with pytest.raises(ApiException):
        reply(api, "unknown")
    sandbox.reply_tokens(["registered"])
    reply(api, "registered")


def test_reply_token_expires(api: MessagingApi, sandbox: Sandbox) -> None:
    sandbox.settings(line_reply_token_ttl=0.05)
    sent = sandbox.send_event("line", user="mei", text="x")
    time.sleep(0.1)
    with pytest.raises(ApiException, match="Invalid reply token"):
        reply(api, sent["reply_token"])


def test_retry_key_makes_a_push_once(api: MessagingApi, sandbox: Sandbox) -> None:
    request = PushMessageRequest(to=MEI, messages=[TextMessage(text="hi")])
    key = str(uuid4())
    first = api.push_message_with_http_info(request, x_line_retry_key=key, **TIMES)
    assert first.headers["x-line-request-id"]
    with pytest.raises(ApiException) as conflict:
        api.push_message(request, x_line_retry_key=key, **TIMES)
    assert conflict.value.status == 409
    assert conflict.value.headers["x-line-accepted-request-id"]
    assert first.data.sent_messages[0].id in conflict.value.body
    [row] = sandbox.received("line")
    assert row["headers"]["x-line-retry-key"] == key


def test_retry_key_is_a_uuid_and_not_for_replies(raw: httpx.Client) -> None:
    bad = raw.post("/v2/bot/message/push", json=push(), headers={"X-Line-Retry-Key": "1"})
    assert bad.status_code == 400
    body = {"replyToken": "x", "messages": push()["messages"]}
    key = {"X-Line-Retry-Key": str(uuid4())}
    assert raw.post("/v2/bot/message/reply", json=body, headers=key).status_code == 400
    assert raw.post("/v2/bot/message/reply", json=body).status_code == 200


def action(label: str = "ok", data: str = "d") -> dict[str, Any]:
    return {"type": "action", "action": {"type": "postback", "label": label, "data": data}}


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        ([{"type": "text", "text": "字" * 5000}], 200),
        ([{"type": "text", "text": "😀" * 2501}], 400),
        ([{"type": "text", "text": ""}], 400),
        ([{"type": "nonsense"}], 400),
        ([], 400),
        ([{"type": "text", "text": "x"}] * 5, 200),
        ([{"type": "text", "text": "x"}] * 6, 400),
        ([{"type": "text", "text": "x", "quickReply": {"items": [action()] * 13}}], 200),
        ([{"type": "text", "text": "x", "quickReply": {"items": [action()] * 14}}], 400),
        ([{"type": "text", "text": "x", "quickReply": {"items": []}}], 400),
        ([{"type": "text", "text": "x", "quickReply": {"items": [action("👨‍👩‍👧" * 20)]}}], 200),
        ([{"type": "text", "text": "x", "quickReply": {"items": [action("字" * 21)]}}], 400),
        ([{"type": "text", "text": "x", "quickReply": {"items": [action(data="d" * 301)]}}], 400),
        ([{"type": "image", "originalContentUrl": "http://x/a", "previewImageUrl": "https://x/a"}], 400),
        ([{"type": "flex", "altText": "a", "contents": {"type": "bubble"}}], 200),
        ([{"type": "template", "altText": "a", "template": {"type": "buttons", "text": "t"}}], 400),
    ],
)
def test_message_limits(raw: httpx.Client, messages: list[Any], status: int) -> None:
    answer = raw.post("/v2/bot/message/push", json={"to": MEI, "messages": messages})
    assert answer.status_code == status, answer.text
    validate = raw.post("/v2/bot/message/validate/push", json={"messages": messages})
    assert validate.status_code == status
    if status == 400:
        assert answer.json()["details"][0]["property"].startswith("messages")


def test_tokens_types_and_sizes(raw: httpx.Client, sandbox: Sandbox) -> None:
    path = "/v2/bot/message/push"
    assert raw.post(path, json=push(), headers={"Authorization": "Bearer other"}).status_code == 401
    assert httpx.post(sandbox.line_base + path, json=push(), trust_env=False).status_code == 401
    assert raw.post(path, content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    broken = raw.post(path, content=b'{"to":', headers={"Content-Type": "application/json"})
    assert broken.status_code == 400
    assert "could not be parsed as JSON (line: 1" in broken.json()["message"]
    assert raw.post(path, json=push("x" * (2 * 1024 * 1024))).status_code == 413
    assert raw.post(path, json=push() | {"to": "mei"}).status_code == 400
    assert raw.get("/v2/bot/nothing").status_code == 404
    assert sandbox.received("line") == []


def test_unknown_token_in_sdk(sandbox: Sandbox) -> None:
    with ApiClient(Configuration(host=sandbox.line_base, access_token="wrong")) as client:
        with pytest.raises(UnauthorizedException):
            MessagingApi(client).get_bot_info(**TIMES)
        sandbox.settings(lenient=True)
        assert MessagingApi(client).get_bot_info(**TIMES).user_id.startswith("U")


def test_monthly_limit_and_rate_limit_read_differently(raw: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.add_line(LINE_TOKEN, LINE_SECRET, monthly_limit=1)
    assert raw.post("/v2/bot/message/push", json=push()).status_code == 200
    limited = raw.post("/v2/bot/message/push", json=push())
    assert (limited.status_code, limited.json()["message"]) == (429, "You have reached your monthly limit.")
    assert raw.get("/v2/bot/message/quota").json() == {"type": "limited", "value": 1}
    assert raw.get("/v2/bot/message/quota/consumption").json() == {"totalUsage": 1}
    sandbox.fail("line", "429", path_contains="/reply", retry_after=3)
    rate = raw.post("/v2/bot/message/reply", json={"replyToken": "r", "messages": push()["messages"]})
    assert "rate limit" in rate.json()["message"]
    assert rate.headers["retry-after"] == "3"


def test_blocked_user_gets_nothing_and_the_sender_is_not_told(api: MessagingApi, sandbox: Sandbox) -> None:
    assert api.get_profile(MEI, **TIMES).language == "zh-TW"
    sandbox.send_event("line", user="mei", kind="unfollow")
    api.push_message(PushMessageRequest(to=MEI, messages=[TextMessage(text="hi")]), **TIMES)
    assert sandbox.received("line", path_contains="/push")[0]["delivered"] is False
    with pytest.raises(NotFoundException):
        api.get_profile(MEI, **TIMES)


def test_buttons_loading_and_reading_through_the_sdk(api: MessagingApi, sandbox: Sandbox) -> None:
    items = [
        QuickReplyItem(action=PostbackAction(label="一", data="choice:1", displayText="一")),
        QuickReplyItem(action=MessageAction(label="二", text="二")),
    ]
    message = TextMessage(text="哪一個?", quickReply=QuickReply(items=items))
    api.push_message(PushMessageRequest(to=MEI, messages=[message]), **TIMES)
    loading = api.show_loading_animation_with_http_info(ShowLoadingAnimationRequest(chatId=MEI), **TIMES)
    assert loading.status_code == 202
    with pytest.raises(ApiException):
        api.show_loading_animation(ShowLoadingAnimationRequest(chatId="C" + MEI[1:]), **TIMES)
    api.mark_messages_as_read_by_token(MarkMessagesAsReadByTokenRequest(markAsReadToken="t"), **TIMES)
    assert len(sandbox.received("line", to=MEI)) == 2


def test_media_on_the_same_origin(sandbox: Sandbox) -> None:
    sent = sandbox.send_event("line", user="mei", kind="image")
    with ApiClient(Configuration(host=sandbox.line_base, access_token=LINE_TOKEN)) as client:
        blob = MessagingApiBlob(client)
        assert bytes(blob.get_message_content(sent["message_id"], **TIMES)).startswith(b"\x89PNG")
        with pytest.raises(NotFoundException):
            blob.get_message_content("1", **TIMES)


def test_webhook_address_is_set_read_and_really_called(api: MessagingApi, bot: Bot) -> None:
    api.set_webhook_endpoint(SetWebhookEndpointRequest(endpoint=bot.url + "/2"), **TIMES)
    assert api.get_webhook_endpoint(**TIMES).endpoint == bot.url + "/2"
    ok = api.test_webhook_endpoint(CallWebhookRequest(), **TIMES)
    assert (ok.success, ok.status_code, ok.reason) == (True, 200, "OK")
    path, headers, body = bot.posts[-1]
    assert path.endswith("/2")
    assert b'"events":[]' in body
    assert SignatureValidator(LINE_SECRET).validate(body.decode(), headers["x-line-signature"])

    bot.status = 503
    wrong = api.test_webhook_endpoint(CallWebhookRequest(), **TIMES)
    assert (wrong.success, wrong.reason) == (False, "ERROR_STATUS_CODE")
    dead = CallWebhookRequest(endpoint="http://127.0.0.1:9/x")
    assert api.test_webhook_endpoint(dead, **TIMES).reason == "COULD_NOT_CONNECT"
    with pytest.raises(ApiException):
        api.set_webhook_endpoint(SetWebhookEndpointRequest(endpoint="http://example.com/x"), **TIMES)


@pytest.mark.parametrize(
    ("text", "count"), [("abc", 3), ("字字", 2), ("👍🏽", 1), ("👨‍👩‍👧", 1), ("🇹🇼🇯🇵", 2), ("e\u0301", 1)]
)
def test_graphemes(text: str, count: int) -> None:
    assert graphemes(text) == count
