"""Every channel: the unsigned is refused, the captured parses as expected, nothing else breaks it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import CHANNELS, web
from bot.contracts import Channel
from bot.errors import BadPayload, BadSignature, NotAllowed, NotFound
from bot.model import ChannelType, Inbound, Kind
from tests.contract.channel_cases import SECRETS, USERS, account, fixtures, sibling

PUSHED = [name for name, channel in CHANNELS.items() if not channel.capabilities.pulls]
CASES = [
    pytest.param(name, case, id=f"{name}-{label}") for name in CHANNELS for label, case in fixtures(name)
]
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def parse(name: ChannelType, body: bytes) -> list[Inbound]:
    siblings = [account(name), *([sibling()] if name is ChannelType.MESSENGER else [])]
    return CHANNELS[name].parse(account(name), body, siblings)


def read_case(name: ChannelType, case: dict[str, Any]) -> list[Inbound]:
    if name is ChannelType.WEB:
        return [web.message(account(name), USERS[name], case["body"], NOW)]
    return parse(name, json.dumps(case["body"]).encode())


def test_every_channel_type_has_an_adapter() -> None:
    assert set(CHANNELS) == set(ChannelType)


@pytest.mark.parametrize("name", CHANNELS)
def test_every_channel_has_fixtures_of_the_kinds_that_count(name: ChannelType) -> None:
    kinds = {expected["kind"] for _, case in fixtures(name) for expected in case["expect"]}
    wanted = (
        {"text", "choice"} if CHANNELS[name].capabilities.pulls else {"text", "choice", "follow", "other"}
    )
    assert wanted <= kinds


@pytest.mark.parametrize(("name", "case"), CASES)
def test_a_fixture_parses_as_expected(name: ChannelType, case: dict[str, Any]) -> None:
    got = read_case(name, case)
    assert len(got) == len(case["expect"])
    for inbound, expected in zip(got, case["expect"], strict=True):
        for key, value in expected.items():
            found = getattr(inbound, key)
            if key == "sent_at":
                found = found.isoformat()
            if key == "profile":
                found = {"name": found.name, "language": found.language}
            if key == "event_id" and value is None:
                continue
            assert found == value, key
        assert inbound.event_id
        assert inbound.sent_at.tzinfo is not None


@pytest.mark.parametrize(("name", "case"), CASES)
def test_the_same_bytes_give_the_same_event_ids(name: ChannelType, case: dict[str, Any]) -> None:
    first, again = read_case(name, case), read_case(name, case)
    ids = [inbound.event_id for inbound in first]
    assert ids == [inbound.event_id for inbound in again]
    known = [event for event, inbound in zip(ids, first, strict=True) if inbound.user_id]
    assert len(set(known)) == len(known)


@pytest.mark.parametrize("name", PUSHED)
class TestSignature:
    def signed(self, name: ChannelType) -> tuple[Channel, dict[str, str], bytes]:
        channel = CHANNELS[name]
        headers, body = channel.simulate(account(name), "我要真人 👋", USERS[name])
        return channel, headers, body

    def test_a_simulated_event_verifies_and_parses(self, name: ChannelType) -> None:
        channel, headers, body = self.signed(name)
        channel.verify(account(name), headers, body)
        channel.verify(account(name), {key.lower(): value for key, value in headers.items()}, body)
        (inbound,) = parse(name, body)
        assert (inbound.kind, inbound.text) == (Kind.TEXT, "我要真人 👋")
        assert inbound.user_id == USERS[name]

    def test_simulated_events_are_fresh(self, name: ChannelType) -> None:
        ids = {parse(name, self.signed(name)[2])[0].event_id for _ in range(3)}
        assert len(ids) == 3

    def test_what_is_not_signed_with_our_secret_is_refused(self, name: ChannelType) -> None:
        channel, headers, body = self.signed(name)
        wrong = account(name, secrets=dict.fromkeys(SECRETS[name], "another"))
        for other, headers_given in (
            (wrong, headers),
            (account(name), {}),
            (account(name), dict.fromkeys(headers, "")),
            (account(name), dict.fromkeys(headers, "ünïcode�")),
            # An account without a secret must not accept what anybody can sign with an empty one.
            (account(name, secrets={}), channel.simulate(account(name, secrets={}), "x", USERS[name])[0]),
        ):
            with pytest.raises(BadSignature):
                channel.verify(other, headers_given, body)

    def test_a_tampered_body_is_refused(self, name: ChannelType) -> None:
        channel, headers, body = self.signed(name)
        for tampered in (body + b" ", body[:-1], body.replace(b"user", b"User"), b""):
            if name is ChannelType.TELEGRAM:
                # Telegram signs nothing: its secret stands in a header alone, whatever the body says.
                channel.verify(account(name), headers, tampered)
            elif tampered != body:
                with pytest.raises(BadSignature):
                    channel.verify(account(name), headers, tampered)


@pytest.mark.parametrize("name", PUSHED)
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"17", b"null", b"{}", b'"\xff"', b"[" * 100_000, b'{"events":{}}', b'{"entry":1}'],
)
def test_what_the_platform_never_posts_is_bad_payload(name: ChannelType, body: bytes) -> None:
    with pytest.raises(BadPayload):
        parse(name, body)


def test_line_vector_of_both_official_sdks() -> None:
    body = b'{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}'
    line = account(ChannelType.LINE, secrets={"secret": "8c570fa6dd201bb328f1c1eac23a96d8"})
    signature = "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs="
    CHANNELS[ChannelType.LINE].verify(line, {"x-line-signature": signature}, body)
    assert parse(ChannelType.LINE, body) == []


def test_handshakes() -> None:
    messenger = CHANNELS[ChannelType.MESSENGER]
    query = {"hub.mode": "subscribe", "hub.verify_token": "verify-me", "hub.challenge": "1158201444"}
    assert messenger.handshake(account(ChannelType.MESSENGER), query) == "1158201444"
    for change in ({"hub.verify_token": "no"}, {"hub.verify_token": ""}, {"hub.mode": "x"}):
        with pytest.raises(NotAllowed):
            messenger.handshake(account(ChannelType.MESSENGER), {**query, **change})
    with pytest.raises(NotAllowed):
        messenger.handshake(account(ChannelType.MESSENGER, secrets={}), {**query, "hub.verify_token": ""})
    for name in (ChannelType.LINE, ChannelType.TELEGRAM, ChannelType.WEB):
        with pytest.raises(NotFound):
            CHANNELS[name].handshake(account(name), query)


# Arbitrary JSON, grown around the words the parsers look for, so that it reaches deep into them.
WORDS = st.sampled_from(
    [
        "events",
        "entry",
        "messaging",
        "standby",
        "changes",
        "sender",
        "recipient",
        "source",
        "userId",
        "id",
        "type",
        "mode",
        "message",
        "text",
        "user",
        "postback",
        "data",
        "payload",
        "mid",
        "is_echo",
        "metadata",
        "attachments",
        "sticker_id",
        "timestamp",
        "update_id",
        "callback_query",
        "from",
        "chat",
        "private",
        "date",
        "webhookEventId",
        "deliveryContext",
        "quick_reply",
        "edited_message",
        "my_chat_member",
        "replyToken",
        "109000000000001",
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | WORDS
    | st.text(st.characters(codec=None), max_size=5)
)
ANY_JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=30,
)
SHAPES = (
    ANY_JSON
    | st.builds(lambda events: {"events": events}, st.lists(ANY_JSON, max_size=4))
    | st.builds(
        lambda items: {"entry": [{"id": "109000000000001", "messaging": items, "standby": items}]},
        st.lists(ANY_JSON, max_size=4),
    )
    | st.builds(lambda n, m: {"update_id": n, "message": m}, st.integers(), ANY_JSON)
    | st.builds(lambda n, m: {"update_id": n, "callback_query": m}, st.integers(), ANY_JSON)
)


@pytest.mark.parametrize("name", CHANNELS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=SHAPES)
def test_parsing_raises_nothing_but_bad_payload(name: ChannelType, value: Any) -> None:
    try:
        got = parse(name, json.dumps(value).encode())
    except BadPayload:
        return
    for inbound in got:
        assert inbound.event_id
        assert inbound.kind is Kind.IGNORED or inbound.user_id
        assert (inbound.kind is not Kind.TEXT) or inbound.text
        # What a store cannot encode must not get that far.
        "".join(filter(None, (inbound.text, inbound.choice, inbound.event_id, inbound.user_id))).encode()


@pytest.mark.parametrize("name", PUSHED)
@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=60))
def test_bytes_that_are_no_json_are_bad_payload(name: ChannelType, body: bytes) -> None:
    try:
        json.loads(body)
    except ValueError:
        with pytest.raises(BadPayload):
            parse(name, body)
