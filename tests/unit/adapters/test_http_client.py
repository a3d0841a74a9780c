"""The shared client: one per process, what a Retry-After says, posting to our own web process."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from adapters import http
from bot.errors import Unavailable
from tests.contract.platform_stub import Platform, Say, closed_port


def test_one_client_a_process_and_never_the_parents(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = http.client()
    assert http.client() is mine
    monkeypatch.setattr(os, "getpid", lambda: 999_999_999)
    assert http.client() is not mine


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7), ("0.5", 0.5), ("-3", 0), ("soon", None), ("", None), ("nan", None)]
)
def test_retry_after_in_seconds(value: str, seconds: float | None) -> None:
    assert http.retry_after({"Retry-After": value}) == seconds


def test_retry_after_as_a_date() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 55 < (http.retry_after({"retry-after": then}) or 0) <= 60


def test_post_webhook_gives_the_status_and_the_bytes_as_they_are() -> None:
    platform = Platform()
    try:
        platform.plan(Say(401))
        assert (
            http.post_webhook(platform.url + "/webhooks/line/1", {"X-Line-Signature": "s"}, b"\x00 raw")
            == 401
        )
        assert (platform.asked[0].raw, platform.asked[0].headers["x-line-signature"]) == (b"\x00 raw", "s")
    finally:
        platform.close()
    with pytest.raises(Unavailable):
        http.post_webhook(closed_port(), {}, b"")
