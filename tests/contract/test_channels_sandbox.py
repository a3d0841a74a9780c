"""Adapters against the strict stand-ins: what we send is what a strict platform takes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters import CHANNELS
from bot.errors import SendError
from bot.model import ChannelAccount, ChannelType, Kind, Receipt
from tests.contract.channel_cases import SECRETS, USERS, a_text, account, outbound
from tests.contract.platform_stub import Platform, Say
from tests.sandbox.client import Sandbox

LINE, MESSENGER, TELEGRAM = ChannelType.LINE, ChannelType.MESSENGER, ChannelType.TELEGRAM
SENDING = (LINE, MESSENGER, TELEGRAM)
HOOK = "https://teller.example/webhooks/x/1"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    home: Path = tmp_path_factory.mktemp("sandbox")
    with Sandbox.start(home) as sandbox:
        sandbox.add_line(SECRETS[LINE]["token"], SECRETS[LINE]["secret"])
        page = SECRETS[MESSENGER]
        sandbox.add_messenger(
            "109000000000001",
            page["page_token"],
            page["app_secret"],
            page["verify_token"],
            require_proof=True,
        )
        sandbox.add_telegram(SECRETS[TELEGRAM]["token"], SECRETS[TELEGRAM]["webhook_secret"])
        for name in SENDING:
            sandbox.user(name.value, USERS[name], known=True)
        yield sandbox


def at(sandbox: Sandbox, name: ChannelType) -> ChannelAccount:
    bases = {LINE: sandbox.line_base, MESSENGER: sandbox.messenger_base, TELEGRAM: sandbox.telegram_base}
    return account(name, bases[name])


def send(sandbox: Sandbox, name: ChannelType, *texts: object, **changes: object) -> Receipt:
    return CHANNELS[name].send(at(sandbox, name), outbound(name, *texts, **changes))


@pytest.mark.parametrize("name", SENDING)
def test_texts_long_texts_and_buttons_are_taken(sandbox: Sandbox, name: ChannelType) -> None:
    title = "提前清償信用貸款時違約金如何計算,哪些情形可以免收?" * 3
    choices = ((title, "offer:5f1e:0"), ("利率", "offer:5f1e:1"), ("👨‍👩‍👧‍👦" * 12, "offer:5f1e:2"))
    for number, text in enumerate((a_text(), a_text("句子在此。\n" * 900), a_text("想問哪一項?", *choices))):
        before = sandbox.last()
        receipt = send(sandbox, name, text, id=f"taken:{number}")
        assert receipt.platform_ids
        assert sandbox.received(name.value, since=before)


@pytest.mark.parametrize("name", SENDING)
def test_check_register_and_profile_calls_are_taken(sandbox: Sandbox, name: ChannelType) -> None:
    channel, there = CHANNELS[name], at(sandbox, name)
    assert channel.check(there)
    assert channel.register(there, HOOK)
    sandbox.user(name.value, USERS[name], display_name="Mei")
    assert name is TELEGRAM or channel.profile(there, USERS[name])


def test_a_line_token_works_once_and_the_second_time_proves_the_first(sandbox: Sandbox) -> None:
    token = secrets.token_hex(16)
    sandbox.reply_tokens({token: USERS[LINE]})
    assert send(sandbox, LINE, reply_token=token, id="r:1").via == "reply"
    assert send(sandbox, LINE, reply_token=token, id="r:1", again=True).via == "reply"
    with pytest.raises(SendError, match="too old"):
        send(sandbox, LINE, reply_token=token, id="r:2")
    assert send(sandbox, LINE, id="r:2").via == "push"


@pytest.mark.parametrize("mode", ["500_after", "drop_after"])
def test_a_line_push_whose_answer_was_lost_is_said_once(sandbox: Sandbox, mode: str) -> None:
    before = sandbox.last()
    sandbox.fail("line", mode, path_contains="push")
    with pytest.raises(SendError) as caught:
        send(sandbox, LINE, id=f"once:{mode}")
    assert (caught.value.retryable, caught.value.outcome_known) == (True, False)
    assert send(sandbox, LINE, id=f"once:{mode}").via == "push"
    assert len(sandbox.received("line", since=before, path_contains="push")) == 1


@pytest.mark.parametrize("name", SENDING)
def test_a_platform_that_asks_to_slow_down_is_obeyed(sandbox: Sandbox, name: ChannelType) -> None:
    sandbox.fail(name.value, "429", retry_after=4)
    with pytest.raises(SendError) as caught:
        send(sandbox, name, id="slow:1")
    fault = caught.value
    assert (fault.code, fault.retryable, fault.outcome_known) == ("rate_limited", True, True)
    assert fault.retry_after in (4, None)


@pytest.mark.parametrize("name", SENDING)
def test_events_made_by_the_stand_ins_verify_and_parse(
    sandbox: Sandbox, platform: Platform, name: ChannelType
) -> None:
    channel, there = CHANNELS[name], at(sandbox, name)
    wishes = (
        {"text": "手續費?"},
        {"follow": True},
        {"choice": "offer:1:0", "title": "利率"},
        {"kind": "image"},
    )
    kinds = []
    for wish in wishes:
        platform.plan(Say(200))
        sandbox.send_event(name.value, user=USERS[name], url=platform.url, **wish)
        (posted,) = platform.asked
        channel.verify(there, posted.headers, posted.raw)
        (inbound,) = channel.parse(there, posted.raw, [there])
        assert inbound.user_id == USERS[name]
        kinds.append(inbound.kind)
    assert kinds == [Kind.TEXT, Kind.FOLLOW, Kind.CHOICE, Kind.OTHER]


@pytest.mark.parametrize("name", [MESSENGER, TELEGRAM])
def test_a_user_who_blocked_us_is_told_apart(sandbox: Sandbox, name: ChannelType) -> None:
    sandbox.block(name.value, USERS[name])
    try:
        with pytest.raises(SendError) as caught:
            send(sandbox, name)
        assert (caught.value.code, caught.value.retryable) == ("blocked", False)
    finally:
        sandbox.block(name.value, USERS[name], blocked=False)
