"""Telegram Bot API: one bot is one channel account, with `secrets` {token, webhook_secret}.

https://core.telegram.org/bots/api
"""

# ruff: noqa: ARG002 (every channel takes all arguments of the protocol)

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence

from adapters import telegram_in, telegram_out
from adapters.reading import header, same
from bot.contracts import Capabilities
from bot.errors import BadSignature, NotFound, SendError
from bot.model import ChannelAccount, Inbound, Outbound, Profile, Receipt

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (the name of a header)
# Telegram names no limit for a label; past 60 units a phone shows an ellipsis of its own.
CAPABILITIES = Capabilities(text=4096, text_unit="utf16", buttons=13, label=60, value=64, batch=1)


class Telegram:
    """`bot.contracts.Channel` for Telegram; `capabilities.value` counts bytes of UTF-8."""

    capabilities = CAPABILITIES

    def verify(self, account: ChannelAccount, headers: Mapping[str, str], body: bytes) -> None:
        """Telegram signs nothing: it repeats the secret that `register` gave it."""
        wanted = account.secrets.get("webhook_secret", "")
        given = header(headers, SECRET_HEADER)
        if not wanted or not same(given, wanted):
            raise BadSignature("The Telegram secret token is not that of this bot.")

    def handshake(self, account: ChannelAccount, query: Mapping[str, str]) -> str:
        raise NotFound("Telegram does not check an address with a GET.")

    def parse(
        self, account: ChannelAccount, body: bytes, siblings: Sequence[ChannelAccount]
    ) -> list[Inbound]:
        return telegram_in.parse(account.id, body)

    def send(self, account: ChannelAccount, out: Outbound) -> Receipt:
        return telegram_out.send(account, out, CAPABILITIES)

    def acknowledge(self, account: ChannelAccount, inbound: Inbound) -> None:
        """Stops the spinner on a pressed button; too late is no harm."""
        if inbound.callback_id:
            telegram_out.stop_spinner(account, inbound.callback_id)

    def profile(self, account: ChannelAccount, user_id: str) -> Profile | None:
        """Every update carries the sender's name and language, so there is nothing to ask."""
        return None

    def check(self, account: ChannelAccount) -> str:
        return f"Telegram accepts the token: it belongs to {telegram_out.bot_name(account)}."

    def register(self, account: ChannelAccount, webhook_url: str) -> str:
        telegram_out.set_webhook(account, webhook_url, account.secrets.get("webhook_secret", ""))
        return "Telegram will call this address."

    def test(self, account: ChannelAccount, webhook_url: str) -> str:
        """Telegram has no call that makes it post, so this reads back how posting went."""
        known = telegram_out.webhook_state(account)
        if known.url != webhook_url:
            raise SendError(
                "not_registered", "Telegram has another address, or none: register this one.", retryable=False
            )
        waiting = f"{known.pending} updates are waiting"
        if known.last_error and known.pending:
            raise SendError(
                "webhook_failed", f"{waiting}; the last call failed: {known.last_error}.", retryable=False
            )
        return f"Telegram calls this address; {waiting}."

    def simulate(self, account: ChannelAccount, text: str, user_id: str) -> tuple[dict[str, str], bytes]:
        number = _chat_number(user_id)
        person = {"id": number, "is_bot": False, "first_name": "Simulated", "language_code": "zh-hant"}
        update = {
            "update_id": secrets.randbelow(2**31),
            "message": {
                "message_id": secrets.randbelow(2**31),
                "from": person,
                "chat": {"id": number, "type": "private", "first_name": "Simulated"},
                "date": int(time.time()),
                "text": text,
            },
        }
        headers = {
            "Content-Type": "application/json",
            SECRET_HEADER: account.secrets.get("webhook_secret", ""),
        }
        return headers, json.dumps(update, separators=(",", ":")).encode()


def _chat_number(user_id: str) -> int:
    """Chat ids are numbers; a name given to `flask simulate` becomes always the same one."""
    if user_id.isascii() and user_id.isdigit():
        return int(user_id)
    return int.from_bytes(hashlib.sha256(user_id.encode()).digest()[:5], "big")
