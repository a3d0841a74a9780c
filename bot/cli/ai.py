"""`flask ai off|on|status`: the kill switch of the AI, for the whole or for one channel account."""

from __future__ import annotations

from typing import Any

import click

from bot.cli.common import as_json, emit, guarded, operator, service
from bot.errors import NotAllowed
from bot.store.switches import WHOLE, Off
from bot.switch import STARTS, STOPS

channel = click.option("--channel", "account_id", help="Only this channel account, by its id.")
reason = click.option(
    "--reason", required=True, help="Why; it stands in the audit log, personal data masked."
)
by = click.option(
    "--by", help="E-mail of the person who decided it; otherwise the machine's account is noted."
)


@click.group("ai", help="The kill switch: off sends every turn to people at once.")
def group() -> None: ...


@group.command(
    "off", help="The AI answers nobody any more; each message goes to people with an approved notice."
)
@channel
@reason
@by
@as_json
@guarded
def off(account_id: str | None, reason: str, by: str | None, as_json: bool) -> None:
    changed = service().switch.turn(_actor(by, STOPS), reason, account_id, off=True)
    _show(as_json, account_id, None if changed else "It was off already; the reason is noted.")


@group.command("on", help="The AI answers again; conversations that people have stay with them.")
@channel
@reason
@by
@as_json
@guarded
def on(account_id: str | None, reason: str, by: str | None, as_json: bool) -> None:
    changed = service().switch.turn(_actor(by, STARTS), reason, account_id, off=False)
    _show(as_json, account_id, None if changed else "It was on already.")


@group.command("status", help="What is off, since when, by whom and why.")
@as_json
@guarded
def status(as_json: bool) -> None:
    _show(as_json, None, None)


def _actor(email: str | None, roles: tuple[Any, ...]) -> str:
    if email is None:
        return operator()
    person = service().staff.by_email(email)
    if person is None or person.role not in roles:
        raise NotAllowed(
            "No active member of staff with this e-mail address may do this; see docs/operations.md."
        )
    return person.id


def _show(as_json: bool, account_id: str | None, word: str | None) -> None:
    off = service().switch.state()
    answers = not any(one.scope in (WHOLE, account_id) for one in off)
    if as_json:
        emit(
            {
                "scope": account_id or WHOLE,
                "ai": "on" if answers else "off",
                "off": [
                    {"scope": one.scope, "since": one.since.isoformat(), "by": one.by, "reason": one.reason}
                    for one in off
                ],
            }
        )
        return
    if word:
        click.echo(word, err=True)
    click.echo("\n".join(_line(one) for one in off) or "The AI is on for every channel account.")
    if account_id and not answers and all(one.scope != account_id for one in off):
        click.echo("The whole is off: this account answers again when the whole does.", err=True)


def _line(one: Off) -> str:
    where = "every channel account" if one.scope == WHOLE else f"channel account {one.scope}"
    return f"off for {where} since {one.since.isoformat(timespec='seconds')} by {one.by}: {one.reason}"
