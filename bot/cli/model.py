"""`flask model`: what the firm's own model costs, and phrasings it suggests to editors."""

from __future__ import annotations

import re
from typing import Any

import click

from bot.ai.prices import MICRO
from bot.ai.setup import ledger_of
from bot.cli.common import as_json, emit, guarded, service


@click.group("model", help="The firm's own model.")
def group() -> None: ...


@group.command("costs", help="This month's calls by purpose, with what they cost (NT$).")
@click.option("--month", help="Another month, as 2026-11.")
@as_json
@guarded
def costs(month: str | None, as_json: bool) -> None:
    if month is not None and not re.fullmatch(r"\d{4}-(?:0[1-9]|1[0-2])", month):
        raise click.UsageError("--month is a year and a month, as 2026-11")
    ledger = ledger_of(service().settings, service().mongo)
    wanted = month or ledger.month()
    rows = ledger.costs(wanted)
    found: dict[str, Any] = {
        "month": wanted,
        "budget_ntd": None if ledger.budget is None else ledger.budget / MICRO,
        "spent_ntd": round(ledger.spent(wanted) / MICRO, 4),
        "calls": rows,
    }
    if as_json:
        emit(found)
        return
    limit = "no limit" if ledger.budget is None else f"of NT${found['budget_ntd']:,.0f}"
    click.echo(f"{wanted}: NT${found['spent_ntd']:,.2f} ({limit})")
    for row in rows:
        spent = (
            f"{row['calls']:6} calls {row['tokens_in']:9} in {row['tokens_out']:8} out NT${row['ntd']:9.2f}"
        )
        click.echo(f"{row['purpose']:11} {row['model']:20} {row['outcome']:12} {spent}")


@group.command("paraphrase", help="Suggest phrasings for an article in force; an editor decides about each.")
@click.argument("article")
@click.option("--count", default=10, type=click.IntRange(1, 20), show_default=True)
@as_json
@guarded
def paraphrase(article: str, count: int, as_json: bool) -> None:
    adviser = service().adviser
    if adviser is None:
        raise click.ClickException("There is no model to ask; set OPENAI_API_KEY.")
    ref = service().knowledge.article(article)
    if ref is None:
        raise click.ClickException("No article with this id is in force.")
    adviser.warm()
    questions = service().kb.version(ref.kind, ref.id, ref.version).questions
    advice = adviser.paraphrase(questions[0], questions, count)
    if advice.value is None:
        outcome = advice.call.outcome if advice.call else "not among OPENAI_PURPOSES"
        raise click.ClickException(f"No suggestion came: {outcome}.")
    if as_json:
        emit({"article": article, "suggestions": advice.value})
    else:
        for line in advice.value:
            click.echo(line)
