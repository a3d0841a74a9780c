"""`flask kb proof`, `limit`, `review`: what direct answers have earned, how much may be wrong, and judging replies."""

from __future__ import annotations

from dataclasses import asdict

import click

from bot.cli.common import as_json, emit, guarded, service, staff_id
from bot.errors import NotFound
from bot.model import Staff
from kb.bounds import CERTAINTY, percent
from kb.proof import Standing, State


@click.command(
    "proof", help="Per product class: right and wrong, the 95 % upper bound, and whether it answers."
)
@as_json
@guarded
def proof(as_json: bool) -> None:
    automation = service().automation
    _show(automation.state(), automation.mode, as_json)


@click.command("limit", help="Set how much of the direct answers may be wrong, as a share: 0.005 is 0.5 %.")
@click.argument("share", type=float)
@click.option("--by", required=True, help="E-mail of the compliance officer who sets it.")
@click.option("--reason", required=True, help="Why; it stands in the audit log.")
@as_json
@guarded
def limit(share: float, by: str, reason: str, as_json: bool) -> None:
    automation = service().automation
    _show(automation.set_limit(_officer(by), share, reason), automation.mode, as_json)


@click.command("review", help="Say whether the article of a bot's reply was the right one.")
@click.argument("message_id")
@click.argument("verdict", type=click.Choice(["right", "wrong"]))
@click.option("--by", required=True, help="E-mail of the compliance officer who read it.")
@click.option("--reason", default="", help="Why; it stands in the audit log.")
@as_json
@guarded
def review(message_id: str, verdict: str, by: str, reason: str, as_json: bool) -> None:
    label = service().automation.review(_officer(by), message_id, right=verdict == "right", reason=reason)
    if as_json:
        shown = ("question", "article", "version", "product_class", "confidence", "right", "direct")
        emit({name: label[name] for name in shown})
        return
    counts = (
        "" if label["direct"] else "; exact or doubtful wording, which proves nothing about direct answers"
    )
    click.echo(f"{verdict}: {label['article']} version {label['version']}{counts}")


COMMANDS = (proof, limit, review)


def _officer(email: str) -> Staff:
    found = service().staff.by_id(staff_id(email))
    if found is None:  # pragma: no cover  staff_id has just found it
        raise NotFound("This member of staff was closed a moment ago.")
    return found


def _show(state: State, mode: str, as_json: bool) -> None:
    if as_json:
        emit(
            {
                "mode": mode,
                "limit": state.limit,
                "set_by": state.set_by,
                "set_at": state.set_at,
                "reason": state.reason,
                "revision": state.revision,
                "certainty": CERTAINTY,
                "classes": [asdict(one) for one in state.classes],
            }
        )
        return
    click.echo(
        f"mode {mode}; at most {percent(state.limit)} wrong among direct answers of a class, with 95 % certainty"
    )
    for one in state.classes:
        click.echo(line(one))


def line(one: Standing) -> str:
    """A class in one line; figures never without their bound."""
    figures = f"{one.wrong} wrong of {one.n}, bound {percent(one.bound)}"
    if one.on:
        return f"{one.product_class:<11} on    {figures}, from confidence {one.threshold:.4f}"
    if one.threshold is None:
        return f"{one.product_class:<11} off   {figures}: {one.labels} labels give no threshold yet"
    return f"{one.product_class:<11} off   {figures}: {one.missing} more without a fault (about {one.replies} replies)"
