"""`flask kb`: import, approve, export and retire approved knowledge, and measure the live decisions on questions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from bot.cli import automation, gaps, lint, recalls, rehearsal
from bot.cli.common import as_json, emit, guarded, json_anyway, operator, service, staff_id
from bot.errors import BadPayload, NotAllowed
from bot.evaluation import evaluate_questions
from bot.model import Role
from bot.prepare import audit_of
from kb import desk
from kb.sources import BadRow

IMPORTER = "command:import"


@click.group("kb", help="Approved knowledge.")
def group() -> None: ...


for _command in automation.COMMANDS:
    group.add_command(_command)
group.add_command(lint.lint)
group.add_command(gaps.gaps)
group.add_command(rehearsal.command)


@group.command(
    "import",
    help="Read .csv, .xlsx, .jsonl, or Markdown (a folder, .zip, .md); good rows become drafts, bad ones are listed.",
)
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--author", help="E-mail of the member of staff who wrote it.")
@as_json
@guarded
def import_file(file: Path, author: str | None, as_json: bool) -> None:
    house = service()
    step = _progress if sys.stderr.isatty() else None
    who = staff_id(author) if author else IMPORTER
    result = desk.import_file(
        house.kb, file, who, house.audit.add_all, ZoneInfo(house.settings.timezone), step
    )
    bad = [_bad(row) for row in result.bad]
    if as_json:
        emit({"added": len(result.added), "ids": list(result.added), "bad": bad})
    else:
        click.echo(f"{len(result.added)} drafts")
    for row in result.bad:
        click.echo(f"{row.place}: {row.reason}", err=True)
    if bad and not result.added:
        raise BadPayload("No row could be imported.")


def _progress(done: int, total: int) -> None:
    click.echo(f"\r{done} of {total}", nl=done >= total, err=True)


def _bad(row: BadRow) -> dict[str, Any]:
    """The row of a table, or the line of one file of many."""
    where = {"file": row.file, "line": row.number} if row.file else {"row": row.number}
    return {**where, "reason": row.reason}


@group.command("approve", help="Approve drafts; the approver may not be their author.")
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every draft but the approver's own.")
@click.option("--approver", required=True, help="E-mail of a compliance officer.")
@as_json
@guarded
def approve(ids: tuple[str, ...], everything: bool, approver: str, as_json: bool) -> None:
    if everything == bool(ids):
        raise click.UsageError("name the ids to approve, or --all")
    approver_id = staff_id(approver)
    officer = service().staff.by_id(approver_id)
    if officer is None or officer.role is not Role.COMPLIANCE:
        raise NotAllowed(
            "Only a compliance officer approves; add one with `flask staff add --role compliance`."
        )
    decided = desk.approve(service().kb, None if everything else list(ids), approver_id, audit_of(service()))
    # With --all a draft that ran out is no fault of the command; one's own draft needs another approver.
    _report("approved", decided, as_json, failed=bool(decided.barred if everything else decided.refused))


@group.command("retire", help="Take articles out of force.")
@click.argument("ids", nargs=-1, required=True)
@as_json
@guarded
def retire(ids: tuple[str, ...], as_json: bool) -> None:
    decided = desk.retire(service().kb, list(ids), operator(), audit_of(service()))
    _report("retired", decided, as_json, failed=bool(decided.refused))


@group.command("recall", help="Out of force, everyone who was sent it listed, corrections queued.")
@click.argument("article")
@click.option("--version", type=int, help="This version only; otherwise all that ever were in force.")
@click.option("--reason", default="no reason given", help="For the audit log and those who correct it.")
@click.option("--by", help="E-mail of the compliance officer or supervisor who decided it.")
@as_json
@guarded
def recall(article: str, version: int | None, reason: str, by: str | None, as_json: bool) -> None:
    recalls.run(article, version, reason, by, as_json=as_json)


@group.command(
    "export",
    help="Write the articles in force: .jsonl, .csv, .xlsx, .zip of Markdown, or a new folder of it.",
)
@click.argument("file", type=click.Path(path_type=Path))
@as_json
@guarded
def export(file: Path, as_json: bool) -> None:
    count = desk.export_file(service().kb, file)
    if as_json:
        emit({"exported": count, "file": str(file)})
    else:
        click.echo(f"{count} articles written to {file}")


def _report(verb: str, decided: desk.Decided, as_json: bool, *, failed: bool) -> None:
    done = [content.id for content in decided.done]
    refused = [{"id": content_id, "reason": reason} for content_id, reason in decided.refused.items()]
    if as_json:
        emit({verb: done, "refused": refused})
    else:
        click.echo(f"{len(done)} {verb}")
    for row in refused:
        click.echo(f"{row['id']}: {row['reason']}", err=True)
    if failed:
        raise click.exceptions.Exit(1)


@group.command("evaluate", help="Run the live decision code on labelled questions.")
@click.argument("questions", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--kb",
    "kb_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Knowledge to use instead of the store's.",
)
@json_anyway
@guarded
def evaluate(questions: Path, kb_file: Path | None) -> None:
    emit(evaluate_questions(service(), questions, kb_file))
