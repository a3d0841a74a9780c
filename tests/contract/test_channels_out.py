"""Every channel that sends: each answer of its platform is the right decision, and secrets stay in."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import pytest

from adapters import CHANNELS, http
from bot.errors import SendError
from bot.model import ChannelType, Receipt
from tests.contract.channel_cases import SECRETS, USERS, a_text, account, outbound
from tests.contract.platform_stub import Platform, Say, closed_port

LINE, MESSENGER, TELEGRAM = ChannelType.LINE, ChannelType.MESSENGER, ChannelType.TELEGRAM
SENDING = (LINE, MESSENGER, TELEGRAM)
HTML = b"<html>a proxy</html>"


def ok(name: ChannelType, number: int = 7) -> Say:
    chat = {"id": int(USERS[TELEGRAM]), "type": "private"}
    return Say(
        200,
        {
            LINE: {"sentMessages": [{"id": str(number), "quoteToken": "q"}]},
            MESSENGER: {"recipient_id": USERS[MESSENGER], "message_id": str(number)},
            TELEGRAM: {
                "ok": True,
                "result": {"message_id": number, "date": 1795340000, "chat": chat, "text": "x"},
            },
        }[name],
    )


def line(message: str) -> dict[str, Any]:
    return {"message": message}


def meta(code: int, sub: int | None = None, **more: Any) -> dict[str, Any]:
    error = {"message": f"({code}) about user {USERS[MESSENGER]}", "type": "OAuthException", "code": code}
    return {"error": {**error, **({"error_subcode": sub} if sub else {}), **more}}


def bot_api(code: int, description: str, **parameters: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return {**body, "parameters": parameters} if parameters else body


@dataclass(frozen=True, slots=True)
class Row:
    name: ChannelType
    say: Say
    code: str
    retryable: bool
    known: bool = True
    wait: float | None = None


LIMIT = "The API rate limit has been exceeded. Try again later."
TABLE = [
    Row(LINE, Say(400, line("The request body has 1 error(s)")), "rejected", False),
    Row(LINE, Say(400, line("Failed to send messages")), "unknown_user", False),
    Row(LINE, Say(401, line("Authentication failed")), "bad_token", False),
    Row(LINE, Say(403, line("Access to this API is not available")), "forbidden", False),
    Row(LINE, Say(413, HTML), "too_long", False),
    Row(LINE, Say(429, line("You have reached your monthly limit.")), "quota", False),
    Row(LINE, Say(429, line(LIMIT)), "rate_limited", True),
    Row(LINE, Say(429, line(LIMIT), {"Retry-After": "9"}), "rate_limited", True, True, 9),
    Row(LINE, Say(500, line("Internal error")), "platform_down", True, False),
    Row(LINE, Say(502, HTML), "platform_down", True, False),
    Row(LINE, Say(200, HTML), "no_answer", True, False),
    Row(LINE, Say(drop=True), "no_answer", True, False),
    Row(MESSENGER, Say(400, meta(10, 2018278)), "window_closed", False),
    Row(MESSENGER, Say(400, meta(10, 2534022)), "window_closed", False),
    Row(MESSENGER, Say(400, meta(551)), "blocked", False),
    Row(MESSENGER, Say(400, meta(551, 1545041)), "blocked", False),
    Row(MESSENGER, Say(400, meta(200, 1545041)), "blocked", False),
    Row(MESSENGER, Say(400, meta(10, 2018108)), "blocked", False),
    Row(MESSENGER, Say(400, meta(100, 2018001)), "unknown_user", False),
    Row(MESSENGER, Say(400, meta(100, 2018109)), "too_long", False),
    Row(MESSENGER, Say(400, meta(100)), "rejected", False),
    Row(MESSENGER, Say(401, meta(190, 463)), "bad_token", False),
    Row(MESSENGER, Say(403, meta(10)), "forbidden", False),
    Row(MESSENGER, Say(403, meta(200)), "forbidden", False),
    Row(MESSENGER, Say(403, meta(299)), "forbidden", False),
    Row(MESSENGER, Say(403, meta(10, 2018300)), "thread_elsewhere", False),
    Row(MESSENGER, Say(400, meta(10, 1893063)), "page_restricted", False),
    Row(MESSENGER, Say(400, meta(4)), "rate_limited", True),
    Row(MESSENGER, Say(400, meta(613, 2018338), {"Retry-After": "5"}), "rate_limited", True, True, 5),
    Row(MESSENGER, Say(400, meta(32)), "rate_limited", True),
    Row(MESSENGER, Say(400, meta(368)), "rate_limited", True, True, 3600),
    Row(MESSENGER, Say(500, meta(1)), "platform_down", True),
    Row(MESSENGER, Say(500, meta(1, 1357046)), "no_answer", False, False),
    Row(MESSENGER, Say(500, meta(2)), "platform_down", True),
    Row(MESSENGER, Say(400, meta(999, is_transient=True)), "platform_down", True),
    Row(MESSENGER, Say(503, HTML), "platform_down", True),
    Row(MESSENGER, Say(504, HTML), "no_answer", False, False),
    Row(MESSENGER, Say(200, HTML), "no_answer", False, False),
    Row(MESSENGER, Say(drop=True), "no_answer", False, False),
    Row(TELEGRAM, Say(400, bot_api(400, "Bad Request: chat not found")), "unknown_user", False),
    Row(TELEGRAM, Say(400, bot_api(400, "Bad Request: message is too long")), "too_long", False),
    Row(TELEGRAM, Say(400, bot_api(400, "Bad Request: can't parse entities")), "rejected", False),
    Row(TELEGRAM, Say(400, bot_api(400, "upgraded", migrate_to_chat_id=-5)), "unknown_user", False),
    Row(TELEGRAM, Say(401, bot_api(401, "Unauthorized")), "bad_token", False),
    Row(TELEGRAM, Say(404, bot_api(404, "Not Found")), "bad_token", False),
    Row(TELEGRAM, Say(403, bot_api(403, "Forbidden: bot was blocked by the user")), "blocked", False),
    Row(TELEGRAM, Say(403, bot_api(403, "Forbidden: user is deactivated")), "blocked", False),
    Row(TELEGRAM, Say(409, bot_api(409, "Conflict: terminated by other getUpdates")), "conflict", False),
    Row(
        TELEGRAM, Say(429, bot_api(429, "Too Many Requests: retry after 7", retry_after=7)),
        "rate_limited", True, True, 7,
    ),
    Row(TELEGRAM, Say(500, bot_api(500, "Internal Server Error")), "platform_down", True),
    Row(TELEGRAM, Say(502, HTML), "platform_down", True),
    Row(TELEGRAM, Say(504, HTML), "no_answer", False, False),
    Row(TELEGRAM, Say(200, HTML), "no_answer", False, False),
    Row(TELEGRAM, Say(200, bot_api(403, "Forbidden: bot was blocked by the user")), "blocked", False),
    Row(TELEGRAM, Say(drop=True), "no_answer", False, False),
]  # fmt: skip


def send(name: ChannelType, base: str, *texts: Any, **changes: Any) -> Receipt:
    return CHANNELS[name].send(account(name, base), outbound(name, *texts, **changes))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.name}-{row.say.status}-{row.code}")
def test_an_answer_is_the_right_decision(platform: Platform, row: Row) -> None:
    platform.plan(row.say)
    with pytest.raises(SendError) as caught:
        send(row.name, platform.url)
    fault = caught.value
    got = (fault.code, fault.retryable, fault.outcome_known, fault.retry_after)
    assert got == (row.code, row.retryable, row.known, row.wait)
    assert len(platform.asked) == 1
    _holds_no_secret(row.name, f"{fault!r} {fault} {fault.detail} {fault.__cause__!r}")


def _holds_no_secret(name: ChannelType, text: str) -> None:
    for secret in (*SECRETS[name].values(), USERS[name], "手續費"):
        assert secret not in text


@pytest.mark.parametrize("name", SENDING)
def test_nobody_listening_is_a_known_outcome(name: ChannelType) -> None:
    with pytest.raises(SendError) as caught:
        send(name, closed_port())
    assert (caught.value.code, caught.value.retryable, caught.value.outcome_known) == (
        "unreachable",
        True,
        True,
    )
    _holds_no_secret(name, str(caught.value))


@pytest.mark.parametrize("name", SENDING)
def test_a_timeout_is_an_unknown_outcome(
    platform: Platform, name: ChannelType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "READ_SECONDS", 0.2)
    platform.plan(Say(200, {}, hang=0.6))
    with pytest.raises(SendError) as caught:
        send(name, platform.url)
    assert (caught.value.code, caught.value.outcome_known) == ("no_answer", False)
    # Only LINE can tell a repetition; for the others repeating would say it twice.
    assert caught.value.retryable is (name is LINE)


@pytest.mark.parametrize("name", SENDING)
@pytest.mark.parametrize("base", ["no-scheme", "http://[", "ftp://127.0.0.1"])
def test_an_address_that_is_none_is_permanent(name: ChannelType, base: str) -> None:
    with pytest.raises(SendError) as caught:
        send(name, base)
    assert caught.value.retryable is False


@pytest.mark.parametrize("name", SENDING)
def test_nothing_personal_is_logged_even_at_debug(
    platform: Platform, name: ChannelType, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        platform.plan(ok(name), Say(500, HTML), Say(drop=True))
        send(name, platform.url)
        for _ in range(2):
            with pytest.raises(SendError):
                send(name, platform.url)
        CHANNELS[name].profile(account(name, closed_port()), USERS[name])
    _holds_no_secret(name, caplog.text)


@pytest.mark.parametrize("name", SENDING)
def test_no_secret_stands_in_an_address(platform: Platform, name: ChannelType) -> None:
    platform.plan(ok(name))
    send(name, platform.url)
    (asked,) = platform.asked
    address = f"{asked.path} {asked.query}"
    secrets = dict(SECRETS[name])
    if name is TELEGRAM:
        # The Bot API has the token in its path; there is no other way.
        assert asked.path == f"/bot{secrets.pop('token')}/sendMessage"
    assert not any(secret in address for secret in secrets.values())


@pytest.mark.parametrize("name", SENDING)
def test_a_text_at_the_limit_goes_out_whole_and_a_longer_one_in_pieces(
    platform: Platform, name: ChannelType
) -> None:
    limits = CHANNELS[name].capabilities
    for text in ("字" * limits.text, "字" * (limits.text - 1) + "😀", "每筆交易皆須確認。\n\n" * 400):
        platform.plan(*[ok(name)] * 5)
        send(name, platform.url, a_text(text))
        texts = [piece for asked in platform.asked for piece in _texts(name, asked.body)]
        assert "".join(texts) == text
        assert all(len(piece.encode("utf-16-le")) // 2 <= limits.text for piece in texts)


def _texts(name: ChannelType, body: dict[str, Any]) -> list[str]:
    if name is LINE:
        return [message["text"] for message in body["messages"]]
    return [body["message"]["text"] if name is MESSENGER else body["text"]]


def _buttons(name: ChannelType, body: dict[str, Any]) -> list[tuple[str, str]]:
    if name is LINE:
        items = body["messages"][-1].get("quickReply", {}).get("items", [])
        return [(item["action"]["label"], item["action"]["data"]) for item in items]
    if name is MESSENGER:
        return [(item["title"], item["payload"]) for item in body["message"].get("quick_replies", [])]
    rows = body.get("reply_markup", {}).get("inline_keyboard", [])
    return [(button["text"], button["callback_data"]) for row in rows for button in row]


@pytest.mark.parametrize("name", SENDING)
class TestButtons:
    def test_labels_that_fit_are_the_titles(self, platform: Platform, name: ChannelType) -> None:
        platform.plan(ok(name))
        buttons = (("手續費", "offer:1:0"), ("利率", "offer:1:1"))
        send(name, platform.url, a_text("想問哪一項?", *buttons))
        (asked,) = platform.asked
        assert _buttons(name, asked.body) == list(buttons)
        assert _texts(name, asked.body) == ["想問哪一項?"]

    def test_titles_too_long_for_a_label_stand_in_full_in_the_text(
        self, platform: Platform, name: ChannelType
    ) -> None:
        long = "提前清償信用貸款時違約金如何計算?" * 4
        platform.plan(ok(name))
        send(name, platform.url, a_text("哪一項?", (long, "offer:1:0"), ("利率", "offer:1:1")))
        (asked,) = platform.asked
        assert _texts(name, asked.body) == [f"哪一項?\n\n1. {long}\n2. 利率"]
        (first, value), second = _buttons(name, asked.body)
        assert first.startswith("1. 提前清償")
        assert first.endswith("…")
        assert len(first) <= CHANNELS[name].capabilities.label
        assert (value, second) == ("offer:1:0", ("2. 利率", "offer:1:1"))

    def test_buttons_hang_on_the_last_piece(self, platform: Platform, name: ChannelType) -> None:
        platform.plan(*[ok(name)] * 5)
        send(name, platform.url, a_text("長句。" * 2000, ("手續費", "offer:1:0")))
        *before, last = platform.asked
        assert _buttons(name, last.body) == [("手續費", "offer:1:0")]
        assert not any(_buttons(name, asked.body) for asked in before)

    def test_what_cannot_be_shown_is_refused_not_dropped(self, platform: Platform, name: ChannelType) -> None:
        limits = CHANNELS[name].capabilities
        for texts in (
            a_text("x", *[(str(n), str(n)) for n in range(limits.buttons + 1)]),
            a_text("x", ("a", "v" * (limits.value + 1))),
            a_text(" \n"),
        ):
            with pytest.raises(SendError) as caught:
                send(name, platform.url, texts)
            assert caught.value.retryable is False
        assert platform.asked == []


def test_web_visitors_fetch_so_nothing_is_sent() -> None:
    assert CHANNELS[ChannelType.WEB].capabilities.pulls
    with pytest.raises(SendError):
        send(ChannelType.WEB, "http://127.0.0.1:9")
