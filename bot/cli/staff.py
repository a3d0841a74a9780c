"""`flask staff add`: the first accounts of a new house, and any later one."""

from __future__ import annotations

import sys

import click

from bot.cli.common import as_json, emit, guarded, operator, service
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
