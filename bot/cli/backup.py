"""`flask backup`: key, create, keys, restore."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from bot.backup import keys as backup_keys
from bot.backup.making import Made, Maker
from bot.cli.common import as_json, emit, guarded, operator, service
from bot.compose_backup import maker_of, restorer_of
from bot.errors import BadPayload, Conflict
from bot.mongo import Doc
from bot.retention.lists import ErasureList

SUFFIX = ".tellerbackup"
_OUT = click.Path(path_type=Path)
_IN = click.Path(exists=True, dir_okay=False, path_type=Path)
_KEY = click.option("--key-file", type=_IN, help="The backup key; default: TELLER_BACKUP_KEY_FILE.")


@click.group("backup", help="Encrypted backups, and the way back.")
def group() -> None:
    pass


@group.command("key")
@click.argument("file", type=_OUT)
@guarded
def key(file: Path) -> None:
    """Make the key that backups are encrypted with. Keep it away from them."""
    click.echo(f"made key {backup_keys.make(file)}")


@group.command("create")
@click.argument("target", type=_OUT)
@_KEY
@as_json
@guarded
def create(target: Path, key_file: Path | None, as_json: bool) -> None:
    """The data, then the keys, as two files in the folder TARGET, or as TARGET and TARGET.keys."""
    data, keys = _names(target)
    maker = _maker(key_file)
    made = [
        _written(lambda: maker.data(data, operator(), _progress)),
        _written(lambda: maker.keys(keys, operator())),
    ]
    _told(made, as_json)


@group.command("keys")
@click.argument("target", type=_OUT)
@_KEY
@as_json
@guarded
def keys(target: Path, key_file: Path | None, as_json: bool) -> None:
    """Only the keys and the erasures, for the short cycle: a key made since the last one is lost without it."""
    _, path = _names(target)
    maker = _maker(key_file)
    _told([_written(lambda: maker.keys(path if target.is_dir() else target, operator()))], as_json)


@group.command("restore")
@click.argument("data", type=_IN)
@click.option("--keys", "keys_file", type=_IN, required=True, help="The latest backup of keys.")
@click.option("--into", "uri", required=True, help="MongoDB URI of an empty database.")
@click.option("--erasures", type=_IN, help="The list of erasures; default: TELLER_ERASURE_LIST.")
@click.option("--no-erasures", is_flag=True, help="Nobody was ever erased, and there is no list.")
@_KEY
@as_json
@guarded
def restore(
    data: Path,
    keys_file: Path,
    uri: str,
    erasures: Path | None,
    no_erasures: bool,
    key_file: Path | None,
    as_json: bool,
) -> None:
    """Load DATA, erase again whom it brings back, and verify; exit 1 where the records do not verify."""
    settings = service().settings
    listed = erasures or settings.retention.erasures
    known: list[Doc] = []
    if listed is not None and listed.exists():
        known = list(ErasureList(listed).read())
    elif not no_erasures:
        raise BadPayload(
            "There is no list of erasures: bring it with --erasures, or say --no-erasures where nobody was erased."
        )
    began = time.perf_counter()
    restorer = restorer_of(settings, uri, backup_keys.read(key_file or settings.retention.backup_key))
    try:
        done = restorer.restore(data, keys_file, known, operator(), _progress)
    finally:
        restorer.mongo.close()
    told = {
        **asdict(done),
        "bad": [asdict(one) for one in done.bad],
        "total_seconds": time.perf_counter() - began,
    }
    if as_json:
        emit({"ok": not done.bad, **told})
    else:
        click.echo(
            f"{done.documents} documents in {done.seconds:.1f} s, {done.erased} customers erased again, "
            f"{done.records} records verified in {done.proof_seconds:.1f} s"
        )
    if done.bad:
        raise click.ClickException(
            f"The records do not verify ({done.bad[0].reason}): this database stays closed."
        )


def _maker(key_file: Path | None) -> Maker:
    house = service()
    return maker_of(house.settings, backup_keys.read(key_file or house.settings.retention.backup_key))


def _names(target: Path) -> tuple[Path, Path]:
    if target.is_dir():
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        return target / f"{stamp}.data{SUFFIX}", target / f"{stamp}.keys{SUFFIX}"
    return target, target.with_name(target.name + ".keys")


def _written(make: Callable[[], Made]) -> Made:
    try:
        return make()
    except FileExistsError as error:
        raise Conflict("There is a file of this name already; a backup is never overwritten.") from error
    except OSError as error:
        raise BadPayload(f"The backup cannot be written there ({type(error).__name__}).") from error


def _told(made: list[Made], as_json: bool) -> None:
    rows = [{**asdict(one), "path": str(one.path), "began": one.began.isoformat()} for one in made]
    if as_json:
        emit({"files": rows})
        return
    for one in made:
        click.echo(f"{one.path}  {one.documents} documents, {one.size / 1e6:.1f} MB")


def _progress(name: str, count: int) -> None:
    if count % 10_000 < 1000:
        click.echo(f"{name} {count}\r", nl=False, err=True)
