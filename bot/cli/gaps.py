"""`flask kb gaps`: what customers asked and the knowledge could not answer, grouped; and a draft of a group."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from bot import gaps as missing
from bot.cli.common import as_json, emit, guarded, operator, service, staff_id
from bot.compose import Service
from bot.errors import BadPayload, NotFound
from bot.gaps import Gaps, Group
from bot.model import ContentKind
from bot.prepare import audit_of
from bot.store.questions import window
from bot.wordings import Wish, draft_of, masked

ACTION = "kb.gaps"


@dataclass(frozen=True, slots=True)
class Order:
    """A draft that was asked for: `group` is the id of any of its examples."""

    group: str
    author: str
    take: tuple[str, ...]
    into: str | None


@click.command("gaps", help="Unanswered, asked-back and badly rated questions by meaning, masked.")
@click.option("--days", type=int, default=7, show_default=True)
@click.option("--limit", type=click.IntRange(1, 500), default=missing.SHOWN, help="Groups shown.")
@click.option(
    "--draft", "wanted", metavar="GROUP", help="Make a draft of this group, its answer to be written."
)
@click.option("--author", help="E-mail of the member of staff who will write it; with --draft.")
@click.option(
    "--take",
    metavar="QUESTION",
    multiple=True,
    help="Put this question of the group into the draft word for word. You have read it, and it holds nothing of a "
    "person: no name, no number, no address. Without it the draft holds no customer's words.",
)
@click.option("--into", metavar="ARTICLE", help="A next version of this article instead of a new one.")
@as_json
@guarded
def gaps(
    days: int,
    limit: int,
    wanted: str | None,
    author: str | None,
    take: tuple[str, ...],
    into: str | None,
    as_json: bool,
) -> None:
    if bool(wanted) != bool(author):
        raise click.UsageError("--draft and --author go together")
    if (take or into) and not wanted:
        raise click.UsageError("--take and --into go with --draft")
    house = service()
    since, until = window(days)
    # Who looks at customers' questions stands in the log before anything is seen.
    house.audit.add(operator(), ACTION, "questions", {"days": days, **({"draft": wanted} if wanted else {})})
    if wanted and author:
        _draft(house, Order(wanted, author, take, into), since, until, as_json)
        return
    store = house.runs.questions
    found = missing.shown(_found(house, since, until), store, house.knowledge, house.settings.locale, limit)
    texts = masked(store, [one for group in found.groups for one in group.examples])
    if as_json:
        emit(_plain(found, texts))
    else:
        _print(found, texts)


def _draft(house: Service, order: Order, since: datetime, until: datetime, as_json: bool) -> None:
    person = house.staff.by_id(staff_id(order.author))
    if person is None:  # pragma: no cover  staff_id has just found it
        raise NotFound("This member of staff was closed a moment ago.")
    group = next((one for one in _found(house, since, until).groups if order.group in one.examples), None)
    if group is None:
        raise BadPayload(
            f"No group of these days has {order.group} among its examples: look at `flask kb gaps`."
        )
    # The id that was asked for names the article, whoever leads the group by now.
    article = order.into or f"gap-{order.group}"
    known = house.kb.versions(ContentKind.ARTICLE, article) if order.into else []
    if order.into and not known:
        raise NotFound(f"There is no article {order.into}.")
    base = known[0].version if known else 0
    wish = Wish(article, base, order.take, clean=bool(order.take))
    content = draft_of(wish, group.examples, person, house.runs.questions, house.kb, audit_of(house))
    if as_json:
        emit({"id": content.id, "version": content.version, "questions": len(content.questions)})
    else:
        missing_parts = "its answer is" if content.questions else "its questions and its answer are"
        written = "" if known else f"; {missing_parts} to be written"
        click.echo(
            f"{content.id} v{content.version}: a draft with {len(content.questions)} questions{written}."
        )


def _found(house: Service, since: datetime, until: datetime) -> Gaps:
    def step(done: int, total: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{done} of {total} questions read", nl=False, err=True)

    store = house.runs.questions
    space = missing.space_of(house.kb, house.settings.home / "cache")
    return missing.grouped(store, space, since, until, ZoneInfo(house.settings.timezone), step)


def _plain(found: Gaps, texts: dict[str, str]) -> dict[str, Any]:
    groups = [
        asdict(group)
        | {
            "examples": [{"question": one, "text": texts[one]} for one in group.examples if one in texts],
            "days": {day.isoformat(): n for day, n in group.days.items()},
        }
        for group in found.groups
    ]
    return asdict(replace(found, groups=())) | {"groups": groups}


def _print(found: Gaps, texts: dict[str, str]) -> None:
    click.echo(
        f"{found.open} of {found.questions} questions without an answer since {found.since:%Y-%m-%d %H:%M} UTC"
    )
    if found.blank or found.left_out:
        click.echo(f"{found.blank} had no word to compare, {found.left_out} were more than is compared")
    for group in found.groups:
        click.echo(f"\n{group.id}  {group.size} questions, {group.share:.1%}  {_kinds(group)}")
        spread = "  ".join(f"{channel} {n}" for channel, n in group.channels.items())
        click.echo(f"  {spread}  on {len(group.days)} days")
        for one in group.examples:
            if one in texts:
                click.echo("  · " + " ".join(texts[one].split()))
        if group.nearest is not None:
            near = group.nearest
            click.echo(
                f"  nearest: {near.article} v{near.version}, {near.confidence:.2f}; today: {near.verdict}"
            )


def _kinds(group: Group) -> str:
    named = {"missed": group.missed, "asked back": group.asked, "rated wrong": group.wrong}
    return ", ".join(f"{n} {name}" for name, n in named.items() if n)
