"""A newcomer's first ten minutes: sample knowledge, demo staff, and an account a channel on the stand-ins."""

from __future__ import annotations

import json
import secrets
from typing import Any

from adapters.http import post_webhook
from bot.compose import Service
from bot.errors import ServiceError
from bot.model import ChannelAccount, ChannelType, Role

DEMO_PASSWORD = "teller-demo-2026"  # noqa: S105 - for a newcomer's machine; production refuses it
DEMO_DOMAIN = "example.com"
DEMO_SKILLS = ("general", "loan", "card")


def add_staff(service: Service) -> int:
    """One member of staff a role, into a store without any; how many."""
    if service.staff.count():
        return 0
    for role in Role:
        skills = DEMO_SKILLS if role is Role.AGENT else ()
        service.staff.add(
            f"{role.value}@{DEMO_DOMAIN}", DEMO_PASSWORD, role, name=role.value.capitalize(), skills=skills
        )
    return len(Role)


def add_accounts(service: Service) -> None:
    """Into a store without any: a web chat for the demo page, and one account a platform on the stand-ins."""
    if not service.accounts.list():
        port = service.settings.port
        origins = [service.settings.public_url, f"http://127.0.0.1:{port}", f"http://localhost:{port}"]
        # The demo page signs its members with it, as a firm's server would.
        identity = {"identity_secret": secrets.token_hex(32)}
        service.accounts.add(
            ChannelType.WEB, "示範網站", identity, {"origins": list(dict.fromkeys(origins))}, None
        )
        if service.settings.sandbox_url:
            _add_stand_ins(service, service.settings.sandbox_url)
    if service.settings.sandbox_url:
        for account in service.accounts.list():
            if account.api_base and account.api_base.startswith(service.settings.sandbox_url):
                _introduce(service, service.settings.sandbox_url, account)


def _add_stand_ins(service: Service, sandbox: str) -> None:
    service.accounts.add(
        ChannelType.LINE,
        "示範 LINE",
        {"secret": "5a" * 16, "token": "sandbox-line-token"},
        {},
        f"{sandbox}/line",
    )
    service.accounts.add(
        ChannelType.MESSENGER,
        "示範 Messenger",
        {"page_token": "sandbox-page-token", "app_secret": "6b" * 16, "verify_token": "sandbox-verify"},
        {"page_id": "109000000000001"},
        f"{sandbox}/messenger",
    )
    service.accounts.add(
        ChannelType.TELEGRAM,
        "示範 Telegram",
        {"token": "123456789:sandbox-telegram-token"},
        {},
        f"{sandbox}/telegram",
    )


def _introduce(service: Service, sandbox: str, account: ChannelAccount) -> None:
    """Tell the stand-in the account's credentials and our address, as a person would in the platform's console."""
    secrets = account.secrets
    told: dict[str, Any] = {
        "channel": account.channel.value,
        "name": account.name,
        "webhook_url": f"http://127.0.0.1:{service.settings.port}/webhooks/{account.channel.value}/{account.id}",
    }
    if account.channel is ChannelType.LINE:
        told |= {"token": secrets["token"], "secret": secrets["secret"]}
    elif account.channel is ChannelType.MESSENGER:
        told |= {"page_id": account.public["page_id"], **secrets}
    elif account.channel is ChannelType.TELEGRAM:
        told |= {"token": secrets["token"], "secret_token": secrets["webhook_secret"]}
    status = post_webhook(
        f"{sandbox}/_control/accounts", {"Content-Type": "application/json"}, json.dumps(told).encode()
    )
    if status != 200:
        raise ServiceError(f"The stand-in of {account.channel.value} refused the demo account ({status}).")
