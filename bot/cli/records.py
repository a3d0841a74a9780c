"""`flask records`: verify, seal, key. Its other commands are in files of their own, `bot/cli/records_*.py`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bot.cli.common import as_json, emit, guarded, operator, service
from bot.compose_records import sealer_of
from bot.records.check import Bad
from bot.records.verify import verify
from bot.store.chains import ChainStore
from bot.store.seals import SealStore

OFFLINE: list[Callable[[Path, bool], None]] = []
"""Who verifies an exported pack, (folder, as_json), exiting 1 on a fault: told here by `records_export`, to which the
live store is no concern."""


@click.group("records", help="The records: verify, seal, export, keep.")
def group() -> None:
    pass


@group.command("verify")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--all", "every", is_flag=True, help="Name up to 1000 faults instead of the first.")
@click.option("--trust", multiple=True, metavar="KEY_ID", help="The first seal must be signed by this key.")
@as_json
@guarded
def verify_(folder: Path | None, every: bool, trust: tuple[str, ...], as_json: bool) -> None:
    """Check every chain and seal of the live store, or of an exported pack in FOLDER; name the first bad record."""
    if folder is not None:
        if not OFFLINE:
            raise click.UsageError("This installation cannot verify exported packs.")
        OFFLINE[0](folder, as_json)
        return
    house = service()
    report = verify(
        ChainStore(house.mongo),
        SealStore(house.mongo),
        folder=house.settings.records.folder,
        trusted=trust,
        most=1000 if every else 1,
        step=_progress(),
    )
    told = {
        "records": report.records,
        "seals": report.seals,
        "sealed_until": report.sealed_until,
        "seconds": report.seconds,
        "per_second": report.per_second,
    }
    if as_json:
        named = {"bad": _named(report.bad[0])} if report.bad else {}
        more = {"all": [_named(one) for one in report.bad]} if every and report.bad else {}
        emit({"ok": report.ok, **named, **more, **told})
    elif report.ok:
        click.echo(
            f"ok: {report.records} records, {report.seals} seals (until {report.sealed_until or '-'}), "
            f"{report.seconds:.1f} s, {report.per_second} records a second"
        )
    else:
        for one in report.bad:
            click.echo(f"BAD {one.collection} {one.id or '-'}: {one.reason}{_where(one)}")
    if not report.ok:
        raise click.exceptions.Exit(1)


def _named(one: Bad) -> dict[str, Any]:
    return asdict(one)


def _where(one: Bad) -> str:
    return f" (conversation {one.conversation}, seq {one.seq})" if one.conversation else ""


def _progress() -> Any:
    """On stderr, where it is a terminal: one line that is written over."""
    if not sys.stderr.isatty():
        return lambda _done, _total: None
    return lambda done, total: click.echo(
        f"\r{done} of about {total} looked at", nl=done >= total > 0, err=True
    )


@group.command(
    "seal", help="Seal the days that are over and not sealed yet; the clock does it shortly after midnight."
)
@as_json
@guarded
def seal(as_json: bool) -> None:
    house = service()
    made: list[str] = []
    sealer = sealer_of(house.mongo, house.settings)
    if due := sealer.missing():
        house.audit.add(operator(), "records:seal", "seals", {"days": len(due)})
        sealer.seal_missing(lambda one: made.append(one["_id"]))
    if as_json:
        emit({"sealed": made})
    else:
        click.echo(
            f"sealed {', '.join(made)}" if made else "Nothing to seal: no day is over that is not sealed."
        )


@group.command("key", help="Show which key signs the seals; --new puts a new one in its place.")
@click.option("--new", is_flag=True, help="Make a new key; the old one vouches for it in the next seal.")
@as_json
@guarded
def key(new: bool, as_json: bool) -> None:
    house = service()
    sealer = sealer_of(house.mongo, house.settings)
    said = {}
    if new:
        said["old"], fresh = sealer.change_key()
        house.audit.add(operator(), "records:key:change", f"seal-key:{fresh}", {"old": said["old"]})
    held = sealer.key()
    said |= {"key_id": held.id, "public_key": held.public.hex()}
    if as_json:
        emit(said)
        return
    for name, value in said.items():
        click.echo(f"{name} {value}")
