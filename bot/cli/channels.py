"""`flask channels`: add, list, test, register, enable and disable channel accounts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import click

from bot.cli.common import as_json, emit, guarded, json_anyway, operator, service
from bot.csat import SWITCH
from bot.errors import BadPayload, NotFound
from bot.model import ChannelAccount, ChannelType

api_base = click.option("--api-base", help="Replaces the platform's own address (a stand-in, a proxy).")
name_option = click.option("--name", required=True, help="What colleagues call this account.")


@click.group("channels", help="Accounts on messaging platforms.")
def group() -> None: ...


@group.group("add", help="Add an account; prints its id and the webhook address to enter at the platform.")
def add() -> None: ...


@add.command("line", help="A LINE official account (Messaging API channel).")
@name_option
@click.option("--secret", required=True, help="Channel secret.")
@click.option("--token", required=True, help="Channel access token.")
@api_base
@json_anyway
@guarded
def add_line(name: str, secret: str, token: str, api_base: str | None) -> None:
    _add(ChannelType.LINE, name, {"secret": secret, "token": token}, {}, api_base)


@add.command("messenger", help="A Facebook page.")
@name_option
@click.option("--page-id", required=True)
@click.option("--page-token", required=True)
@click.option("--app-secret", required=True)
@click.option("--verify-token", required=True, help="A word of your choice, entered at Meta's app page too.")
@api_base
@json_anyway
@guarded
def add_messenger(
    name: str,
    page_id: str,
    page_token: str,
    app_secret: str,
    verify_token: str,
    api_base: str | None,
) -> None:
    secrets = {"page_token": page_token, "app_secret": app_secret, "verify_token": verify_token}
    _add(ChannelType.MESSENGER, name, secrets, {"page_id": page_id}, api_base)


@add.command("telegram", help="A Telegram bot; its webhook secret is generated and printed.")
@name_option
@click.option("--token", required=True, help="The bot's token from @BotFather.")
@api_base
@json_anyway
@guarded
def add_telegram(name: str, token: str, api_base: str | None) -> None:
    _add(ChannelType.TELEGRAM, name, {"token": token}, {}, api_base)


@add.command("web", help="A web chat; prints the snippet to paste into the site.")
@name_option
@click.option(
    "--origin", "origins", multiple=True, required=True, help="A site that may show it; repeat for several."
)
@click.option("--identity-secret", help="Shared with the site's server, which signs its customers' ids.")
@json_anyway
@guarded
def add_web(name: str, origins: tuple[str, ...], identity_secret: str | None) -> None:
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
            raise click.BadParameter(f"{origin!r} is no origin; use one such as https://www.example.com")
    secrets = {"identity_secret": identity_secret} if identity_secret else {}
    _add(ChannelType.WEB, name, secrets, {"origins": [origin.rstrip("/") for origin in origins]}, None)


def _add(
    channel: ChannelType, name: str, secrets: dict[str, str], public: dict[str, Any], base: str | None
) -> None:
    if base is not None and urlsplit(base).scheme not in ("http", "https"):
        raise click.BadParameter("must be an http or https address", param_hint="--api-base")
    accounts = service().accounts
    account = accounts.add(channel, name, secrets, public, base)
    service().audit.add(operator(), "channel:add", account.id, {"channel": channel.value})
    if channel is ChannelType.WEB:
        emit({"id": account.id, "snippet": accounts.snippet(account)})
        return
    printed = {"id": account.id, "webhook_url": accounts.webhook_url(account)}
    if channel is ChannelType.TELEGRAM:
        printed["secret_token"] = account.secrets["webhook_secret"]
    emit(printed)


@group.command("list", help="All accounts, one JSON line each with --json; credentials are never shown.")
@as_json
@guarded
def list_accounts(as_json: bool) -> None:
    accounts = service().accounts
    for account in accounts.list():
        row = {
            "id": account.id,
            "channel": account.channel.value,
            "name": account.name,
            "enabled": account.enabled,
            "webhook_url": None if account.channel is ChannelType.WEB else accounts.webhook_url(account),
            "last_event_at": account.last_event_at.isoformat() if account.last_event_at else None,
            "last_error": account.last_error,
        }
        if as_json:
            emit(row)
        else:
            state = "enabled" if account.enabled else "disabled"
            click.echo(f"{account.id}  {account.channel.value:9}  {state:8}  {account.name}")


@group.command("handle", help="Note the account's public name: LINE's basic id, Telegram's user name.")
@click.argument("account_id")
@click.argument("name")
@as_json
@guarded
def handle(account_id: str, name: str, as_json: bool) -> None:
    account = _known(account_id)
    if account.channel not in (ChannelType.LINE, ChannelType.TELEGRAM):
        raise BadPayload("Only LINE and Telegram accounts have such a name.")
    service().accounts.set_handle(account.id, name)
    service().audit.add(operator(), "channel:handle", account.id, {})
    _say(account, f"Links to {account.name} lead to @{name.strip().lstrip('@')}.", as_json)


@group.command("register", help="Set the webhook address at the platform.")
@click.argument("account_id")
@as_json
@guarded
def register(account_id: str, as_json: bool) -> None:
    account = _known(account_id)
    sentence = service().channels[account.channel].register(account, service().accounts.webhook_url(account))
    service().audit.add(operator(), "channel:register", account.id, {})
    _say(account, sentence, as_json)


@group.command("test", help="Check the credentials and ask the platform to call the webhook.")
@click.argument("account_id")
@as_json
@guarded
def test(account_id: str, as_json: bool) -> None:
    account = _known(account_id)
    channel = service().channels[account.channel]
    checked = channel.check(account)
    called = channel.test(account, service().accounts.webhook_url(account))
    _say(account, f"{checked} {called}", as_json)


@group.command("disable", help="Refuse this account's webhooks from now on (404).")
@click.argument("account_id")
@as_json
@guarded
def disable(account_id: str, as_json: bool) -> None:
    _switch(account_id, False, as_json)


@group.command("enable", help="Take this account's webhooks again.")
@click.argument("account_id")
@as_json
@guarded
def enable(account_id: str, as_json: bool) -> None:
    _switch(account_id, True, as_json)


@group.command(
    "csat", help="Ask this account's customers how it was, or not (on LINE each question is a push)."
)
@click.argument("account_id")
@click.argument("state", type=click.Choice(["on", "off"]))
@as_json
@guarded
def csat(account_id: str, state: str, as_json: bool) -> None:
    account = _known(account_id)
    service().accounts.set_public(account_id, SWITCH, state == "on")
    service().audit.add(operator(), f"channel:csat_{state}", account_id, {})
    _say(account, f"customers are {'asked' if state == 'on' else 'not asked'} how it was", as_json)


def _switch(account_id: str, enabled: bool, as_json: bool) -> None:
    account = _known(account_id)
    service().accounts.set_enabled(account_id, enabled)
    service().audit.add(operator(), "channel:enable" if enabled else "channel:disable", account_id, {})
    _say(account, "enabled" if enabled else "disabled", as_json)


def _known(account_id: str) -> ChannelAccount:
    account = service().accounts.get(account_id)
    if account is None:
        raise NotFound(f"There is no channel account {account_id!r}; see `flask channels list`.")
    return account


def _say(account: ChannelAccount, sentence: str, as_json: bool) -> None:
    if not sentence:
        raise BadPayload("The platform gave no answer.")
    if as_json:
        emit({"id": account.id, "ok": True, "result": sentence})
    else:
        click.echo(sentence)
