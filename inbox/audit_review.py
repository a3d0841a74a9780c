"""Reading replies of a sample one by one, and what follows from a fault: pages of `inbox/audits.py`'s blueprint."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.errors import Conflict, ServiceError
from bot.quality.reading import lines
from bot.quality.verdicts import VERDICTS
from inbox import audit_words as say
from inbox import words
from inbox.auth import can, console, person, requires, staff
from inbox.permissions import Permission

bp = Blueprint("audit_review", __name__)


def _queue() -> list[dict[str, Any]]:
    """What this person may review now: the week's own samples before the ad hoc ones, the newest first."""
    house = console().quality
    open_ = [one for one in house.audits.draws() if one.state == "drawn"]
    open_.sort(key=lambda one: one.kind == "ad_hoc")
    return [item for one in open_ for item in house.reviewing.queue(staff(), one.id)]


@bp.get("/audit/review")
@requires(Permission.AUDIT_REVIEW)
def queue() -> ResponseReturnValue:
    found = _queue()
    house = console().quality
    return render_template(
        "console/audit_queue.html",
        left=len(found),
        first=found[0] if found else None,
        week=house.audits.this_week(),
        findings=house.reviewing.findings(owner=staff().id),
        say=say,
    )


@bp.get("/audit/review/<item_id>")
@requires(Permission.AUDIT_REVIEW)
def review(item_id: str) -> ResponseReturnValue:
    return _shown(item_id)


@bp.get("/audit/items/<item_id>")
@requires(Permission.AUDIT_READ)
def item(item_id: str) -> ResponseReturnValue:
    return _shown(item_id)


def _shown(item_id: str, status: int = 200, **filled: str) -> ResponseReturnValue:
    house, me = console().quality, staff()
    found = house.reviewing.open(me, item_id)
    read = lines(house.audits.store, house.audits.vault, found)
    message = house.audits.store.messages([found["message"]]).get(found["message"])
    cited = [
        one
        for ref in found["refs"]
        if (one := house.version(ref["kind"], ref["id"], ref["version"])) is not None
    ]
    page = render_template(
        "console/audit_item.html",
        item=found,
        lines=read,
        cited=cited,
        locale=(message or {}).get("locale") or "zh-TW",
        fault=house.proving.of_one(message) if message is not None else None,
        may=house.reviewing.may(me, found),
        verdicts=VERDICTS,
        left=len(_queue()) if can(Permission.AUDIT_REVIEW) else 0,
        filled=filled,
        say=say,
        person=person,
    )
    return page, status


@bp.post("/audit/review/<item_id>")
@requires(Permission.AUDIT_REVIEW)
def judge(item_id: str) -> ResponseReturnValue:
    filled = {name: request.form.get(name, "") for name in ("verdict", "reason")}
    try:
        done = console().quality.reviewing.review(staff(), item_id, filled["verdict"], filled["reason"])
    except ServiceError as error:
        flash(words.sentence(error), "error")
        if isinstance(error, Conflict):
            return redirect(url_for("audit_review.queue"), 303)
        return _shown(item_id, error.http_status, **filled)
    if filled["verdict"] != "right":
        flash(gettext("Noted."), "success")
        if done["state"] == "settled" and can(Permission.RECALL_START):
            return redirect(url_for("audit_review.review", item_id=item_id), 303)
    left = _queue()
    if not left:
        return redirect(url_for("audit_review.queue"), 303)
    return redirect(url_for("audit_review.review", item_id=left[0]["_id"]), 303)


@bp.post("/audit/review/<item_id>/resolve")
@requires(Permission.AUDIT_REVIEW)
def resolve_as_reviewer(item_id: str) -> ResponseReturnValue:
    return _resolve(item_id)


@bp.post("/audit/items/<item_id>/resolve")
@requires(Permission.AUDIT_SIGN)
def resolve(item_id: str) -> ResponseReturnValue:
    return _resolve(item_id)


def _resolve(item_id: str) -> ResponseReturnValue:
    filled = {name: request.form.get(name, "") for name in ("verdict", "reason")}
    try:
        done = console().quality.reviewing.resolve(staff(), item_id, filled["verdict"], filled["reason"])
    except ServiceError as error:
        flash(words.sentence(error), "error")
        return _shown(item_id, error.http_status, **filled)
    flash(gettext("Settled."), "success")
    return redirect(url_for("audits.sample", draw=done["draw"]), 303)


@bp.post("/audit/items/<item_id>/suspend")
@requires(Permission.RECALL_START)
def suspend(item_id: str) -> ResponseReturnValue:
    try:
        article = console().quality.reviewing.suspend(staff(), item_id, request.form.get("reason", ""))
    except ServiceError as error:
        flash(words.sentence(error), "error")
        return redirect(url_for("audit_review.item", item_id=item_id), 303)
    flash(gettext("Out of force. Everybody who was sent it is listed here."), "success")
    return redirect(url_for("recalls.recall", article=article), 303)


@bp.get("/audit/findings")
@requires(Permission.KNOWLEDGE_WRITE)
def findings() -> ResponseReturnValue:
    state = "done" if request.args.get("state") == "done" else "open"
    return render_template(
        "console/audit_findings.html",
        found=console().quality.reviewing.findings(state),
        now=console().quality.audits.now(),
        state=state,
        say=say,
        person=person,
    )


@bp.post("/audit/findings/<item_id>/take")
@requires(Permission.KNOWLEDGE_WRITE)
def take(item_id: str) -> ResponseReturnValue:
    return _then(lambda: console().quality.reviewing.take(staff(), item_id), gettext("It is yours now."))


@bp.post("/audit/findings/<item_id>/close")
@requires(Permission.KNOWLEDGE_WRITE)
def close(item_id: str) -> ResponseReturnValue:
    note = request.form.get("note", "")
    return _then(lambda: console().quality.reviewing.close(staff(), item_id, note), gettext("Closed."))


def _then(work: Any, done: str) -> ResponseReturnValue:
    try:
        work()
        flash(done, "success")
    except ServiceError as error:
        flash(words.sentence(error), "error")
    return redirect(url_for("audit_review.findings"), 303)
