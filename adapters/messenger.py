"""Messenger Platform: one Facebook page is one channel account.

`secrets` {page_token, app_secret, verify_token}, `public` {page_id}. Meta calls one address per app,
whatever the page.

There is no official Python SDK. https://developers.facebook.com/docs/messenger-platform
"""

# ruff: noqa: ARG002 (every channel takes all arguments of the protocol)

from __future__ import annotations

import hmac
import json
import secrets
import time
from collections.abc import Mapping, Sequence

from adapters import messenger_in, messenger_out
from adapters.messenger_out import graph
from adapters.reading import a_list, a_text, header, same
from bot.contracts import Capabilities
from bot.errors import BadSignature, NotAllowed, SendError
from bot.model import ChannelAccount, Inbound, Outbound, Profile, Receipt

SIGNATURE = "X-Hub-Signature-256"
FIELDS = (
    "messages,messaging_postbacks,message_echoes,message_edits,messaging_referrals,messaging_account_linking"
)
# https://developers.facebook.com/docs/messenger-platform/send-messages: text below 2000, quick replies 13,
# title 20, payload 1000. UTF-16 units, the strictest reading of "characters".
CAPABILITIES = Capabilities(
    text=1999, text_unit="utf16", buttons=13, label=20, value=1000, batch=1, settles="echo"
)


class Messenger:
    """`bot.contracts.Channel` for Messenger."""

    capabilities = CAPABILITIES

    def verify(self, account: ChannelAccount, headers: Mapping[str, str], body: bytes) -> None:
        secret = account.secrets.get("app_secret", "")
        given = header(headers, SIGNATURE)
        if not secret or not same(given, _sign(secret, body)):
            raise BadSignature("The Messenger signature does not match this app's secret.")

    def handshake(self, account: ChannelAccount, query: Mapping[str, str]) -> str:
        wanted = account.secrets.get("verify_token", "")
        given = query.get("hub.verify_token", "")
        right = bool(wanted) and same(given, wanted)
        if not right or query.get("hub.mode") != "subscribe" or "hub.challenge" not in query:
            raise NotAllowed("The verify token is not that of this page.")
        return query["hub.challenge"]

    def parse(
        self, account: ChannelAccount, body: bytes, siblings: Sequence[ChannelAccount]
    ) -> list[Inbound]:
        return messenger_in.parse(account, body, siblings)

    def send(self, account: ChannelAccount, out: Outbound) -> Receipt:
        return messenger_out.send(account, out, CAPABILITIES)

    def acknowledge(self, account: ChannelAccount, inbound: Inbound) -> None:
        """Messenger shows no sign that needs clearing."""

    def profile(self, account: ChannelAccount, user_id: str) -> Profile | None:
        return messenger_out.profile(account, user_id)

    def check(self, account: ChannelAccount) -> str:
        page = graph(account, "GET", messenger_out.page_id(account), {"fields": "id,name"})
        return f"Meta accepts the token: it belongs to the page {a_text(page, 'name') or a_text(page, 'id')}."

    def register(self, account: ChannelAccount, webhook_url: str) -> str:
        page = messenger_out.page_id(account)
        graph(account, "POST", f"{page}/subscribed_apps", {"subscribed_fields": FIELDS})
        try:
            graph(
                account,
                "POST",
                "me/messenger_profile",
                {"get_started": {"payload": messenger_in.GET_STARTED}},
            )
            button = ""
        except SendError as fault:
            button = f" The Get Started button could not be set ({fault.code})."
        # The app's own address can only be set with the app's token, which we do not ask for. The verify
        # token is printed on purpose: its place is the app's page at Meta.
        return (
            f"The page is subscribed.{button} In the app's Messenger settings at Meta enter the callback URL "
            f"{webhook_url} and the verify token {account.secrets.get('verify_token', '')}"
        )

    def test(self, account: ChannelAccount, webhook_url: str) -> str:
        """Meta has no call that makes it post, so this reads back what it would post."""
        got = graph(account, "GET", f"{messenger_out.page_id(account)}/subscribed_apps", {})
        fields = sorted(
            {str(name) for app in a_list(got, "data") for name in a_list(app, "subscribed_fields")}
        )
        missing = sorted(set(FIELDS.split(",")) - set(fields))
        if missing:
            raise SendError(
                "not_subscribed", f"The page is not subscribed to: {', '.join(missing)}.", retryable=False
            )
        return f"The page is subscribed to {', '.join(fields)}. Meta offers no test call: write to the page."

    def simulate(self, account: ChannelAccount, text: str, user_id: str) -> tuple[dict[str, str], bytes]:
        page, now = messenger_out.page_id(account), int(time.time() * 1000)
        item = {
            "sender": {"id": user_id},
            "recipient": {"id": page},
            "timestamp": now,
            "message": {"mid": "m_" + secrets.token_urlsafe(48), "text": text},
        }
        payload = {"object": "page", "entry": [{"id": page, "time": now, "messaging": [item]}]}
        # Meta signs the bytes it sends, in which everything beyond ASCII is escaped.
        body = json.dumps(payload, separators=(",", ":")).encode()
        signature = _sign(account.secrets.get("app_secret", ""), body)
        return {"Content-Type": "application/json", SIGNATURE: signature}, body


def _sign(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()
