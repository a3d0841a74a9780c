"""`flask kb lint`: what an editor should look at before the knowledge is approved."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

import kb.lint
from adapters import CHANNELS
from bot.cli.common import as_json, emit, guarded, service
from bot.errors import BadPayload
from bot.model import LOCALES, ContentKind
from kb import desk
from kb.articles import Content, Review
from kb.lint import Severity
from kb.live import as_approved
from kb.search.encoders import use


@click.command(
    "lint", help="Find what needs an editor: copies, near questions, dates, placeholders, links ..."
)
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
@guarded
def lint(file: Path | None, as_json: bool) -> None:
    settings = service().settings
    faults = kb.lint.lint(
        _stored() if file is None else _of_file(file),
        (use(),),
        limits={str(channel): known.capabilities for channel, known in CHANNELS.items()},
        cache=settings.home / "cache",
        zone=ZoneInfo(settings.timezone),
    )
    counts = Counter(fault.severity for fault in faults)
    numbers = {str(severity): counts[severity] for severity in Severity}
    if as_json:
        shown = [
            {
                **asdict(fault),
                "severity": fault.severity,
                "sentence": {locale: fault.say(locale) for locale in LOCALES},
            }
            for fault in faults
        ]
        emit({"faults": shown, "counts": numbers})
    else:
        for fault in faults:
            ids = ", ".join((fault.article, *fault.others))
            click.echo(f"{fault.severity}: {ids}: {fault.sentence} ({fault.kind})")
        click.echo(", ".join(f"{n} {severity}{'' if n == 1 else 's'}" for severity, n in numbers.items()))
    if counts[Severity.ERROR]:
        raise click.exceptions.Exit(1)


def _stored() -> list[Content]:
    """Articles that wait or are approved, and the approved disclosures."""
    store = service().kb
    waiting = (Review.DRAFT, Review.IN_REVIEW, Review.APPROVED)
    return [
        *store.listing(ContentKind.ARTICLE, waiting),
        *store.listing(ContentKind.DISCLOSURE, (Review.APPROVED,)),
    ]


def _of_file(file: Path) -> list[Content]:
    """A file's articles beside the disclosures that ship; no store is touched. Raises BadPayload at a bad row."""
    try:
        drafts = [*desk.shipped(), *desk.drafts_of(file)]
    except ValueError as error:
        raise BadPayload(str(error)) from error
    now = datetime.now(UTC)
    return [as_approved(draft, now) for draft in drafts]
