"""`flask keys`: which master keys wrap the data keys, and moving them all to another one."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from bot.cli.common import as_json, emit, guarded, operator, service
from bot.settings import environment
from bot.settings_keys import target
from bot.vault_keys import MasterKeys


@click.group("keys", help="Master keys: what they wrap, and rotation. Key material is never shown.")
def group() -> None:
    pass


def _masters() -> MasterKeys:
    house = service()
    return MasterKeys(house.mongo, house.settings.kms, house.settings.kms_master_key)


@group.command("list", help="The master keys that wrap data keys, how many, and since when.")
@as_json
@guarded
def list_(as_json: bool) -> None:
    wanted = _target()
    for one in _masters().wrapped():
        current = one.master.partition(" ")[0] == wanted
        if as_json:
            emit({**asdict(one), "current": current})
        else:
            made = f"{one.oldest:%Y-%m-%d} to {one.newest:%Y-%m-%d}" if one.oldest and one.newest else "-"
            click.echo(f"{one.master}  {one.keys} data keys, made {made}{'  (current)' if current else ''}")


@group.command(
    "rotate", help="Wrap every data key by the new master key while Teller runs (docs/how-to/keys.md)."
)
@as_json
@guarded
def rotate(as_json: bool) -> None:
    house, provider = service(), _target()
    house.audit.add(operator(), "keys:rotate:begin", f"master:{provider}", {})
    done = _masters().rotate(provider, _progress)
    detail = {"keys": done.keys, "moved": done.moved, "unopened": len(done.unopened)}
    house.audit.add(operator(), "keys:rotate:done", f"master:{provider}", detail)
    if as_json:
        emit({"ok": not done.unopened, "master": provider, **detail})
    else:
        click.echo(
            f"{done.moved} of {done.keys} data keys moved to {provider}; {len(done.unopened)} do not open"
        )
    if done.unopened:
        raise click.exceptions.Exit(1)


def _target() -> str:
    return target(service().settings.kms, environment())


def _progress(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{what} {done} of {total}", nl=done >= total, err=True)
