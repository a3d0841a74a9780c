"""A platform in memory: a channel whose answers a test chooses, and what its customers were shown."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.contracts import Capabilities
from bot.errors import BadPayload, BadSignature, NotFound, SendError
from bot.model import ChannelAccount, Inbound, Kind, Outbound, OutText, Profile, Receipt

LIKE_LINE = Capabilities(text=5000, text_unit="utf16", batch=5, settles="retry_key")
LIKE_MESSENGER = Capabilities(text=2000, batch=1, settles="echo")
LIKE_TELEGRAM = Capabilities(text=4096, text_unit="utf16", batch=1, settles=None)

SECRET = "the platform's own secret"


def refused(code: str = "busy", *, retryable: bool = True, after: float | None = None) -> SendError:
    """The platform says no: nothing was shown."""
    return SendError(code, "The platform refused.", retryable=retryable, retry_after=after)


def lost(platform: Platform, out: Outbound) -> Receipt:
    """The platform takes the message; its answer never comes back."""
    platform.take(out)
    raise SendError("timeout", "No answer came back.", retryable=True, outcome_known=False)


def nothing(_platform: Platform, _out: Outbound) -> Receipt:
    """The call never arrives; from here that looks the same as `lost`."""
    raise SendError("timeout", "No answer came back.", retryable=True, outcome_known=False)


Answer = SendError | Callable[["Platform", Outbound], Receipt]


class Platform:
    """`bot.contracts.Channel`: strict about reply tokens and retry keys; `answers` are used up call by call."""

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities
        self.answers: deque[Answer] = deque()
        self.calls: list[Outbound] = []
        self.shown: defaultdict[str, list[OutText]] = defaultdict(list)
        self.tokens: dict[str, str] = {}
        self.dead_tokens: set[str] = set()
        self.keys: set[str] = set()
        self.acknowledged: list[str] = []

    def texts(self, user: str) -> list[str]:
        return [message.text for message in self.shown[user]]

    def take(self, out: Outbound) -> Receipt:
        """As LINE does: a token names its user and works once, a second push with the same retry key shows nothing."""
        user = self.tokens[out.reply_token] if out.reply_token is not None else out.user_id
        if out.reply_token is not None:
            if out.reply_token in self.dead_tokens:
                if out.again:
                    return Receipt(via="reply")
                raise SendError("reply_token_invalid", "The token was used.", retryable=False)
            self.dead_tokens.add(out.reply_token)
        elif self.capabilities.settles == "retry_key":
            if out.id in self.keys:
                return Receipt(via="push")
            self.keys.add(out.id)
        self.shown[user].extend(out.messages)
        return Receipt((f"p-{len(self.calls)}",), via="reply" if out.reply_token else "push")

    # -- bot.contracts.Channel ------------------------------------------------------------------------------------

    def verify(self, account: ChannelAccount, headers: Mapping[str, str], body: bytes) -> None:
        if headers.get("secret") != SECRET:
            raise BadSignature("not signed")

    def handshake(self, account: ChannelAccount, query: Mapping[str, str]) -> str:
        raise NotFound("no handshake")

    def parse(
        self, account: ChannelAccount, body: bytes, siblings: Sequence[ChannelAccount]
    ) -> list[Inbound]:
        try:
            rows = json.loads(body)
        except ValueError as error:
            raise BadPayload("not JSON") from error
        return [_inbound(account, row) for row in rows]

    def send(self, account: ChannelAccount, out: Outbound) -> Receipt:
        self.calls.append(out)
        answer = self.answers.popleft() if self.answers else None
        if isinstance(answer, SendError):
            raise answer
        return answer(self, out) if answer is not None else self.take(out)

    def acknowledge(self, account: ChannelAccount, inbound: Inbound) -> None:
        self.acknowledged.append(inbound.event_id)

    def profile(self, account: ChannelAccount, user_id: str) -> Profile | None:
        return Profile("王小明", "zh-TW")

    def check(self, account: ChannelAccount) -> str:
        return "fine"

    def register(self, account: ChannelAccount, webhook_url: str) -> str:
        return "fine"

    def test(self, account: ChannelAccount, webhook_url: str) -> str:
        return "fine"

    def simulate(self, account: ChannelAccount, text: str, user_id: str) -> tuple[dict[str, str], bytes]:
        return {"secret": SECRET}, json.dumps([{"user_id": user_id, "text": text}]).encode()


def _inbound(account: ChannelAccount, row: dict[str, Any]) -> Inbound:
    given = dict(row)
    profile = given.pop("profile", None)
    at = given.pop("sent_at", None)
    made = Inbound(
        account_id=account.id,
        kind=Kind(given.pop("kind", Kind.TEXT)),
        sent_at=datetime.fromisoformat(at) if at else datetime.now(UTC),
        **given,
    )
    return replace(made, profile=Profile(**profile)) if profile else made
