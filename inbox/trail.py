"""Whose data was touched in a period, and by whom: the search, its file, and alerts of unusual looking."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from flask import Blueprint, Response, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.desk.trail import MANY, MOST, OFF_HOURS
from bot.store.audit_kinds import KINDS as CODES
from bot.store.trail import Sought, Trace
from inbox import words
from inbox.auth import console, person, requires, staff
from inbox.language import zone
from inbox.permissions import Permission

bp = Blueprint("trail", __name__)

KINDS: words.Words = {
    "view": _l("Opened"),
    "list": _l("Listed"),
    "search": _l("Searched"),
    "export": _l("Exported"),
    "reveal": _l("Shown in full"),
    "denial": _l("Denied"),
    "signin": _l("Sign-in"),
    "change": _l("Changed"),
    "alert": _l("Alert"),
}
PURPOSES: words.Words = {
    "own": _l("own conversation"),
    "waiting": _l("in the queue"),
    "serving": _l("serves this customer"),
    "others": _l("of others"),
}
ALERTS: words.Words = {
    MANY: _l("Opens many conversations of others"),
    OFF_HOURS: _l("Opens conversations outside of service hours"),
}
LONGEST_ID = 64
DAYS = 7
COLUMNS = (
    "at", "actor", "name", "role", "kind", "action", "subject", "customers", "shown",
    "address", "session", "host", "why", "seq", "hash",
)  # fmt: skip


def sought() -> Sought:
    """Out of the address; days are of the console's time zone, both included."""
    asked, today = request.args, datetime.now(zone()).date()
    last = _day("to", today)
    first = min(_day("from", last - timedelta(days=DAYS - 1)), last)
    kind = asked.get("kind", "")
    return Sought(
        datetime.combine(first, time(), zone()),
        datetime.combine(last + timedelta(days=1), time(), zone()),
        asked.get("person", "").strip()[:LONGEST_ID] or None,
        asked.get("customer", "").strip()[:LONGEST_ID] or None,
        kind if kind in CODES else None,
        # Sign-ins and changes of settings are about no customer.
        touched=asked.get("all") is None,
    )


def _day(name: str, otherwise: date) -> date:
    asked = request.args.get(name, "")
    try:
        return date.fromisoformat(asked) if asked else otherwise
    except ValueError:
        flash(gettext("Give days as year-month-day."), "error")
        return otherwise


def purpose(trace: Trace) -> str:
    """What entitled the person, where the event says so."""
    return words.said(PURPOSES, trace.why.partition("#")[2]) if "#" in trace.why else ""


def actor(trace: Trace) -> str:
    return person(trace.actor)


@bp.get("/records/access")
@requires(Permission.TRAIL_OWN)
def index() -> ResponseReturnValue:
    trail, who, asked = console().trail, staff(), sought()
    found = trail.search(who, asked, request.args.get("after") or None)
    scope = trail.people(who)
    args = {name: value for name, value in request.args.items() if name != "after"}
    return render_template(
        "console/trail.html",
        asked=asked,
        last=asked.last - timedelta(days=1),
        found=found,
        alerts=trail.alerts(who, asked),
        people=sorted(trail.everybody() if scope is None else scope, key=lambda one: one.name),
        scope="all" if scope is None else "own" if len(scope) == 1 else "team",
        kinds=KINDS,
        alert_words=ALERTS,
        purpose=purpose,
        actor=actor,
        args=args,
        most=MOST,
    )


@bp.get("/records/access.csv")
@requires(Permission.TRAIL_OWN)
def export() -> Response:
    """What the page shows, all of the period; noted before the first line."""
    asked = sought()
    traces = console().trail.export(staff(), asked)
    names = {one.id: one.name for one in console().trail.everybody()}
    name = f"access-{asked.first:%Y-%m-%d}-{asked.last - timedelta(days=1):%Y-%m-%d}.csv"
    return Response(
        "".join(lines(traces, names)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def lines(traces: Iterator[Trace], names: dict[str, str]) -> Iterator[str]:
    # The mark by which Excel knows the encoding.
    yield "\ufeff" + _line(COLUMNS)
    for one in traces:
        plain = {**one.plain(), "name": names.get(one.actor, "")}
        yield _line(tuple(_cell(plain[column]) for column in COLUMNS))


def _cell(value: object) -> str:
    said = " ".join(value) if isinstance(value, list) else str(value)
    # A name such as =1+1 must not become a formula.
    return f"'{said}" if said[:1] in ("=", "+", "-", "@", "\t", "\r") else said


def _line(cells: tuple[str, ...]) -> str:
    file = io.StringIO()
    csv.writer(file).writerow(cells)
    return file.getvalue()
