"""`flask records export`, and what `flask records verify FOLDER` does."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot.cli import records
from bot.cli.common import as_json, emit, guarded, operator, service
from bot.cli.records import group
from bot.export import verifier
from bot.export.scope import scope_of
from bot.model import Role

MAY = (Role.COMPLIANCE,)
"""Who may answer for an unmasked pack (inbox/permissions.py, EXPORT_RUN)."""


@group.command(
    "export", help="Write an examiner's pack: records, proof, and a verifier that needs no Teller."
)
@click.option("--from", "first", required=True, metavar="DATE", help="First day, YYYY-MM-DD (Taipei).")
@click.option("--to", "last", required=True, metavar="DATE", help="Last day, that one included.")
@click.option("--customer", metavar="ID", help="Of this person only, over all channels.")
@click.option("--conversation", metavar="ID", help="This conversation only.")
@click.option("--case", metavar="ID", help="Of this case: its history, and what was said with its customer.")
@click.option("--out", "folder", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--unmasked", is_flag=True, help="With personal data in full; wants --reason and --as.")
@click.option("--reason", help="Why it must be unmasked; stands in the audit log.")
@click.option("--as", "email", metavar="EMAIL", help="The compliance officer who answers for it.")
@as_json
@guarded
def export(
    first: str,
    last: str,
    customer: str | None,
    conversation: str | None,
    case: str | None,
    folder: Path,
    unmasked: bool,
    reason: str | None,
    email: str | None,
    as_json: bool,
) -> None:
    house, by = service(), operator()
    if unmasked and not (reason and email):
        raise click.UsageError("--unmasked wants --reason TEXT and --as EMAIL.")
    if email:
        person = house.staff.by_email(email)
        if person is None or person.role not in MAY:
            house.audit.add(
                operator(), "account:permission:denied", "records:export", {"masked": not unmasked}
            )
            raise click.ClickException("--as has to name an active compliance officer.")
        by = person.id
    scope = scope_of(
        first,
        last,
        by,
        customer=customer,
        conversation=conversation,
        unmasked=unmasked,
        reason=reason,
        case=case,
    )
    made = house.console.orders.packs.make(
        scope, folder, _progress if sys.stderr.isatty() else lambda *_: None
    )
    if as_json:
        emit({name: made[name] for name in ("scope", "counts", "seals", "bytes", "manifest", "key_id")})
    else:
        counts = made["counts"]
        click.echo(f"{folder}: {counts['messages']} messages of {counts['conversations']} conversations")
        click.echo(f"manifest {made['manifest']}; verify with: python3 {folder / 'verify.py'}")


def _progress(done: int, total: int) -> None:
    click.echo(f"\r{done} of about {total} messages", nl=done >= total > 0, err=True)


def offline(folder: Path, as_json: bool) -> None:
    """As verify.py of the pack does it, by the code of this installation and not that of the folder."""
    code = verifier.main([str(folder), *(["--json"] if as_json else [])])
    if code:
        raise click.exceptions.Exit(code)


records.OFFLINE.append(offline)
