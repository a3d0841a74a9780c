"""`flask figures`: compute the figures of the dashboard again, and see how far they are."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime

import click

from bot.cli.common import as_json, emit, guarded, operator, service


@click.group("figures", help="The figures of /dashboard.")
def group() -> None:
    pass


_DAY = click.DateTime(["%Y-%m-%d"])


@group.command("rebuild", help="Compute the days again from the record, e.g. after an upgrade.")
@click.option(
    "--from", "first", type=_DAY, help="First day; the day of the first message where it is left out."
)
@click.option("--to", "last", type=_DAY, help="Last day; today where it is left out.")
@as_json
@guarded
def rebuild(first: datetime | None, last: datetime | None, as_json: bool) -> None:
    house = service()
    since, until = (_date(one) for one in (first, last))
    if since and until and until < since:
        raise click.UsageError("--to is before --from.")
    detail = {"from": since and since.isoformat(), "to": until and until.isoformat()}
    house.audit.add(operator(), "figures:rebuild", "figures", detail)
    done = house.figures.rebuild(since, until, lambda day: None if as_json else click.echo(day, err=True))
    if as_json:
        emit({"days": done})
    else:
        click.echo(
            f"{done} days computed" if done else "There is nothing to compute: no message in these days."
        )


@group.command("status", help="As of when the figures are, and how many days are still to be computed.")
@as_json
@guarded
def status(as_json: bool) -> None:
    found = service().figures.as_of()
    if as_json:
        emit(asdict(found))
        return
    if found.at is None:
        click.echo("Nothing is computed yet; the clock does it, or `flask figures rebuild`.")
        return
    click.echo(f"as of {found.at:%Y-%m-%d %H:%M:%S} UTC; {found.behind} days still to be computed")


def _date(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
