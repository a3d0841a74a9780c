"""The web chat: our own widget on the firm's sites. Visitors fetch what is new; nothing is sent.

`secrets` {identity_secret?}, `public` {origins: [url]}. A visitor is known by a signed token; a site that
knows its customer proves the customer id with an HMAC made on its server.
"""

# ruff: noqa: ARG002 (every channel takes all arguments of the protocol)

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import quote

from cryptography.fernet import Fernet, InvalidToken
from itsdangerous import BadData, URLSafeTimedSerializer

from adapters.reading import a_text, same
from bot.contracts import Capabilities
from bot.errors import BadPayload, BadSignature, NotFound, SendError
from bot.model import ChannelAccount, Inbound, Kind, Outbound, Profile, Receipt

LONGEST_TEXT = 2000
CAPABILITIES = Capabilities(text=100_000, buttons=13, label=200, value=300, batch=100, pulls=True)
VISITOR_SECONDS = 30 * 24 * 3600
# A proven customer may have logged out of the firm's site meanwhile.
VERIFIED_SECONDS = 12 * 3600
_CLIENT_ID = re.compile(r"[A-Za-z0-9_.:\-]{1,64}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whom a token stands for; `verified_as` is the firm's own customer id."""

    visitor_id: str
    verified_as: str | None = field(default=None, repr=False)


class Web:
    """`bot.contracts.Channel` for the web chat; its messages come by `message`, not by a webhook."""

    capabilities = CAPABILITIES

    def verify(self, account: ChannelAccount, headers: Mapping[str, str], body: bytes) -> None:
        raise BadSignature("The web chat has no webhook.")

    def handshake(self, account: ChannelAccount, query: Mapping[str, str]) -> str:
        raise NotFound("The web chat has no webhook.")

    def parse(
        self, account: ChannelAccount, body: bytes, siblings: Sequence[ChannelAccount]
    ) -> list[Inbound]:
        raise BadPayload("The web chat has no webhook.")

    def send(self, account: ChannelAccount, out: Outbound) -> Receipt:
        raise SendError("not_sent", "Web visitors fetch their messages; nothing is sent.", retryable=False)

    def acknowledge(self, account: ChannelAccount, inbound: Inbound) -> None:
        """The widget shows its own."""

    def profile(self, account: ChannelAccount, user_id: str) -> Profile | None:
        return None

    def check(self, account: ChannelAccount) -> str:
        origins = [str(origin) for origin in account.public.get("origins") or ()]
        if not origins:
            raise SendError("no_origin", "No site may show this chat: add its origin.", retryable=False)
        return f"The chat may be shown on {', '.join(origins)}."

    def register(self, account: ChannelAccount, webhook_url: str) -> str:
        return "There is nothing to register: paste the snippet into the site."

    def test(self, account: ChannelAccount, webhook_url: str) -> str:
        return self.check(account)

    def simulate(self, account: ChannelAccount, text: str, user_id: str) -> tuple[dict[str, str], bytes]:
        """A message as the widget posts it; the caller adds a token from `issue` as Authorization: Bearer."""
        body = {"text": text, "client_id": secrets.token_hex(8)}
        return {"Content-Type": "application/json"}, json.dumps(body, ensure_ascii=False).encode()


def message(
    account: ChannelAccount,
    user_id: str,
    body: Mapping[str, Any],
    now: datetime,
    verified_as: str | None = None,
) -> Inbound:
    """One message of the widget: {"text", "client_id", "choice"?}. Raises BadPayload.

    The same `client_id` of the same visitor gives the same event id, so a repeated post is one message.
    `choice` is the value of a pressed button, `text` then what the button said.
    """
    fields = dict(body)
    text, choice = a_text(fields, "text"), a_text(fields, "choice")
    client_id = fields.get("client_id")
    if not isinstance(client_id, str) or not _CLIENT_ID.fullmatch(client_id):
        raise BadPayload("client_id must be 1 to 64 letters, digits or _.:- characters.")
    if not isinstance(fields.get("text", ""), str) or (not choice and not (text and text.strip())):
        raise BadPayload("text must say something.")
    if text and len(text) > LONGEST_TEXT:
        raise BadPayload(f"text may have {LONGEST_TEXT} characters at most.")
    if choice and len(choice) > CAPABILITIES.value:
        raise BadPayload(f"choice may have {CAPABILITIES.value} characters at most.")
    own = hashlib.sha256(f"{user_id}\0{client_id}".encode()).hexdigest()[:40]
    return Inbound(
        account_id=account.id,
        event_id=f"web:{own}",
        user_id=user_id,
        kind=Kind.CHOICE if choice else Kind.TEXT,
        sent_at=now,
        text=text,
        choice=choice,
        client_id=client_id,
        verified_as=verified_as,
    )


def issue(secret_key: str, account_id: str, visitor_id: str, verified_as: str | None = None) -> str:
    """A visitor's token. It may travel in the address of a stream, so a customer id in it is encrypted."""
    payload = {"v": visitor_id}
    if verified_as:
        payload["c"] = _cipher(secret_key).encrypt(verified_as.encode()).decode()
    return str(_signer(secret_key, account_id).dumps(payload))


def read(secret_key: str, account_id: str, token: str) -> Visitor | None:
    """Whom a token stands for, None when it is forged, too old or another account's."""
    try:
        payload = _signer(secret_key, account_id).loads(token, max_age=VISITOR_SECONDS)
        visitor_id, sealed = payload["v"], payload.get("c")
        if not sealed:
            return Visitor(visitor_id)
        return Visitor(visitor_id, _cipher(secret_key).decrypt(sealed.encode(), VERIFIED_SECONDS).decode())
    except (BadData, InvalidToken, KeyError, TypeError, AttributeError):
        return None


def _signer(secret_key: str, account_id: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt=f"teller.webchat.{account_id}")


def _cipher(secret_key: str) -> Fernet:
    key = hmac.digest(secret_key.encode(), b"teller.webchat.customer", "sha256")
    return Fernet(base64.urlsafe_b64encode(key))


def check_identity(identity_secret: str, user_id: str, signature: str) -> bool:
    """Whether the firm's server signed this customer id: hex HMAC-SHA256 with the identity secret."""
    if not identity_secret or not user_id:
        return False
    wanted = hmac.digest(identity_secret.encode(), user_id.encode(), "sha256").hex()
    return same(signature.strip().lower(), wanted)


def snippet(public_url: str, account_id: str) -> str:
    """The line a site pastes before its closing body tag."""
    address = f"{public_url.rstrip('/')}/webchat/{quote(account_id, safe='')}/widget.js"
    return f'<script async src="{escape(address)}"></script>'
