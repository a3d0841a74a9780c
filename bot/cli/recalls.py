"""`flask kb recall`: the list of recipients goes out as it is read, however long it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict

import click

from bot.cli.common import operator, service
from bot.errors import NotAllowed
from bot.recalls import RECALLS, Recall, Recipient


def run(article: str, version: int | None, reason: str, by: str | None, *, as_json: bool) -> None:
    """Ids only: what customers wrote, and who they are, stays in the record."""
    actor = _actor(by) if by else operator()
    house = service().recalls
    recall = house.start(article, version, actor, reason)
    versions = recall.calls[0].versions
    found = house.recipients(article, versions)
    if as_json:
        for piece in _json(recall, versions, found):
            click.echo(piece, nl=False)
        click.echo()
        return
    for one in found:
        line = (
            one.at.isoformat(),
            f"v{one.version}",
            one.channel,
            one.customer,
            one.conversation,
            one.message,
        )
        click.echo("  ".join(line))
    click.echo(
        f"{article} is out of force; {recall.open} corrections are open, {recall.total} in all.", err=True
    )


def _actor(email: str) -> str:
    person = service().staff.by_email(email)
    if person is None or person.role not in RECALLS:
        raise NotAllowed("Only a compliance officer or a supervisor recalls an article.")
    return person.id


def _json(recall: Recall, versions: Iterable[int], found: Iterable[Recipient]) -> Iterator[str]:
    """One JSON object in pieces."""
    yield f'{{"id": {json.dumps(recall.article, ensure_ascii=False)}, "versions": {json.dumps(list(versions))}, '
    yield '"recipients": ['
    for number, one in enumerate(found):
        row = {**asdict(one), "at": one.at.isoformat()}
        yield (", " if number else "") + json.dumps(row, ensure_ascii=False)
    yield f'], "corrections": {recall.total}}}'
