"""`flask rules`: the hand-off rules as one file, out and in again, checked, and approved by another person.

The file is TOML, as the rules that ship: patterns stand in it as they are, without doubled backslashes, one a line.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bot.cli.common import as_json, emit, guarded, service
from bot.encoding import encoder
from bot.errors import BadPayload
from bot.model import Staff
from bot.policies import Version
from handlers import Policy
from handlers.policy import checked
from handlers.policy_trial import Line, compare

LISTED = 20


@click.group("rules", help="Hand-off rules: who gets a person, and why.")
def group() -> None: ...


@group.command("list", help="Every version, latest first, with who wrote and who decided it.")
@as_json
@guarded
def list_versions(as_json: bool) -> None:
    policies = service().policies
    in_force, versions = policies.in_force(), policies.versions(0)
    if as_json:
        emit({"in_force": in_force, "versions": [_facts(one) for one in versions]})
        return
    for one in versions:
        click.echo(f"{one.number}  {one.state}  {one.at:%Y-%m-%d %H:%M}  {one.sha256[:12]}  {one.note}")
    click.echo(f"In force: {in_force or '0, the rules that ship'}.", err=True)


@group.command("show", help="The rules of a version, those in force by default, as one readable file.")
@click.option("--version", type=int, help="0 are the rules that ship.")
@as_json
@guarded
def show(version: int | None, as_json: bool) -> None:
    number, document = _chosen(version)
    if as_json:
        emit({"version": number, "document": document})
    else:
        click.echo(toml(document), nl=False)


@group.command("export", help="The same into a file, to edit and to hand in with `flask rules draft`.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--version", type=int, help="0 are the rules that ship.")
@as_json
@guarded
def export(file: Path, version: int | None, as_json: bool) -> None:
    number, document = _chosen(version)
    file.write_text(toml(document), encoding="utf-8")
    _tell(as_json, {"version": number, "file": str(file)}, f"Version {number} is in {file}.")


@group.command("draft", help="Hand a file in as a new version, for compliance to review.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--author", required=True, help="E-mail of the member of staff who wrote it.")
@click.option("--note", required=True, help="What is changed, and why.")
@as_json
@guarded
def draft(file: Path, author: str, note: str, as_json: bool) -> None:
    staff, policies = _staff(author), service().policies
    made = policies.draft(staff, _read(file), note)
    policies.submit(staff, made.number)
    tried = policies.try_now(made.number)
    _tell(as_json, _facts(tried), f"Version {made.number} is in review. {_found(tried)}")


@group.command(
    "check", help="What is wrong with a file, and which examples read differently with it. Stores nothing."
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--lines",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="More labelled lines, JSONL.",
)
@as_json
@guarded
def check(file: Path, lines: Path | None, as_json: bool) -> None:
    after = Policy.of_checked(checked(_read(file)), 0)
    more = [(row["text"], row["label"]) for row in map(json.loads, _rows(lines))] if lines else []
    found = compare(service().policy(), after, encoder(service().settings.home / "cache"), more)
    if as_json:
        emit(asdict(found))
        return
    _lines("read otherwise than labelled", found.misread)
    _lines("read differently than by the rules in force", found.changed)
    click.echo(f"{found.lines} lines read; the file can be handed in.", err=True)


@group.command(
    "approve", help="Bring a version in review in force; the approver may not be among its authors."
)
@click.argument("version", type=int)
@click.option("--approver", required=True, help="E-mail of a compliance officer.")
@as_json
@guarded
def approve(version: int, approver: str, as_json: bool) -> None:
    policies, staff = service().policies, _staff(approver)
    one = policies.version(version)
    if one.trial.get("against") != policies.in_force():
        one = policies.try_now(version)
    done = policies.approve(staff, version, one.sha256)
    _tell(as_json, _facts(done), f"Version {version} is in force within seconds. {_found(one)}")


def toml(document: Mapping[str, Any]) -> str:
    """The document as a person writes it; `tomllib` reads it back to the same."""
    parts = []
    for table, rules in document["rules"].items():
        for rule in rules:
            lines = [f"[[rules.{table}]]", f"id = {_text(rule['id'])}"]
            lines += ["sure = true"] if rule["sure"] else []
            lines += [f"{name} = {_list(rule[name])}" for name in ("when", "unless") if rule[name]]
            parts.append("\n".join(lines))
    words = [f"{name} = {_list(some)}" for name, some in document["words"].items()]
    typos = [f"{_text(wrong)} = {_text(right)}" for wrong, right in document["typos"].items()]
    examples = [f"{name} = {_list(some)}" for name, some in document["examples"].items()]
    for name, lines in (("words", words), ("typos", typos), ("examples", examples)):
        parts.append("\n".join([f"[{name}]", *lines]))
    return "\n\n".join(parts) + "\n"


def _list(texts: Iterable[str]) -> str:
    return "[\n" + "".join(f"    {_text(text)},\n" for text in texts) + "]"


def _text(text: str) -> str:
    """Literal where it can be: a pattern reads as it is. A JSON string is a TOML string, but for DEL."""
    plain = "'" not in text and text.isprintable()
    return f"'{text}'" if plain else json.dumps(text).replace("\x7f", "\\u007f")


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadPayload(f"{file.name} is not a TOML file: {error}") from error


def _rows(file: Path) -> list[str]:
    return [line for line in file.read_text(encoding="utf-8-sig").split("\n") if line.strip()]


def _chosen(version: int | None) -> tuple[int, dict[str, Any]]:
    policies = service().policies
    number = policies.in_force() if version is None else version
    return number, policies.document(number)


def _staff(email: str) -> Staff:
    found = service().staff.by_email(email)
    if found is None:
        raise click.ClickException(
            "No active member of staff has this e-mail address; add one with `flask staff add`."
        )
    return found


def _facts(one: Version) -> dict[str, Any]:
    return {**asdict(one), "trial": {**one.trial, "token": None}}


def _found(one: Version) -> str:
    trial = one.trial
    if "lines" not in trial:
        return "Its examples could not be read: try again."
    return (
        f"Of {trial['lines']} examples {trial['changed_count']} read differently than before, "
        f"{trial['misread_count']} otherwise than labelled."
    )


def _lines(what: str, lines: tuple[Line, ...]) -> None:
    click.echo(f"{len(lines)} {what}")
    for line in lines[:LISTED]:
        click.echo(f"  {line.text}  ({line.label}): {line.before} -> {line.after}")


def _tell(as_json: bool, value: dict[str, Any], sentence: str) -> None:
    if as_json:
        emit(value)
    else:
        click.echo(sentence)
