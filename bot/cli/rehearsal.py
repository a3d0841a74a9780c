"""`flask kb rehearse`: which decisions would change, before anybody approves."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

import click

from bot.cli.common import as_json, emit, guarded, operator, service
from bot.proposals import Plan
from bot.rehearsal import rehearse
from bot.replay import Outcome, Rehearsal
from bot.wordings import masked
from kb.search.decide import Mode

ACTION = "kb.rehearse"


@click.command(
    "rehearse", help="Replay the last days' questions against what is proposed; print what changes."
)
@click.option("--days", type=int, default=7, show_default=True)
@click.option(
    "--with", "added", metavar="ID", multiple=True, help="A draft; without any proposal, all of them."
)
@click.option("--without", "retired", metavar="ID", multiple=True, help="As if it were out of force.")
@click.option(
    "--mode", type=click.Choice([str(mode) for mode in Mode]), help="Instead of TELLER_AUTO_ANSWER."
)
@click.option(
    "--threshold", "thresholds", metavar="CLASS=SHARE", multiple=True, help="Of `proven`: card=0.85."
)
@click.option(
    "--rules", type=click.IntRange(0), metavar="VERSION", help="Hand-off rules; 0 are those that ship."
)
@click.option(
    "--limit", type=click.IntRange(0, 200), default=10, help="Questions shown of each kind of change."
)
@as_json
@guarded
def command(
    days: int,
    added: tuple[str, ...],
    retired: tuple[str, ...],
    mode: str | None,
    thresholds: tuple[str, ...],
    rules: int | None,
    limit: int,
    as_json: bool,
) -> None:
    house = service()
    plan = Plan(days, added, retired, mode, dict(_threshold(one) for one in thresholds), rules)
    # Who looks at customers' questions stands in the log before anything is seen.
    house.audit.add(operator(), ACTION, "questions", asdict(plan))
    found = rehearse(house, plan, _progress if sys.stderr.isatty() else None)
    shown = [one.question for one in found.changes]
    texts = masked(house.runs.questions, shown)
    if as_json:
        emit(_plain(found, texts))
    else:
        _print(found, texts, limit)


def _threshold(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError as error:
        raise click.UsageError("write a threshold as card=0.85") from error


def _progress(done: int, total: int) -> None:
    click.echo(f"\r{done} of {total}", nl=done >= total, err=True)


def _plain(found: Rehearsal, texts: dict[str, str]) -> dict[str, Any]:
    changes = [
        {
            "question": one.question,
            "text": texts.get(one.question),
            "channel": one.channel,
            "at": one.at,
            "kind": one.kind,
            "from": _outcome(one.before),
            "to": _outcome(one.after),
        }
        for one in found.changes
    ]
    return {
        "since": found.since,
        "until": found.until,
        "questions": found.questions,
        "skipped": found.skipped,
        "proposal": [{"id": ref.id, "version": ref.version} for ref in found.proposal],
        "rules": [version for version, _ in found.rules],
        "changed": found.changed,
        "counts": found.counts,
        "before": found.before,
        "after": found.after,
        "articles": found.articles,
        "changes": changes,
    }


def _outcome(one: Outcome) -> dict[str, Any]:
    return {"verdict": one.verdict, "what": list(one.what), "version": one.version}


def _print(found: Rehearsal, texts: dict[str, str], limit: int) -> None:
    click.echo(f"{found.changed} of {found.questions} questions would be decided otherwise")
    for verdict in dict.fromkeys([*found.before, *found.after]):
        click.echo(f"  {verdict:<11} {found.before.get(verdict, 0):>7} -> {found.after.get(verdict, 0):>7}")
    for article, (before, after) in found.articles.items():
        click.echo(f"  {article}: answers {before} -> {after}")
    for kind, count in found.counts.items():
        click.echo(f"\n{kind.replace('>', ' -> ')}: {count}")
        for one in [change for change in found.changes if change.kind == kind][:limit]:
            text = " ".join(texts.get(one.question, "").split())
            click.echo(f"  · {text}  [{_said(one.before)} -> {_said(one.after)}]")


def _said(one: Outcome) -> str:
    version = f" v{one.version}" if one.version is not None else ""
    return f"{one.verdict} {', '.join(one.what)}{version}".strip()
