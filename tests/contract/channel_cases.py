"""Accounts, fixtures and messages the channel contracts share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.model import ChannelAccount, ChannelType, Outbound, OutText

FIXTURES = Path(__file__).parent.parent / "fixtures"
USERS = {
    ChannelType.LINE: "U4af4980629f4af4980629f4af4980629",
    ChannelType.MESSENGER: "6543219870001234",
    ChannelType.TELEGRAM: "1111111",
    ChannelType.WEB: "visitor-1",
}
SECRETS = {
    ChannelType.LINE: {"secret": "line-channel-secret", "token": "line-access-token"},
    ChannelType.MESSENGER: {
        "page_token": "page-access-token",
        "app_secret": "the-app-secret",
        "verify_token": "verify-me",
    },
    ChannelType.TELEGRAM: {"token": "123456:telegram-bot-token", "webhook_secret": "webhook-secret_1"},
    ChannelType.WEB: {"identity_secret": "identity-secret"},
}
PUBLIC: dict[ChannelType, dict[str, Any]] = {
    ChannelType.MESSENGER: {"page_id": "109000000000001"},
    ChannelType.WEB: {"origins": ["https://bank.example"]},
}


def account(channel: ChannelType, api_base: str | None = None, **changes: Any) -> ChannelAccount:
    values: dict[str, Any] = {
        "id": "page-a",
        "channel": channel,
        "name": "Test",
        "secrets": SECRETS[channel],
        "public": PUBLIC.get(channel, {}),
        "api_base": api_base,
    }
    return ChannelAccount(**{**values, **changes})


def sibling() -> ChannelAccount:
    """A second page of the same app."""
    return account(ChannelType.MESSENGER, id="page-b", public={"page_id": "109000000000002"})


def fixtures(channel: ChannelType) -> Iterator[tuple[str, dict[str, Any]]]:
    folder = FIXTURES / channel.value
    for path in sorted(folder.rglob("*.json")):
        yield str(path.relative_to(folder).with_suffix("")), json.loads(path.read_text())


def outbound(channel: ChannelType, *texts: OutText, **changes: Any) -> Outbound:
    values: dict[str, Any] = {"id": "out:1", "user_id": USERS[channel], "messages": texts or (a_text(),)}
    return Outbound(**{**values, **changes})


def a_text(text: str = "手續費為新臺幣 15 元。", *buttons: tuple[str, str]) -> OutText:
    return OutText("m1", text, buttons)
