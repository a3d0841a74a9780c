"""`flask simulate`: a correctly signed event, as the platform would post it, to the running web process."""

from __future__ import annotations

import secrets
import time
from typing import Any

import click

from adapters import web
from adapters.http import post_webhook
from bot.cli.common import as_json, emit, guarded, service
from bot.errors import NotFound
from bot.model import ChannelAccount, ChannelType
from bot.store.events import thread_of

POLL_S = 0.1


@click.command("simulate", help="Post TEXT as a customer of channel account CHANNEL_ID would.")
@click.argument("channel_id")
@click.argument("text")
@click.option("--user", help="The platform's user id; default: a new one.")
@click.option(
    "--wait", type=float, default=0.0, help="Wait up to that many seconds and print what came back."
)
@as_json
@guarded
def command(channel_id: str, text: str, user: str | None, wait: float, as_json: bool) -> None:
    account = service().accounts.get(channel_id)
    if account is None:
        raise NotFound(f"There is no channel account {channel_id!r}; see `flask channels list`.")
    user_id = user or _new_user(account.channel)
    before = service().views.last_pos(thread_of(service().vault, account.id, user_id))
    status = _post(account, text, user_id)
    accepted = status == (202 if account.channel is ChannelType.WEB else 200)
    said = _await_reply(account, user_id, before, wait) if accepted else []
    if as_json:
        emit({"status": status, "user": user_id, "replies": said})
    else:
        click.echo(f"status {status}, user {user_id}")
        for line in said:
            click.echo(line)
    if not accepted:
        raise click.ClickException(f"The webhook answered {status}.")


def _post(account: ChannelAccount, text: str, user_id: str) -> int:
    settings = service().settings
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - maps it away
    base = f"{'https' if settings.tls else 'http'}://{host}:{settings.port}"
    headers, body = service().channels[account.channel].simulate(account, text, user_id)
    if account.channel is ChannelType.WEB:
        token = web.issue(settings.secret_key, account.id, user_id)
        headers = {**headers, "Authorization": f"Bearer {token}"}
        return post_webhook(f"{base}/webchat/{account.id}/messages", headers, body)
    return post_webhook(f"{base}/webhooks/{account.channel.value}/{account.id}", headers, body)


def _new_user(channel: ChannelType) -> str:
    if channel is ChannelType.LINE:
        return "U" + secrets.token_hex(16)
    if channel is ChannelType.WEB:
        return "visitor-" + secrets.token_hex(16)
    return str(secrets.randbelow(9 * 10**11) + 10**11)


def _await_reply(account: ChannelAccount, user_id: str, before: int, wait: float) -> list[Any]:
    thread = thread_of(service().vault, account.id, user_id)
    until = time.monotonic() + wait
    while time.monotonic() < until:
        said = [one.text for one in service().views.since(thread, before) if one.author != "customer"]
        if said:
            return said
        time.sleep(POLL_S)
    return []
