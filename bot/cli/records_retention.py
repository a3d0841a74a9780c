"""`flask records retention|hold|purge|state`: terms, holds of two people, and what is destroyed when it is over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from bot.cli.common import as_json, emit, guarded, operator, service
from bot.cli.records import group
from bot.errors import NotFound
from bot.model import Role, Staff
from bot.retention.service import STATES
from bot.retention.terms import WORKING, terms

_MAYBE_BY = click.option(
    "--as", "email", help="The compliance officer who asks for it; else it is the command's."
)
_WHY = click.option(
    "--reason", default="Ordered by command.", help="File number, who asks for it; no customer's data."
)
_BY = click.option("--as", "email", required=True, help="The compliance officer who does it.")


def _person(email: str) -> Staff:
    found = service().staff.by_email(email)
    if found is None:
        raise NotFound("No active member of staff has this e-mail address.")
    return found


@group.command("retention")
@click.argument("customer", required=False)
@as_json
@guarded
def retention(customer: str | None, as_json: bool) -> None:
    """The table of terms; with CUSTOMER, the clocks of everything that is kept of them."""
    house = service().console.retention
    if customer:
        clock = house.clock(customer)
        rows = [{"kind": one.kind, "of": one.of, "until": _iso(one.until)} for one in clock.reasons]
        if as_json:
            emit({"customer": customer, "until": _iso(clock.until), "reasons": rows})
            return
        click.echo(f"until {_iso(clock.until) or 'a reason ends that does not run out'}")
        for row in rows:
            click.echo(f"  {row['kind']:<14}{row['until'] or '-':<30}{row['of']}")
        return
    table = [{"class": one.name, "years": one.years, "goes": one.goes} for one in terms(house.settings.years)]
    if as_json:
        emit({"terms": table, "working": WORKING, "purge": house.settings.purge})
        return
    for line in table:
        click.echo(f"{line['class']:<16}{line['years'] or '-':>4}  {line['goes']}")
    click.echo("no records, and gone before five years:")
    for name, why in WORKING.items():
        click.echo(f"{name:<16}      {why}")


@group.command("state")
@click.argument("customer")
@click.option("--relationship", required=True, type=click.Choice(STATES), help="`none`: there never was one.")
@click.option("--ended", type=click.DateTime(["%Y-%m-%d"]), help="The day the relationship ended.")
@click.option(
    "--product-until", type=click.DateTime(["%Y-%m-%d"]), help="The last day of the longest product."
)
@_BY
@as_json
@guarded
def state(
    customer: str,
    relationship: str,
    ended: datetime | None,
    product_until: datetime | None,
    email: str,
    as_json: bool,
) -> None:
    """The firm's statement of a customer's relationship; without one it goes on, and nothing runs out."""
    house = service().console.retention
    clock = house.state(_person(email), customer, relationship, _utc(ended), _utc(product_until))
    told = {"customer": customer, "until": _iso(clock.until)}
    emit(told) if as_json else click.echo(f"kept until {told['until'] or 'what does not run out is over'}")


@group.group("hold", help="Legal holds: one officer proposes, another agrees.")
def hold() -> None:
    pass


@hold.command("add")
@click.argument("customer")
@_WHY
@_MAYBE_BY
@as_json
@guarded
def add(customer: str, reason: str, email: str | None, as_json: bool) -> None:
    """Propose a hold. Nothing of the customer's is purged from this moment."""
    _told(service().console.retention.holds.propose(_officer(email), customer, reason), as_json)


@hold.command("remove")
@click.argument("customer")
@_WHY
@_MAYBE_BY
@as_json
@guarded
def remove(customer: str, reason: str, email: str | None, as_json: bool) -> None:
    """Propose that the customer's hold is lifted."""
    _told(service().console.retention.holds.propose_lifting(_officer(email), customer, reason), as_json)


@hold.command("agree")
@click.argument("hold_id")
@click.option("--refuse", is_flag=True, help="Refuse what was proposed.")
@_BY
@as_json
@guarded
def agree(hold_id: str, refuse: bool, email: str, as_json: bool) -> None:
    """Agree with what another officer proposed."""
    _told(service().console.retention.holds.decide(_person(email), hold_id, agree=not refuse), as_json)


@hold.command("list")
@as_json
@guarded
def listing(as_json: bool) -> None:
    """Holds, those that block first."""
    for one in service().console.retention.holds.all():
        _told(one, as_json)


def _officer(email: str | None) -> Staff:
    """The officer named, else whoever runs the command: it only proposes, and a second person has to agree."""
    return _person(email) if email else Staff(operator(), "", "", Role.COMPLIANCE)


def _told(one: Any, as_json: bool) -> None:
    row = {"id": one.id, "customer": one.customer, "state": one.state}
    emit(row) if as_json else click.echo(f"{one.id}  {one.customer}  {one.state}")


@group.command("purge")
@click.option("--dry-run", is_flag=True, help="Only say what is due.")
@as_json
@guarded
def purge(dry_run: bool, as_json: bool) -> None:
    """Destroy what is over, with certificates. Killed in the middle and run again it ends the same."""
    house = service().console.retention
    if dry_run:
        due = [{"customers": list(one.customers), "since": _iso(one.since)} for one in house.due()]
        begun = [doc["_id"] for doc in house.purger.store.open()]
        told = {"due": due, "begun": begun, "aged": house.aged()}
        if as_json:
            emit(told)
        else:
            click.echo(
                f"{len(due)} customers are due, {len(begun)} purges were begun; by age: {told['aged']}"
            )
        return
    done = house.purge(operator())
    if as_json:
        emit({"certificates": [one.plain() for one in done]})
        return
    for one in done:
        click.echo(f"{one.id}  {one.kind}  {sum(one.counts.values())} records destroyed")
    click.echo(f"{len(done)} certificates")


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at else None
