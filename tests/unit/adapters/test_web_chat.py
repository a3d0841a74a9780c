"""The web chat: whose token it is, what a message may be, and who proved to be a customer."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters import web
from bot.errors import BadPayload
from bot.model import ChannelType, Kind
from tests.contract.channel_cases import account

KEY, NOW = "a secret key", datetime(2026, 11, 22, tzinfo=UTC)
SITE = account(ChannelType.WEB)


def test_a_token_stands_for_its_visitor_on_its_account_only() -> None:
    token = web.issue(KEY, "site-1", "v-1")
    assert web.read(KEY, "site-1", token) == web.Visitor("v-1")
    forged = (token[:-2], token + "x", "", "x.y.z", web.issue("other key", "site-1", "v-1"))
    assert [web.read(KEY, "site-1", wrong) for wrong in forged] == [None] * 5
    assert web.read(KEY, "site-2", token) is None


def test_a_customer_id_is_proven_and_unreadable_in_the_token() -> None:
    token = web.issue(KEY, "site-1", "v-1", verified_as="A123456789")
    assert web.read(KEY, "site-1", token) == web.Visitor("v-1", "A123456789")
    from itsdangerous import URLSafeTimedSerializer

    _, payload = URLSafeTimedSerializer("any").loads_unsafe(token)
    assert "A123456789" not in f"{token} {payload}"


@pytest.mark.parametrize(
    ("age", "plain", "proven"), [(11 * 3600, 1, 1), (13 * 3600, 1, 0), (31 * 86400, 0, 0)]
)
def test_tokens_age(monkeypatch: pytest.MonkeyPatch, age: int, plain: int, proven: int) -> None:
    import time

    tokens = [web.issue(KEY, "s", "v"), web.issue(KEY, "s", "v", "C-1")]
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + age)
    assert [web.read(KEY, "s", token) is not None for token in tokens] == [bool(plain), bool(proven)]


def test_the_same_client_id_of_the_same_visitor_is_one_event() -> None:
    body = {"text": "hi", "client_id": "c-1"}
    first = web.message(SITE, "v-1", body, NOW)
    assert web.message(SITE, "v-1", body, NOW).event_id == first.event_id
    others = [
        web.message(SITE, "v-2", body, NOW),
        web.message(SITE, "v-1", {**body, "client_id": "c-2"}, NOW),
        web.message(SITE, "v-", {**body, "client_id": "1c-1"}, NOW),
    ]
    assert first.event_id not in {other.event_id for other in others}
    assert (first.kind, first.text, first.sent_at) == (Kind.TEXT, "hi", NOW)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"client_id": "c"},
        {"text": "hi"},
        {"text": " \n", "client_id": "c"},
        {"text": "x" * 2001, "client_id": "c"},
        {"text": 17, "client_id": "c"},
        {"text": ["hi"], "client_id": "c"},
        {"text": "hi", "client_id": ""},
        {"text": "hi", "client_id": "x" * 65},
        {"text": "hi", "client_id": "a b"},
        {"text": "hi", "client_id": 5},
        {"text": "hi", "client_id": "c\n"},
        {"text": "hi", "client_id": "c", "choice": "v" * 301},
    ],
)
def test_a_message_that_is_none_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(BadPayload):
        web.message(SITE, "v-1", body, NOW)


def test_an_identity_needs_the_firms_signature() -> None:
    good = hmac.digest(b"identity-secret", b"C-1", "sha256").hex()
    assert web.check_identity("identity-secret", "C-1", good)
    assert web.check_identity("identity-secret", "C-1", good.upper())
    empty = hmac.digest(b"", b"C-1", "sha256").hex()
    for secret, user, signature in (
        ("identity-secret", "C-2", good), ("identity-secret", "C-1", ""), ("identity-secret", "C-1", "\udcff"),
        ("", "C-1", empty), ("identity-secret", "", good),
    ):  # fmt: skip
        assert not web.check_identity(secret, user, signature)


def test_the_snippet_cannot_break_out_of_its_attribute() -> None:
    assert web.snippet("https://t.example/", "site-1") == (
        '<script async src="https://t.example/webchat/site-1/widget.js"></script>'
    )
    assert '"><' not in web.snippet('https://t.example/"><script>', '"><script>')[:-10]
