"""Recalls: what was taken back and why, and the corrections that people work through."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.errors import BadPayload, Conflict, ServiceError
from inbox import words
from inbox.auth import console, person, requires, staff
from inbox.permissions import AuditAction, Permission

bp = Blueprint("recalls", __name__)

STATES: words.Words = {"open": _l("Open"), "done": _l("Corrected"), "not_needed": _l("Not needed")}
PAGE = 100


def _version(text: str) -> int | None:
    """Raises BadPayload for what is no version number."""
    wanted = text.strip().removeprefix("v")
    if not wanted:
        return None
    if not (wanted.isascii() and wanted.isdecimal()) or not 0 < int(wanted[:9]) == int(wanted[:10]):
        raise BadPayload(gettext("A version is a number: leave it empty for all of them."))
    return int(wanted)


def _listing(**filled: str) -> str:
    return render_template(
        "console/recalls.html", found=console().recalls.recalls(), person=person, filled=filled
    )


@bp.get("/knowledge/recalls")
@requires(Permission.RECALL_READ)
def index() -> ResponseReturnValue:
    return _listing(article=request.args.get("article", ""), version=request.args.get("version", ""))


@bp.post("/knowledge/recalls")
@requires(Permission.RECALL_START)
def start() -> ResponseReturnValue:
    filled = {name: request.form.get(name, "").strip() for name in ("article", "version", "reason")}
    try:
        version = _version(filled["version"])
        recall = console().recalls.start(filled["article"], version, staff().id, filled["reason"])
    except ServiceError as error:
        flash(words.sentence(error), "error")
        return _listing(**filled), error.http_status
    flash(gettext("Out of force. Everybody who was sent it is listed here."), "success")
    return redirect(url_for("recalls.recall", article=recall.article), 303)


@bp.get("/knowledge/recalls/<path:article>")
@requires(Permission.RECALL_READ)
def recall(article: str) -> ResponseReturnValue:
    state, recalls = request.args.get("state", "open"), console().recalls
    found = recalls.corrections(article, state, request.args.get("after", ""))
    listed = [one.conversation for one in found]
    console().audit(staff().id, AuditAction.CORRECTIONS_LISTED, f"article:{article}", {}, shown=listed)
    return render_template(
        "console/recall.html",
        recall=recalls.recall(article),
        state=state,
        states=STATES,
        corrections=found,
        after=found[-1].id if len(found) == PAGE else None,
        person=person,
    )


@bp.post("/knowledge/corrections/<path:correction_id>/take")
@requires(Permission.RECALL_CORRECT)
def take(correction_id: str) -> ResponseReturnValue:
    try:
        conversation_id = console().recalls.take_up(staff(), correction_id)
    except Conflict as error:
        return _back(correction_id, error)
    flash(gettext("Write the correction here, then mark it in the recall's list."), "success")
    return redirect(url_for("inbox.conversation", conversation_id=conversation_id, view="mine"), 303)


@bp.post("/knowledge/corrections/<path:correction_id>/close/<any(done, not_needed):state>")
@requires(Permission.RECALL_CORRECT)
def close(correction_id: str, state: str) -> ResponseReturnValue:
    try:
        console().recalls.close(staff(), correction_id, state)
    except Conflict as error:
        return _back(correction_id, error)
    return _back(correction_id)


def _back(correction_id: str, error: ServiceError | None = None) -> ResponseReturnValue:
    if error is not None:
        flash(words.sentence(error), "error")
    # The article's id may hold a colon, the conversation's never does.
    return redirect(url_for("recalls.recall", article=correction_id.rpartition(":")[0]), 303)
