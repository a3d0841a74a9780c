"""The Telegram stand-in, driven by python-telegram-bot and by plain HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import telegram
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, RetryAfter
from telegram.request import HTTPXRequest

from tests.sandbox.client import Sandbox
from tests.unit.sandbox.conftest import TELEGRAM_TOKEN, Bot

MEI = 8_589_934_592_001
Run = Callable[[Callable[[telegram.Bot], Awaitable[Any]]], Any]


def runner(sandbox: Sandbox, token: str) -> Run:
    async def call(work: Callable[[telegram.Bot], Awaitable[Any]]) -> Any:
        base = sandbox.telegram_base
        options = {"trust_env": False}
        async with HTTPXRequest(connect_timeout=3, read_timeout=5, httpx_kwargs=options) as request:
            bot = telegram.Bot(
                token, base_url=base + "/bot", base_file_url=base + "/file/bot", request=request
            )
            return await work(bot)

    return lambda work: asyncio.run(call(work))


@pytest.fixture
def tg(sandbox: Sandbox) -> Run:
    return runner(sandbox, TELEGRAM_TOKEN)


def test_send_is_recorded_without_the_token(tg: Run, sandbox: Sandbox) -> None:
    sent = tg(lambda b: b.send_message(MEI, "[1] 您好"))
    assert (sent.text, sent.chat.id) == ("[1] 您好", MEI)
    [row] = sandbox.received("telegram", to=str(MEI))
    assert row["body"]["text"] == "[1] 您好"
    assert row["path"] == "/bot<token>/sendMessage"
    assert "AAsandbox" not in str(row)


def test_tokens(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidToken):
        runner(sandbox, "9:unknown")(lambda b: b.get_me())
    answer = httpx.get(sandbox.telegram_base + "/bot9:unknown/getMe", trust_env=False)
    assert answer.status_code == 401
    assert answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    bare = httpx.get(f"{sandbox.telegram_base}/bot{TELEGRAM_TOKEN}/nothing", trust_env=False)
    assert bare.status_code == 404


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"chat_id": 1, "text": "x" * 4096}, None),
        ({"chat_id": 1, "text": "x" * 4097}, "message is too long"),
        ({"chat_id": 1, "text": "<b>" + "x" * 4096 + "</b>", "parse_mode": "HTML"}, None),
        ({"chat_id": 1, "text": "<p>x</p>", "parse_mode": "HTML"}, "can't parse entities"),
        ({"chat_id": 1, "text": "1. x", "parse_mode": "MarkdownV2"}, "is reserved"),
        ({"chat_id": 1, "text": " "}, "message text is empty"),
        ({"text": "x"}, "chat_id is empty"),
        ({"chat_id": "mei", "text": "x"}, "chat not found"),
    ],
)
def test_text_limits(sandbox: Sandbox, values: dict[str, Any], says: str | None) -> None:
    url = f"{sandbox.telegram_base}/bot{TELEGRAM_TOKEN}/sendMessage"
    for answer in (
        httpx.post(url, json=values, trust_env=False),
        httpx.post(url, data=values, trust_env=False),
    ):
        assert answer.json()["ok"] is (says is None), answer.text
        assert says is None or says in answer.json()["description"]


def test_callback_data_is_counted_in_bytes(tg: Run) -> None:
    def keyboard(data: str) -> telegram.InlineKeyboardMarkup:
        return telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("ok", callback_data=data)]])

    tg(lambda b: b.send_message(1, "?", reply_markup=keyboard("字" * 21)))
    with pytest.raises(BadRequest, match=r"(?i)button_data_invalid"):
        tg(lambda b: b.send_message(1, "?", reply_markup=keyboard("字" * 22)))


def test_blocked_unknown_and_too_many(tg: Run, sandbox: Sandbox) -> None:
    sandbox.block("telegram", str(MEI))
    with pytest.raises(Forbidden, match="blocked by the user"):
        tg(lambda b: b.send_message(MEI, "x"))
    sandbox.block("telegram", str(MEI), blocked=False)
    tg(lambda b: b.send_message(MEI, "x"))
    sandbox.user("telegram", "5", known=False)
    with pytest.raises(BadRequest, match=r"(?i)chat not found"):
        tg(lambda b: b.send_message(5, "x"))
    sandbox.fail("telegram", "429", retry_after=7)
    with pytest.raises(RetryAfter) as wait:
        tg(lambda b: b.send_message(MEI, "x"))
    assert wait.value._retry_after.total_seconds() == 7


def test_webhook_is_stored_and_used(tg: Run, sandbox: Sandbox, bot: Bot) -> None:
    updates = ["message", "callback_query"]
    assert tg(lambda b: b.set_webhook(bot.url, secret_token="s3cret", allowed_updates=updates))
    info = tg(lambda b: b.get_webhook_info())
    assert (info.url, list(info.allowed_updates)) == (bot.url, updates)
    with pytest.raises(Conflict):
        tg(lambda b: b.get_updates())

    sent = sandbox.send_event("telegram", user="mei", text="/start abc")
    sandbox.send_event("telegram", user="mei", choice="track:42", message_id=370)
    sandbox.send_event("telegram", user="mei", kind="photo")
    sandbox.send_event("telegram", user="mei", kind="block")
    assert {headers["x-telegram-bot-api-secret-token"] for _, headers, _ in bot.posts} == {"s3cret"}
    start, choice, photo, left = [telegram.Update.de_json(json.loads(b), None) for _, _, b in bot.posts]
    assert start.message.text == "/start abc"
    assert start.message.from_user.id == int(sent["user"]) > 2**32
    assert (choice.callback_query.data, choice.callback_query.message.message_id) == ("track:42", 370)
    assert photo.message.photo
    assert left.my_chat_member.new_chat_member.status == "kicked"
    assert len({start.update_id, choice.update_id, photo.update_id, left.update_id}) == 4
    assert tg(lambda b: b.answer_callback_query(choice.callback_query.id))

    bot.status = 500
    assert sandbox.send_event("telegram", user="mei", text="x")["status"] == 500
    assert "500" in tg(lambda b: b.get_webhook_info()).last_error_message
    assert tg(lambda b: b.delete_webhook())
    assert tg(lambda b: b.get_webhook_info()).url == ""
    with pytest.raises(BadRequest, match="https"):
        tg(lambda b: b.set_webhook("http://example.com/x"))


def test_files(tg: Run, sandbox: Sandbox, bot: Bot) -> None:
    tg(lambda b: b.set_webhook(bot.url))
    sent = sandbox.send_event("telegram", user="mei", kind="document")

    async def download(b: telegram.Bot) -> bytes:
        file = await b.get_file(sent["event"]["message"]["document"]["file_id"])
        return bytes(await file.download_as_bytearray())

    assert tg(download).startswith(b"\x89PNG")
    sandbox.call("POST", "media", {"channel": "telegram", "id": "big", "too_big": True})
    with pytest.raises(BadRequest, match="too big"):
        tg(lambda b: b.get_file("big"))


def test_answering_unknown_queries_can_be_refused(tg: Run, sandbox: Sandbox) -> None:
    assert tg(lambda b: b.answer_callback_query("made-elsewhere"))
    sandbox.add_telegram(TELEGRAM_TOKEN, any_callback_query=False)
    with pytest.raises(BadRequest, match="too old"):
        tg(lambda b: b.answer_callback_query("made-elsewhere"))
