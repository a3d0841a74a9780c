"""`flask desk fairness` and `hours`: how even the work was, and when people answer."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import click

from bot.cli.common import as_json, emit, guarded, service
from bot.desk.fairness import Fairness
from bot.hours import spoken


@click.group("desk", help="Who answers, when, and how even it is.")
def group() -> None: ...


@group.command("fairness", help="Assignments by colleague, waits by skill, and Jain's index.")
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 366), help="So many days back.")
@as_json
@guarded
def fairness(days: int, as_json: bool) -> None:
    found = service().router.fairness(datetime.now(UTC) - timedelta(days=days))
    if as_json:
        emit(asdict(found))
        return
    _show(found)


@group.command("hours", help="The service hours in force, and when people answer next.")
@as_json
@guarded
def hours(as_json: bool) -> None:
    book = service().hours
    version, table, now = book.in_force(), book.current(), datetime.now(UTC)
    opens = table.base.next_opening(now)
    if as_json:
        emit({"version": version.number, "document": version.document, "next_opening": opens})
        return
    for day, spans in zip(
        ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), version.document["week"], strict=True
    ):
        click.echo(f"{day}  {', '.join(spans) or 'closed'}")
    for skill in sorted(table.skills):
        click.echo(f"{skill} keeps hours of its own")
    if opens is None:
        click.echo("nobody ever answers")
    else:
        click.echo("open now" if opens <= now else f"closed; opens {spoken(opens, table.base.zone, 'en')}")


def _show(found: Fairness) -> None:
    names = service().staff.names([one.agent for one in found.shares])
    if not found.shares:
        click.echo("nobody was given a conversation in this time")
    for one in found.shares:
        rate = f"{one.per_hour:.2f} an hour" if one.per_hour is not None else "no rate"
        click.echo(
            f"{names.get(one.agent, one.agent):<16} {one.assigned:>5} assigned ({one.share:.0%}), {one.taken} taken, "
            f"{one.returned} returned, {one.hours:.1f} h available, {rate}"
        )
    for wait in found.waits:
        click.echo(
            f"{wait.skill:<16} {wait.n:>5} waited, half under {wait.p50} min, 95 % under {wait.p95} min"
        )
    if found.jain is not None:
        click.echo(f"Jain's index {found.jain:.3f}; 1 is even")
