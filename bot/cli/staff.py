"""`flask staff`: the first accounts of a new house, any later one, and what nobody can do from the console any more."""

from __future__ import annotations

import sys

import click

from bot.cli.common import as_json, emit, guarded, operator, service, staff_id
from bot.model import Role


@click.group("staff", help="People who sign in to the console.")
def group() -> None: ...


@group.command("add", help="Add a member of staff; the password is read from standard input.")
@click.argument("email")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option(
    "--skill", "skills", multiple=True, help="A skill, repeated for several: loan, fraud, complaint ..."
)
@click.option("--name", help="The name colleagues see; default: the part before the @.")
@click.option(
    "--password-stdin", is_flag=True, required=True, help="Read the password (12 characters or more)."
)
@as_json
@guarded
def add(
    email: str, role: str, skills: tuple[str, ...], name: str | None, password_stdin: bool, as_json: bool
) -> None:
    del password_stdin
    password = sys.stdin.readline().rstrip("\r\n")
    found = service().staff.add(email, password, Role(role), name=name, skills=skills)
    service().audit.add(operator(), "staff:add", found.id, {"role": role})
    if as_json:
        emit({"id": found.id, "role": found.role.value, "skills": list(found.skills)})
    else:
        click.echo(f"added {found.role.value} {found.id}")


@group.command("list", help="Everybody who has an account, closed ones too.")
@as_json
@guarded
def listing(as_json: bool) -> None:
    for one in service().door.people.members():
        row = {
            "id": one.staff.id,
            "email": one.staff.email,
            "role": one.staff.role.value,
            "skills": list(one.staff.skills),
            "capacity": one.staff.capacity,
            "active": one.staff.active,
            "second_factor": one.enrolled,
            "signed_in_at": one.signed_in_at.isoformat() if one.signed_in_at else None,
        }
        if as_json:
            emit(row)
        else:
            state = "active" if one.staff.active else "closed"
            factor = "second factor" if one.enrolled else "password only"
            click.echo(f"{one.staff.id}  {one.staff.role.value:<10}  {state}  {factor}  {one.staff.email}")


@group.command("deactivate", help="Close an account at once: its sessions end, its conversations go back.")
@click.argument("email")
@as_json
@guarded
def deactivate(email: str, as_json: bool) -> None:
    found = staff_id(email)
    service().door.people.shut(operator(), found)
    if as_json:
        emit({"id": found, "active": False})
    else:
        click.echo(f"closed {found}")


@group.command("reset-totp", help="Take a lost second factor away; the password is still asked for.")
@click.argument("email")
@click.option("--reason", required=True, help="Stands in the audit log.")
@as_json
@guarded
def reset_totp(email: str, reason: str, as_json: bool) -> None:
    found = staff_id(email)
    service().door.factors.take_away(operator(), found, reason)
    if as_json:
        emit({"id": found, "second_factor": False})
    else:
        click.echo(f"reset {found}")
