"""`flask ai drill`: the kill switch exercised on a web account, its time to effect measured and kept."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import click

from adapters import web
from adapters.http import post_webhook
from bot.cli.ai import group
from bot.cli.common import as_json, emit, guarded, operator, service
from bot.desk.change import Changes
from bot.errors import NotFound, Unavailable
from bot.governance.drill import Drill
from bot.model import ChannelAccount, Status
from bot.store.events import thread_of

QUESTION = "信用卡年費怎麼收？"


@group.command(
    "drill", help="Exercise the switch on a web account of one's own for it; the AI is on again afterwards."
)
@click.option("--channel", "account_id", required=True, help="A web channel account, by its id.")
@as_json
@guarded
def drill(account_id: str, as_json: bool) -> None:
    house = service()
    account = house.accounts.get(account_id)
    if account is None:
        raise NotFound("There is no channel account with this id; see `flask channels list`.")
    actor, register = operator(), house.console.quality.register

    def turn(off: bool) -> None:
        house.switch.turn(actor, "drill of the kill switch", account.id, off=off)

    done = register.drilled(
        actor,
        Drill(lambda: _ask(account), register.store.decided, turn, _close).run(account),
    )
    told = {name: value for name, value in done.items() if name != "_id"}
    if as_json:
        emit(told)
    else:
        restored = "never" if done["restored_s"] is None else f"after {done['restored_s']:.2f} s"
        click.echo(
            f"{'ok' if done['ok'] else 'FAILED'}: {done['stopped']} of {done['probes']} went to people; the AI still "
            f"answered for {done['effect_s']:.2f} s; it answered again {restored}"
        )
    if not done["ok"]:
        raise click.exceptions.Exit(1)


def _ask(account: ChannelAccount) -> str:
    house = service()
    settings = house.settings
    visitor = "visitor-" + secrets.token_hex(16)
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - maps it away
    headers, body = house.channels[account.channel].simulate(account, QUESTION, visitor)
    token = web.issue(settings.secret_key, account.id, visitor)
    status = post_webhook(
        f"http://{host}:{settings.port}/webchat/{account.id}/messages",
        {**headers, "Authorization": f"Bearer {token}"},
        body,
    )
    if status != 202:
        raise Unavailable(f"The web process answered {status}.")
    return thread_of(house.vault, account.id, visitor)


def _close(thread: str) -> None:
    """A visitor that never was leaves nothing in anybody's queue."""
    house = service()
    context = house.conversations.context(thread, None)
    if context.conversation is None or context.conversation.status is Status.RESOLVED:
        return
    changes = Changes(house.mongo, house.conversations, house.outbox, house.audit, house.live)
    changes.apply(
        "system:drill",
        context.conversation,
        "conversation:resolve",
        {
            "status": Status.RESOLVED.value,
            "waiting_since": None,
            "offer": None,
            "resolved_at": datetime.now(UTC),
            "resolved_by": "system:drill",
        },
        read=True,
    )
