"""LINE: reply token first, push with a retry key after, and what a repeated attempt proves."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest

from adapters import CHANNELS
from bot.errors import SendError
from bot.model import ChannelType, Profile, Receipt
from tests.contract.channel_cases import a_text, account, outbound
from tests.contract.platform_stub import Platform, Say

LINE = CHANNELS[ChannelType.LINE]
REPLY, PUSH = "/v2/bot/message/reply", "/v2/bot/message/push"
SENT = Say(200, {"sentMessages": [{"id": "1"}, {"id": "2"}]})
SPENT = Say(400, {"message": "Invalid reply token"})


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    platform = Platform()
    yield platform
    platform.close()


def send(platform: Platform, *answers: Say, **changes: object) -> Receipt:
    platform.plan(*answers)
    return LINE.send(account(ChannelType.LINE, platform.url), outbound(ChannelType.LINE, **changes))


def paths(platform: Platform) -> list[str]:
    return [asked.path for asked in platform.asked]


def test_a_reply_token_is_used_first_and_carries_no_retry_key(platform: Platform) -> None:
    assert send(platform, SENT, reply_token="r1") == Receipt(("1", "2"), via="reply")
    (asked,) = platform.asked
    assert asked.path == REPLY
    assert "x-line-retry-key" not in asked.headers
    assert asked.headers["authorization"] == "Bearer line-access-token"


def test_a_token_too_old_is_told_to_the_caller_who_pushes(platform: Platform) -> None:
    with pytest.raises(SendError) as caught:
        send(platform, SPENT, reply_token="r1")
    assert caught.value.code == "reply_token_invalid"
    assert paths(platform) == [REPLY]
    assert send(platform, SENT).via == "push"
    assert paths(platform) == [PUSH]


def test_a_token_spent_by_an_earlier_attempt_proves_that_it_went_out(platform: Platform) -> None:
    assert send(platform, SPENT, reply_token="r1", again=True) == Receipt((), via="reply")
    assert paths(platform) == [REPLY]


def test_a_reply_without_an_answer_may_be_tried_again_but_is_not_pushed(platform: Platform) -> None:
    with pytest.raises(SendError) as caught:
        send(platform, Say(drop=True), reply_token="r1")
    assert (caught.value.retryable, caught.value.outcome_known) == (True, False)
    assert paths(platform) == [REPLY]


def test_every_attempt_of_a_push_has_the_same_key_and_body(platform: Platform) -> None:
    keys, bodies = set(), set()
    for _ in range(3):
        send(platform, SENT)
        keys.add(platform.asked[0].headers["x-line-retry-key"])
        bodies.add(platform.asked[0].raw)
    send(platform, SENT, id="out:2")
    other = platform.asked[0].headers["x-line-retry-key"]
    assert len(keys) == len(bodies) == 1
    assert other not in keys
    assert all(str(uuid.UUID(key)) == key for key in {*keys, other})


def test_the_retry_key_of_an_id_never_changes(platform: Platform) -> None:
    send(platform, SENT)
    assert platform.asked[0].headers["x-line-retry-key"] == "b1601f4c-e8de-5013-91e6-9460b2d33fa3"


def test_409_is_success(platform: Platform) -> None:
    body = {"message": "The retry key is already accepted", "sentMessages": [{"id": "461230966842064897"}]}
    assert send(platform, Say(409, body)) == Receipt(("461230966842064897",), via="push")


def test_a_200_the_sdk_cannot_read_is_still_sent(platform: Platform) -> None:
    assert send(platform, Say(200, {})) == Receipt((), via="push")


def test_more_than_five_messages_are_refused_before_anything_goes_out(platform: Platform) -> None:
    with pytest.raises(SendError) as caught:
        send(platform, messages=(a_text("字" * 25_001),))
    assert (caught.value.code, platform.asked) == ("too_long", [])


def test_a_profile(platform: Platform) -> None:
    line = account(ChannelType.LINE, platform.url)
    platform.plan(Say(200, {"displayName": "王小明", "userId": "U1", "language": "zh-Hant"}))
    assert LINE.profile(line, "U1") == Profile("王小明", "zh-TW")
    for nothing in (Say(404, {"message": "Not found"}), Say(429, {}, {"Retry-After": "30"}), Say(drop=True)):
        platform.plan(nothing)
        assert LINE.profile(line, "U1") is None
        # urllib3 would wait out a Retry-After and ask again, with a worker's thread in hand.
        assert len(platform.asked) == 1


def test_configuration(platform: Platform) -> None:
    line, url = account(ChannelType.LINE, platform.url), "https://teller.example/webhooks/line/1"
    platform.plan(Say(200, {"displayName": "富安", "basicId": "@fuan"}))
    assert "富安" in LINE.check(line)
    platform.plan(Say(), Say(200, {"endpoint": url, "active": False}))
    assert "Use webhook" in LINE.register(line, url)
    platform.plan(Say(200, {"success": False, "reason": "COULD_NOT_CONNECT", "statusCode": 0}))
    with pytest.raises(SendError, match="COULD_NOT_CONNECT"):
        LINE.test(line, url)
    platform.plan(Say(401, {"message": "Authentication failed"}))
    with pytest.raises(SendError, match="access token"):
        LINE.check(line)


def test_the_web_process_never_imports_an_sdk() -> None:
    code = (
        "import sys; from adapters import CHANNELS\n"
        "from bot.model import *; from contextlib import suppress\n"
        "a = ChannelAccount('1', ChannelType.LINE, 'n', secrets={'secret': 's', 'token': 't'},"
        " api_base='http://127.0.0.1:9')\n"
        "line = CHANNELS[ChannelType.LINE]; headers, body = line.simulate(a, 'hi', 'U1')\n"
        "line.verify(a, headers, body); line.parse(a, body, [a])\n"
        "with suppress(Exception): line.check(a)\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('linebot', 'telegram')])\n"
    )
    got = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert got.stdout.strip() == "[]"
