"""Examiner's packs: ordered, made by a worker, fetched by compliance for some days; the audit log keeps the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.errors import ServiceError
from bot.records.days import TAIPEI
from inbox import auth, words
from inbox.auth import FirstThingsFirst, console, person, requires, staff
from inbox.permissions import AuditAction, Permission
from inbox.runs import STATES as RUN_STATES
from inbox.sentences import said_by_platform

bp = Blueprint("exports", __name__)

SCOPE = ("from", "to", "customer", "conversation")
FIELDS = (*SCOPE, "reason")
STATES: words.Words = {
    **RUN_STATES,
    "proposed": _l("Waits for a second officer"),
    "refused": _l("Refused"),
    "ready": _l("Ready"),
    "gone": _l("Removed, its time was over"),
    "erased": _l("Removed, records in it were destroyed"),
}
COUNTS: words.Words = {
    "conversations": _l("Conversations"),
    "customers": _l("Customers"),
    "messages": _l("Messages"),
    "notes": _l("Notes"),
    "events": _l("Audit log"),
    "articles": _l("Approved versions"),
}


def _shown(status: int = 200, filled: Mapping[str, str] | None = None) -> ResponseReturnValue:
    orders = console().orders.listing()
    whose = sorted({one.scope["customer"] for one in orders if one.scope["customer"]})
    about = [one.scope["conversation"] for one in orders if one.scope["conversation"]]
    # Before anything is shown: a view that cannot be noted does not happen.
    console().audit(staff().id, AuditAction.EXPORTS_LISTED, "exports", {}, customers=whose, shown=about)
    today = datetime.now(UTC).astimezone(TAIPEI).date()
    days = {"from": today.replace(day=1).isoformat(), "to": today.isoformat()}
    page = render_template(
        "console/exports.html",
        orders=orders,
        working=next((one for one in orders if one.at_work), None),
        filled={**days, **(filled or {})},
        today=today.isoformat(),
        days=console().orders.days,
        person=person,
        **_shared(),
    )
    return page, status


def _shared() -> dict[str, Any]:
    return {"states": STATES, "counts": COUNTS, "run_said": said_by_platform}


@bp.get("/records/exports")
@requires(Permission.EXPORT_READ)
def index() -> ResponseReturnValue:
    """With a scope in the address, the form for a new order is filled with it."""
    asked = {name: request.args[name] for name in (*SCOPE, "unmasked") if request.args.get(name)}
    return _shown(filled=asked)


def _decided(
    act: Callable[[], object], done: str, filled: Mapping[str, str] | None = None
) -> ResponseReturnValue:
    """`act` after a second factor; a form that had to wait for one is sent again."""
    try:
        auth.step_up()
    except FirstThingsFirst as error:
        flash(gettext("Confirm with your second factor first, then send it again."), "error")
        return redirect(url_for(error.endpoint, next=url_for("exports.index"), why=error.code), 303)
    try:
        act()
    except ServiceError as error:
        flash(words.sentence(error), "error")
        return _shown(error.http_status, filled)
    flash(done, "success")
    return redirect(url_for("exports.index"), 303)


@bp.post("/records/exports")
@requires(Permission.EXPORT_RUN)
def start() -> ResponseReturnValue:
    wanted = {name: request.form.get(name, "").strip() for name in FIELDS}
    ticked = {name: "yes" for name in ("unmasked", "examiner") if request.form.get(name) == "yes"}
    unmasked, examiner = "unmasked" in ticked, "examiner" in ticked
    done = (
        gettext("Proposed. A second officer has to agree before anything is written.")
        if unmasked
        else gettext("Ordered. A worker makes it.")
    )
    return _decided(
        lambda: console().orders.start(
            staff(), wanted, unmasked=unmasked, reason=wanted["reason"], examiner=examiner
        ),
        done,
        {**wanted, **ticked},
    )


@bp.post("/records/exports/<order_id>/<any(agree, refuse, cancel):answer>")
@requires(Permission.EXPORT_RUN)
def decide(order_id: str, answer: str) -> ResponseReturnValue:
    orders = console().orders
    acts: dict[str, tuple[Callable[..., object], str]] = {
        "agree": (orders.agree, gettext("Agreed. A worker makes it.")),
        "refuse": (orders.refuse, gettext("Refused.")),
        "cancel": (orders.cancel, gettext("Cancelled. Nothing of it is kept.")),
    }
    act, done = acts[answer]
    return _decided(lambda: act(staff(), order_id), done)


@bp.get("/records/exports/<order_id>/progress")
@requires(Permission.EXPORT_READ)
def progress(order_id: str) -> ResponseReturnValue:
    """The progress alone, for the page's script."""
    return render_template("console/_export.html", order=console().orders.order(order_id), **_shared())


@bp.get("/records/exports/<order_id>.zip")
@requires(Permission.EXPORT_RUN)
def fetch(order_id: str) -> ResponseReturnValue:
    """The pack as one file, in parts as the browser asks for them; each fetching stands in the audit log."""
    auth.step_up()
    path = console().orders.fetch(staff(), order_id)
    return send_file(path, "application/zip", as_attachment=True, download_name=f"teller-{order_id}.zip")
