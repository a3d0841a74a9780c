"""How conversations are given out: the rules, who takes some now, and how even it was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.desk.fairness import Share
from bot.desk.routing_rules import AUTO, LEAST, MINUTES, MOST, PULL
from bot.errors import ServiceError
from bot.reasons import LONGEST_NOTE
from inbox import auth, words
from inbox.auth import console, requires, staff
from inbox.permissions import Permission

bp = Blueprint("assignment", __name__)

MODES: words.Words = {
    AUTO: _l("Automatically, to who is available"),
    PULL: _l("Nobody: people take them by hand"),
}
PERIODS = (1, 7, 30)
"""Days."""


@dataclass(frozen=True, slots=True)
class Person:
    """A row of the table; `state` is None for who has no desk by now."""

    name: str
    share: Share
    state: str | None


def page(trouble: str | None = None) -> str:
    router = console().router
    days = request.args.get("days", type=int)
    days = days if days in PERIODS else PERIODS[0]
    version = router.rules.in_force()
    found = router.fairness(datetime.now(UTC) - timedelta(days=days))
    desks = router.store.desks()
    people = [
        Person(auth.person(one.agent), one, desks.get(one.agent, {}).get("state")) for one in found.shares
    ]
    rules = asdict(version.rules)
    filled = {name: request.form.get(name, rules[name]) for name in rules} if trouble else rules
    return render_template(
        "console/assignment.html",
        version=version,
        filled=filled,
        modes=MODES,
        fairness=found,
        people=people,
        days=days,
        periods=PERIODS,
        trouble=trouble,
        typed=request.form.get("note", ""),
        by=auth.person,
        least=LEAST,
        most=MOST,
        longest=LONGEST_NOTE,
    )


@bp.get("/admin/assignment")
@requires(Permission.SCHEDULE_READ)
def index() -> ResponseReturnValue:
    return page()


@bp.post("/admin/assignment")
@requires(Permission.SCHEDULE_WRITE)
def change() -> ResponseReturnValue:
    """The change is audited where it is made, in one transaction with it."""
    values: dict[str, object] = {name: request.form.get(name, type=int) for name in MINUTES}
    values["assign"] = request.form.get("assign", "")
    seen = request.form.get("seen", -1, type=int)
    try:
        console().router.rules.set(staff(), values, request.form.get("note", ""), seen)
    except ServiceError as error:
        return page(words.sentence(error)), error.http_status
    flash(gettext("The new rules are in force."), "success")
    return redirect(url_for("assignment.index"), 303)
