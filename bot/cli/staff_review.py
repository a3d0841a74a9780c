"""`flask staff review`: the yearly review of who may do what, as Taiwan's rules for electronic payment ask."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from bot.cli.common import as_json, emit, guarded, service, staff_id
from bot.cli.staff import group
from bot.model import Role

REVIEWED = "staff:rights:review"
DUE = timedelta(days=365)
REVIEWERS = (Role.SUPERVISOR, Role.COMPLIANCE, Role.ADMIN)


@group.command("review")
@click.argument("email", required=False)
@click.option(
    "--as", "by", help="The supervisor, compliance officer or administrator who looked at the account."
)
@as_json
@guarded
def review(email: str | None, by: str | None, as_json: bool) -> None:
    """Without EMAIL: every open account, when its rights were last reviewed, and which reviews are due (365 days).
    With EMAIL and --as: note that this person's rights were reviewed and are right as they are."""
    house = service()
    if email is not None:
        if by is None:
            raise click.UsageError("Say who reviewed it: --as EMAIL.")
        reviewer, reviewed = house.staff.by_id(staff_id(by)), staff_id(email)
        if reviewer is None or reviewer.role not in REVIEWERS:
            raise click.ClickException(
                "Only a supervisor, compliance officer or administrator reviews rights."
            )
        if reviewer.id == reviewed:
            raise click.ClickException("Nobody reviews their own rights: ask a colleague.")
        person = house.staff.by_id(reviewed)
        role = person.role.value if person is not None else ""
        house.audit.add(reviewer.id, REVIEWED, f"staff:{reviewed}", {"role": role})
    now = datetime.now(UTC)
    for one in house.door.people.members():
        if not one.staff.active or (email is not None and one.staff.id != reviewed):
            continue
        last = house.audit.latest(f"staff:{one.staff.id}", [REVIEWED], 1)
        at = last[0]["at"] if last else None
        since = at or one.created_at
        row = {
            "id": one.staff.id,
            "role": one.staff.role.value,
            "skills": list(one.staff.skills),
            "reviewed_at": at.isoformat() if at else None,
            "reviewed_by": last[0]["actor"] if last else None,
            "due": since is None or now - since > DUE,
        }
        if as_json:
            emit(row)
        else:
            told = f"reviewed {at:%Y-%m-%d}" if at else "never reviewed"
            click.echo(f"{one.staff.id}  {row['role']:<10}  {told}{'  DUE' if row['due'] else ''}")
