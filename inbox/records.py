"""Seals: the days that are proven, the copies, the key, and a verification of everything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.errors import ServiceError
from bot.runs import Run
from inbox import words
from inbox.auth import console, person, requires, staff
from inbox.permissions import Permission
from inbox.runs import STATES as RUN_STATES
from inbox.sentences import said_by_platform

bp = Blueprint("records", __name__)

LISTED = 14
STATES: words.Words = {
    "sealed": _l("Sealed"),
    "empty": _l("Sealed, nothing happened"),
    "missing": _l("Not sealed"),
    "running": _l("Still open"),
    "before": _l("Before the first record"),
}
PLACES: words.Words = {"folder": _l("Folder"), "webhook": _l("Address")}
COLLECTIONS: words.Words = {
    "messages": _l("Messages"),
    "notes": _l("Notes"),
    "customer_notes": _l("Notes about customers"),
    "audit": _l("Audit log"),
    "seals": _l("Seals"),
}
# By the word that a fault begins with; the rest of it is for those who look into it, and stands beside it as it is.
FAULTS: words.Words = {
    "changed": _l("It is not as it was written."),
    "inserted": _l("It was put in afterwards."),
    "missing": _l("It is missing."),
    "rewritten": _l("It was written anew together with its hash."),
    "purged": _l("Its content is gone, and no certificate says why."),
    "seal": _l("The seal was changed, or somebody else made it."),
    "signed": _l("The seal was signed by a key that nobody vouches for."),
}
OTHER = _l("It does not fit to the rest.")


def fault(reason: str) -> str:
    """What happened to a record, in the reader's language."""
    return str(FAULTS.get(reason.split(":")[0].split(" ")[0], OTHER))


@bp.get("/records")
@requires(Permission.RECORDS_READ)
def index() -> ResponseReturnValue:
    house = console().verifications
    squares = house.calendar()
    newest = house.newest()
    return render_template(
        "console/records.html",
        overview=house.overview(),
        squares=squares,
        lead=squares[0].day.weekday(),
        rows=list(reversed(squares))[:LISTED],
        missing=[one for one in squares if one.state == "missing"],
        states=STATES,
        places=PLACES,
        collections=COLLECTIONS,
        person=person,
        newest=newest,
        **_about(newest),
    )


@bp.get("/records/seals/<day>")
@requires(Permission.RECORDS_READ)
def seal(day: str) -> ResponseReturnValue:
    """The seal as it is shipped: ids of nobody, hashes and a signature."""
    found = console().verifications.shipped(day)
    if found is None:
        abort(404)
    answer = Response(found, mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{day}.seal.json"'
    return answer


@bp.post("/records/verify")
@requires(Permission.RECORDS_READ)
def verify() -> ResponseReturnValue:
    try:
        console().verifications.start(staff())
        flash(gettext("The verification has begun."), "success")
    except ServiceError as error:
        flash(words.sentence(error), "error")
    return redirect(url_for("records.index"), 303)


@bp.post("/records/verify/<run_id>/cancel")
@requires(Permission.RECORDS_READ)
def cancel(run_id: str) -> ResponseReturnValue:
    try:
        console().verifications.cancel(staff(), run_id)
        flash(gettext("Cancelled. Nothing of it is kept."), "success")
    except ServiceError as error:
        flash(words.sentence(error), "error")
    return redirect(url_for("records.index"), 303)


@bp.get("/records/verify/<run_id>")
@requires(Permission.RECORDS_READ)
def progress(run_id: str) -> ResponseReturnValue:
    """The progress alone, for the page's script."""
    run = console().verifications.run(run_id)
    return render_template("console/_verification.html", run=run, collections=COLLECTIONS, **_about(run))


def _about(run: Run | None) -> Mapping[str, Any]:
    bad = run.figures.get("bad") if run is not None else None
    return {
        "run_states": RUN_STATES,
        "run_said": said_by_platform,
        "bad": bad,
        "bad_said": fault(bad["reason"]) if bad else "",
    }
