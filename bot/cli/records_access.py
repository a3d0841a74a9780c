"""`flask records access`: whose data was touched in a period, and by whom."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import click

from bot.cli.common import as_json, emit, guarded, operator, service, staff_id
from bot.cli.records import group
from bot.desk.trail import EXPORTED, MOST
from bot.store.audit_kinds import KINDS
from bot.store.trail import Sought, TrailStore

_DAY = click.DateTime(["%Y-%m-%d"])


@group.command("access")
@click.option("--from", "first", type=_DAY, required=True, help="The first day, of the firm's time zone.")
@click.option("--to", "last", type=_DAY, required=True, help="The last day, included.")
@click.option("--customer", help="Only of this customer (id), over all identities.")
@click.option("--staff", "email", help="Only by this member of staff (e-mail address).")
@click.option("--kind", type=click.Choice(KINDS), help="Only of this kind.")
@click.option("--all", "every", is_flag=True, help="Also what is about no customer: sign-ins, settings.")
@as_json
@guarded
def access(
    first: datetime,
    last: datetime,
    customer: str | None,
    email: str | None,
    kind: str | None,
    every: bool,
    as_json: bool,
) -> None:
    """Whose data was touched between two days, by whom, from where and why: the latest first, at most 20,000 lines.

    The search itself is noted before the first line.
    """
    if last < first:
        raise click.UsageError("The first day comes before the last.")
    house = service()
    zone = ZoneInfo(house.settings.timezone)
    sought = Sought(
        datetime.combine(first.date(), time(), zone),
        datetime.combine(last.date() + timedelta(days=1), time(), zone),
        staff_id(email) if email else None,
        customer,
        kind,
        touched=not every,
    )
    detail = {"from": f"{first:%Y-%m-%d}", "to": f"{last:%Y-%m-%d}", "staff": sought.actor, "kind": kind}
    about = f"customer:{customer}" if customer else "audit"
    house.audit.add(operator(), EXPORTED, about, detail)
    names: dict[str, str] = {}
    for trace in TrailStore(house.mongo, house.vault).each(sought, MOST):
        if as_json:
            emit(trace.plain())
            continue
        if trace.actor not in names:
            found = house.staff.by_id(trace.actor)
            names[trace.actor] = found.name if found else trace.actor
        whose = " ".join(trace.customers) or trace.subject
        where = trace.address or trace.host
        click.echo(f"{trace.at.isoformat()} {names[trace.actor]} {trace.action} {whose} {where} {trace.why}")
