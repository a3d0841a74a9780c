"""LINE Messaging API: one official account is one channel account, with `secrets` {secret, token}.

The web process verifies, parses and configures without the SDK, whose import costs it 31 MB and most of a
second; workers send with it. https://developers.line.biz/en/reference/messaging-api/
"""

# ruff: noqa: ARG002 (every channel takes all arguments of the protocol)

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

from adapters import http, line_in, line_out
from adapters.reading import a_text, header, same
from bot.contracts import Capabilities
from bot.errors import BadSignature, NotFound, SendError
from bot.model import ChannelAccount, Inbound, Outbound, Profile, Receipt

SIGNATURE = "X-Line-Signature"
# https://developers.line.biz/en/reference/messaging-api/#quick-reply: 13 items, label 20, data 300;
# text 5000 UTF-16 code units, five messages a call.
CAPABILITIES = Capabilities(
    text=5000, text_unit="utf16", buttons=13, label=20, value=300, batch=5, settles="retry_key"
)
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Line:
    """`bot.contracts.Channel` for LINE."""

    capabilities = CAPABILITIES

    def verify(self, account: ChannelAccount, headers: Mapping[str, str], body: bytes) -> None:
        secret = account.secrets.get("secret", "")
        given = header(headers, SIGNATURE)
        # A missing secret must never verify: HMAC takes an empty key without complaint.
        if not secret or not same(given, _sign(secret, body)):
            raise BadSignature("The LINE signature does not match this channel's secret.")

    def handshake(self, account: ChannelAccount, query: Mapping[str, str]) -> str:
        raise NotFound("LINE checks an address with a signed POST, not with a GET.")

    def parse(
        self, account: ChannelAccount, body: bytes, siblings: Sequence[ChannelAccount]
    ) -> list[Inbound]:
        return line_in.parse(account.id, body)

    def send(self, account: ChannelAccount, out: Outbound) -> Receipt:
        return line_out.send(account, out, CAPABILITIES)

    def acknowledge(self, account: ChannelAccount, inbound: Inbound) -> None:
        """LINE shows no sign that needs clearing."""

    def profile(self, account: ChannelAccount, user_id: str) -> Profile | None:
        return line_out.profile(account, user_id)

    def quota(self, account: ChannelAccount) -> tuple[int, int] | None:
        """(used, allowed) pushes of this month, about; None for a plan without a limit. Raises SendError.

        https://developers.line.biz/en/reference/messaging-api/#get-quota
        """
        plan = _admin(account, "GET", "/v2/bot/message/quota")
        allowed = plan.get("value")
        if plan.get("type") != "limited" or not isinstance(allowed, int):
            return None
        used = _admin(account, "GET", "/v2/bot/message/quota/consumption").get("totalUsage")
        return (used, allowed) if isinstance(used, int) else None

    def check(self, account: ChannelAccount) -> str:
        bot = _admin(account, "GET", "/v2/bot/info")
        name = a_text(bot, "displayName") or a_text(bot, "basicId") or "an unnamed account"
        return f"LINE accepts the token: it belongs to {name}."

    def register(self, account: ChannelAccount, webhook_url: str) -> str:
        _admin(account, "PUT", "/v2/bot/channel/webhook/endpoint", {"endpoint": webhook_url})
        now = _admin(account, "GET", "/v2/bot/channel/webhook/endpoint")
        if now.get("active") is True:
            return "LINE will call this address; it may take a minute."
        return "LINE has the address; now switch on 'Use webhook' in the LINE Developers Console."

    def test(self, account: ChannelAccount, webhook_url: str) -> str:
        got = _admin(account, "POST", "/v2/bot/channel/webhook/test", {"endpoint": webhook_url})
        if got.get("success") is True:
            return "LINE called the address and got 200."
        reason = (a_text(got, "reason") or "no reason given")[:60]
        status = a_text(got, "statusCode") or "none"
        raise SendError(
            "webhook_failed", f"LINE could not call the address: {reason}, status {status}.", retryable=False
        )

    def simulate(self, account: ChannelAccount, text: str, user_id: str) -> tuple[dict[str, str], bytes]:
        event = {
            "type": "message",
            "mode": "active",
            "timestamp": int(time.time() * 1000),
            "source": {"type": "user", "userId": user_id},
            "webhookEventId": _ulid(),
            "deliveryContext": {"isRedelivery": False},
            "replyToken": secrets.token_hex(16),
            "message": {
                "id": str(secrets.randbelow(10**18)),
                "type": "text",
                "quoteToken": secrets.token_urlsafe(24),
                "text": text,
            },
        }
        payload = {
            "destination": "U" + hashlib.sha256(account.id.encode()).hexdigest()[:32],
            "events": [event],
        }
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        signature = _sign(account.secrets.get("secret", ""), body)
        return {"Content-Type": "application/json; charset=utf-8", SIGNATURE: signature}, body


def _sign(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def _ulid() -> str:
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def _admin(
    account: ChannelAccount, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A configuration call, without the SDK. Raises SendError."""
    answer = http.call(
        method,
        http.origin(account, line_out.API) + path,
        json=body,
        headers={"Authorization": f"Bearer {account.secrets.get('token', '')}"},
    )
    if not answer.ok:
        raise line_out.refusal(answer.status, answer.body, answer.headers)
    return answer.json()
