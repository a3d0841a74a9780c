"""Messenger and Telegram: the calls themselves, long texts in pieces, configuration."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterator

import pytest

from adapters import CHANNELS, limits
from bot.errors import SendError
from bot.model import ChannelType, Profile, Receipt
from tests.contract.channel_cases import USERS, a_text, account, outbound
from tests.contract.platform_stub import Platform, Say
from tests.contract.test_channels_out import bot_api, meta, ok

MESSENGER, TELEGRAM = CHANNELS[ChannelType.MESSENGER], CHANNELS[ChannelType.TELEGRAM]
URL = "https://teller.example/webhooks/x/1"


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    platform = Platform()
    yield platform
    platform.close()


def page(platform: Platform) -> object:
    return account(ChannelType.MESSENGER, platform.url)


def test_a_messenger_send_as_meta_documents_it(platform: Platform) -> None:
    platform.plan(ok(ChannelType.MESSENGER))
    got = MESSENGER.send(page(platform), outbound(ChannelType.MESSENGER))
    assert got == Receipt(("7",), via="send")
    (asked,) = platform.asked
    proof = hmac.digest(b"the-app-secret", b"page-access-token", "sha256").hex()
    assert asked.path == "/v26.0/109000000000001/messages"
    assert asked.body == {
        "recipient": {"id": USERS[ChannelType.MESSENGER]},
        "messaging_type": "RESPONSE",
        "message": {"text": "手續費為新臺幣 15 元。", "metadata": "out:1"},
        "access_token": "page-access-token",
        "appsecret_proof": proof,
    }


def test_only_the_last_piece_carries_our_id_so_its_echo_proves_all(platform: Platform) -> None:
    platform.plan(*[ok(ChannelType.MESSENGER, n) for n in range(4)])
    got = MESSENGER.send(page(platform), outbound(ChannelType.MESSENGER, a_text("一句話。" * 1200)))
    marks = [asked.body["message"].get("metadata") for asked in platform.asked]
    assert len(marks) >= 3
    assert marks == [None] * (len(marks) - 1) + ["out:1"]
    assert len(got.platform_ids) == len(marks)


def test_a_later_piece_that_is_held_up_is_sent_after_a_moment(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(limits, "sleep", waits.append)
    slow = Say(429, bot_api(429, "Too Many Requests", retry_after=2))
    platform.plan(ok(ChannelType.TELEGRAM, 1), slow, ok(ChannelType.TELEGRAM, 2))
    bot = account(ChannelType.TELEGRAM, platform.url)
    got = TELEGRAM.send(bot, outbound(ChannelType.TELEGRAM, a_text("字" * 5000)))
    assert (got.platform_ids, waits) == (("1", "2"), [2.0])


@pytest.mark.parametrize("fault", [Say(403, bot_api(403, "Forbidden: blocked")), Say(drop=True)])
def test_half_a_long_text_is_neither_sent_nor_unsent(platform: Platform, fault: Say) -> None:
    platform.plan(ok(ChannelType.TELEGRAM), fault)
    with pytest.raises(SendError) as caught:
        TELEGRAM.send(
            account(ChannelType.TELEGRAM, platform.url), outbound(ChannelType.TELEGRAM, a_text("字" * 5000))
        )
    error = caught.value
    assert (error.code, error.retryable, error.outcome_known) == ("partly_sent", False, False)


def test_messenger_profiles(platform: Platform) -> None:
    for names, shown in (
        ({"first_name": "Mei", "last_name": "Lin"}, "Mei Lin"),
        ({"first_name": "小明", "last_name": "王"}, "王小明"),
    ):
        platform.plan(Say(200, names))
        assert MESSENGER.profile(page(platform), "65") == Profile(shown)
        assert platform.asked[0].query["fields"] == "first_name,last_name"
        assert platform.asked[0].headers["authorization"] == "Bearer page-access-token"
    for nothing in (Say(200, {}), Say(400, meta(100, 2018218)), Say(drop=True)):
        platform.plan(nothing)
        assert MESSENGER.profile(page(platform), "65") is None


def test_messenger_configuration(platform: Platform) -> None:
    platform.plan(Say(200, {"id": "109000000000001", "name": "富安"}))
    assert "富安" in MESSENGER.check(page(platform))
    platform.plan(Say(200, {"success": True}), Say(200, {"result": "success"}))
    said = MESSENGER.register(page(platform), URL)
    assert URL in said
    assert "verify-me" in said
    assert platform.asked[0].path == "/v26.0/109000000000001/subscribed_apps"
    assert platform.asked[1].body["get_started"] == {"payload": "GET_STARTED"}
    platform.plan(Say(200, {"data": [{"subscribed_fields": ["messages"]}]}))
    with pytest.raises(
        SendError, match="message_echoes, message_edits, messaging_account_linking, messaging_postbacks"
    ):
        MESSENGER.test(page(platform), URL)


def test_telegram_configuration(platform: Platform) -> None:
    bot = account(ChannelType.TELEGRAM, platform.url)
    me = {"id": 1, "is_bot": True, "first_name": "Shop", "username": "shop_bot"}
    platform.plan(Say(200, {"ok": True, "result": me}))
    assert "@shop_bot" in TELEGRAM.check(bot)
    platform.plan(Say(200, {"ok": True, "result": True}))
    TELEGRAM.register(bot, URL)
    updates = ["message", "edited_message", "callback_query", "my_chat_member"]
    assert platform.asked[0].body == {
        "url": URL,
        "secret_token": "webhook-secret_1",
        "allowed_updates": updates,
    }
    state = {"url": URL, "has_custom_certificate": False, "pending_update_count": 0}
    platform.plan(Say(200, {"ok": True, "result": state}))
    assert "0 updates" in TELEGRAM.test(bot, URL)
    broken = {
        **state,
        "pending_update_count": 3,
        "last_error_date": 1,
        "last_error_message": "502 Bad Gateway",
    }
    platform.plan(Say(200, {"ok": True, "result": broken}))
    with pytest.raises(SendError, match="502 Bad Gateway"):
        TELEGRAM.test(bot, URL)
    platform.plan(Say(200, {"ok": True, "result": {**state, "url": ""}}))
    with pytest.raises(SendError, match="register"):
        TELEGRAM.test(bot, URL)
    with pytest.raises(SendError, match="secret"):
        TELEGRAM.register(account(ChannelType.TELEGRAM, platform.url, secrets={"token": "1:a"}), URL)


def test_telegram_spinner_is_stopped_and_never_raises(platform: Platform) -> None:
    bot = account(ChannelType.TELEGRAM, platform.url)
    update = b'{"update_id":1,"callback_query":{"id":"77","from":{"id":5},"data":"offer:1:0"}}'
    (pressed,) = TELEGRAM.parse(bot, update, [])
    answers = [
        Say(200, {"ok": True, "result": True}),
        Say(400, bot_api(400, "query is too old")),
        Say(drop=True),
    ]
    platform.plan(*answers)
    for _ in answers:
        TELEGRAM.acknowledge(bot, pressed)
    assert [asked.body for asked in platform.asked] == [{"callback_query_id": "77"}] * 3


def test_a_telegram_200_the_library_cannot_read_is_still_sent(platform: Platform) -> None:
    platform.plan(Say(200, {"ok": True, "result": {"odd": 1}}))
    got = TELEGRAM.send(account(ChannelType.TELEGRAM, platform.url), outbound(ChannelType.TELEGRAM))
    assert got == Receipt((), via="send")


@pytest.mark.parametrize("name", [ChannelType.LINE, ChannelType.MESSENGER, ChannelType.TELEGRAM])
def test_many_threads_send_at_once(platform: Platform, name: ChannelType) -> None:
    platform.plan(*[ok(name, n) for n in range(40)])
    target, got, lock = account(name, platform.url), [], threading.Lock()

    def work() -> None:
        for _ in range(5):
            receipt = CHANNELS[name].send(target, outbound(name))
            with lock:
                got.extend(receipt.platform_ids)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, got)) == list(range(40))
