"""`flask triage evaluate`: the live hand-off rules on labelled texts."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bot.cli.common import emit, guarded, json_anyway, service
from bot.errors import ServiceError
from bot.mongo import PyMongoError
from handlers import Policy
from handlers.triage import evaluate


@click.group("triage", help="Who needs a person.")
def group() -> None: ...


@group.command("evaluate", help='Run the live rules on JSON lines {"text", "label"}.')
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--lines", "with_lines", is_flag=True, help="Add label and prediction of every line.")
@json_anyway
@guarded
def evaluate_file(file: Path, with_lines: bool) -> None:
    rows = []
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").split("\n"), start=1):
        if line.strip():
            try:
                row = json.loads(line)
                rows.append((str(row["text"]), str(row["label"])))
            except (ValueError, KeyError, TypeError) as error:
                raise click.UsageError(
                    f'line {number} is not a JSON object with "text" and "label"'
                ) from error
    try:
        result = evaluate(rows, service().classifier(_policy()))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if not with_lines:
        del result["lines"]
    emit(result)


def _policy() -> Policy:
    """The approved rules; those that ship where they cannot be asked for."""
    try:
        return service().policy()
    except (ServiceError, PyMongoError) as error:
        click.echo(
            f"The approved rules cannot be read ({type(error).__name__}): measured are those that ship.",
            err=True,
        )
        return Policy.shipped()
