"""`flask audit sample|report|check|proof`: the weekly audit of what the bot says, and the proof over all of it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from bot.cli.common import as_json, emit, guarded, operator, service
from bot.errors import NotFound
from bot.quality import weeks
from bot.quality.audits import Audits
from bot.quality.drawn import AD_HOC, Drawn, WeekReport
from bot.quality.paper import paper
from bot.quality.whole import Quality

in_week = click.option("--week", help="An ISO week, such as 2026-W48.")
a_draw = click.option("--week", "draw", help="An ISO week or the id of a sample; default: the last sample.")


@click.group("audit", help="The weekly audit: draw replies, report on them, prove all of them.")
def group() -> None:
    pass


def _quality() -> Quality:
    return service().console.quality


@group.command("sample")
@click.option("--size", type=click.IntRange(1, 10_000), help="How many replies; default: TELLER_AUDIT_SIZE.")
@click.option("--seed", type=click.IntRange(0), help="Draw with this number; marked as ad hoc.")
@in_week
@as_json
@guarded
def sample(size: int | None, seed: int | None, week: str | None, as_json: bool) -> None:
    """Draw the weekly sample of the bot's replies.

    Without --seed: the week that ended last, with the seed that was committed to before; where none was, or the week
    named is not over, a draw over its replies so far that is marked as ad hoc.
    """
    audits = _quality().audits
    drawn, why = _draw(audits, size, seed, week)
    items = audits.store.items(drawn.id)
    if as_json:
        emit(
            {
                **_told(drawn),
                "sample": [
                    {
                        "id": one["message"],
                        "item": one["_id"],
                        "conversation": one["conversation"],
                        "stratum": one["stratum"],
                        "articles": [ref["id"] for ref in one["refs"] if ref["kind"] == "article"],
                    }
                    for one in items
                ],
            }
        )
    else:
        _say(drawn, items)
    for line in (why, "Fewer replies than asked for: all of them." if _short(drawn) else ""):
        if line:
            click.echo(line, err=True)


def _draw(audits: Audits, size: int | None, seed: int | None, week: str | None) -> tuple[Drawn, str]:
    now = datetime.now(UTC)
    this, last = weeks.week_of(now), weeks.before(weeks.week_of(now))
    if seed is not None:
        return audits.draw_ad_hoc(week or _with_replies(audits, this, last), seed, operator(), size), ""
    wanted = week or last
    if weeks.over(wanted, now) and audits.store.week(wanted) is not None:
        return audits.draw_week(wanted, operator(), size), ""
    if week is None:
        wanted = _with_replies(audits, this, last)
    why = "No seed was committed for a week that is over: drawn with one chosen now, and marked as ad hoc."
    return audits.draw_ad_hoc(wanted, None, operator(), size), why


def _with_replies(audits: Audits, this: str, last: str) -> str:
    return this if audits.population(this) else last


def _short(drawn: Drawn) -> bool:
    return drawn.population < drawn.size


@group.command("report")
@a_draw
@click.option("--pdf", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file too.")
@as_json
@guarded
def report(draw: str | None, pdf: Path | None, as_json: bool) -> None:
    """Pass rate and findings of a sample."""
    audits = _quality().audits
    found = audits.report(draw or _latest(audits))
    if pdf is not None:
        settings = service().settings
        pdf.write_bytes(paper(found, settings.locale, settings.timezone, _name))
    if as_json:
        emit(
            {
                **_told(found.draw),
                **audits.figures(found),
                "reviews_open": found.result.n - found.result.reviewed,
                "pass_rate": found.result.rate,
                "interval": None if found.result.rate is None else [found.result.low, found.result.high],
                "by_stratum": {name: list(pair) for name, pair in found.by_stratum.items()},
                "findings": [_finding(one) for one in found.findings],
            }
        )
        return
    _print(found)


def _name(staff_id: str) -> str:
    found = service().staff.by_id(staff_id)
    return found.name if found else staff_id


def _latest(audits: Audits) -> str:
    found = audits.draws(1)
    if not found:
        raise NotFound("No sample was drawn yet: flask audit sample.")
    return found[0].id


def _finding(item: Any) -> dict[str, Any]:
    finding = item["finding"]
    return {
        "item": item["_id"],
        "message": item["message"],
        "articles": [f"{ref['id']} v{ref['version']}" for ref in item["refs"] if ref["kind"] == "article"],
        **{name: finding.get(name) for name in ("verdict", "reason", "owner", "due", "state", "note")},
        "suspended": finding["suspended_at"] is not None,
    }


def _print(found: WeekReport) -> None:
    drawn, figures = found.draw, found.result
    head = f"{drawn.id} ({drawn.kind}, {drawn.state}): {figures.reviewed} of {figures.n} reviewed"
    click.echo(f"{head}, {drawn.population} replies in the week")
    if figures.rate is not None:
        click.echo(
            f"pass rate {figures.rate:.1%} (95 % interval {figures.low:.1%} to {figures.high:.1%}); "
            f"faults at most {figures.at_most:.1%} with 95 % certainty"
        )
    if figures.weighted is not None:
        click.echo(f"weighted by stratum {figures.weighted:.1%}")
    for verdict, n in sorted(found.verdicts.items()):
        click.echo(f"  {verdict}: {n}")
    click.echo(f"findings: {len(found.findings)}")
    for one in map(_finding, found.findings):
        click.echo(
            f"  {one['item']} {', '.join(one['articles'])}: {one['verdict']}, {one['state']}, "
            f"due {one['due']:%Y-%m-%d}: {one['reason']}"
        )


def _told(drawn: Drawn) -> dict[str, Any]:
    return {
        "draw": drawn.id,
        "week": drawn.week,
        "kind": drawn.kind,
        "state": drawn.state,
        "size": drawn.size,
        "population": drawn.population,
        "all": drawn.whole,
        "late": drawn.late,
        **drawn.proof,
        "strata": {name: {"population": there, "drawn": n} for name, (there, n) in drawn.strata.items()},
    }


def _say(drawn: Drawn, items: list[Any]) -> None:
    mark = " (ad hoc: not the committed draw)" if drawn.kind == AD_HOC else ""
    click.echo(f"{drawn.id}{mark}: {len(items)} of {drawn.population} replies, {drawn.twice} read twice")
    for name, (there, n) in drawn.strata.items():
        click.echo(f"  {name}: {n} of {there}")


@group.command("check", help="Draw a sample once more from its seed and population, and compare.")
@a_draw
@as_json
@guarded
def check(draw: str | None, as_json: bool) -> None:
    audits = _quality().audits
    name = draw or _latest(audits)
    faults = audits.again(name)
    if as_json:
        emit({"draw": name, "ok": not faults, "faults": faults})
    else:
        click.echo("\n".join(faults) or f"{name}: the sample is the one that seed and population give.")
    if faults:
        raise click.exceptions.Exit(1)


@group.command("proof")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day in Taipei.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last day in Taipei.")
@as_json
@guarded
def proof(first: datetime | None, last: datetime | None, as_json: bool) -> None:
    """Check every message of the bot against the approved version it cites; name the first that does not fit."""
    found = _quality().proving.run(operator(), _day(first), _day(last), _progress())
    bad = asdict(found.bad[0]) if found.bad else None
    if as_json:
        emit(
            {
                "ok": found.ok,
                **({"bad": bad} if bad else {}),
                "checked": found.checked,
                "erased": found.erased,
                "faults": found.faults,
                "seconds": round(found.seconds, 3),
                "per_second": found.per_second,
            }
        )
    elif bad is not None:
        click.echo(f"BAD {found.faults} of {found.checked}; the first:")
        click.echo(
            f"{bad['message']} (conversation {bad['conversation']}, seq {bad['seq']}): {bad['reason']}"
        )
    else:
        click.echo(
            f"ok: {found.checked} messages of the bot ({found.erased} erased by law), "
            f"{found.seconds:.1f} s, {found.per_second} a second"
        )
    if not found.ok:
        raise click.exceptions.Exit(1)


def _day(given: datetime | None) -> date | None:
    return None if given is None else given.date()


def _progress() -> Any:
    if not sys.stderr.isatty():
        return lambda _done: None
    return lambda done: click.echo(f"\r{done} looked at", nl=False, err=True)
