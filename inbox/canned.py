"""Saved replies: a page to write them, and the list that `/` opens in the composer.

Under the knowledge, because that is where people look for words that exist already; the page says that these are not
approved ones.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.desk.canned import LONGEST, filled
from bot.errors import BadPayload, Conflict, ServiceError
from bot.model import Role
from bot.store.canned import FIRM
from inbox import auth, seen, words
from inbox.auth import console, requires, staff
from inbox.permissions import Permission

bp = Blueprint("canned", __name__)


@bp.get("/knowledge/replies")
@requires(Permission.CANNED_USE)
def index() -> ResponseReturnValue:
    return _page()


def _page(status: int = 200, **typed: str) -> tuple[str, int]:
    found = console().canned.of(staff())
    shown = render_template(
        "console/canned.html",
        firm=[one for one in found if one.scope == FIRM],
        own=[one for one in found if one.scope != FIRM],
        may_write_firm=staff().role is Role.SUPERVISOR,
        longest=LONGEST,
        typed=typed,
        person=auth.person,
    )
    return shown, status


@bp.get("/knowledge/replies/<canned_id>")
@requires(Permission.CANNED_USE)
def edit(canned_id: str) -> ResponseReturnValue:
    one = console().canned.get(staff(), canned_id)
    return _page(id=one.id, shortcut=one.shortcut, text=one.text, firm="on" if one.scope == FIRM else "")


@bp.post("/knowledge/replies")
@requires(Permission.CANNED_USE)
def save() -> ResponseReturnValue:
    form = {
        name: request.form.get(name, "").replace("\r\n", "\n") for name in ("id", "shortcut", "text", "firm")
    }
    try:
        console().canned.save(
            staff(), form["shortcut"], form["text"], firm=bool(form["firm"]), canned_id=form["id"] or None
        )
    except (BadPayload, Conflict) as error:
        flash(words.sentence(error), "error")
        return _page(error.http_status, **form)
    flash(gettext("Saved. Type / in the composer to use it."), "success")
    return redirect(url_for("canned.index"), 303)


@bp.post("/knowledge/replies/<canned_id>/delete")
@requires(Permission.CANNED_USE)
def delete(canned_id: str) -> ResponseReturnValue:
    try:
        console().canned.delete(staff(), canned_id)
        flash(gettext("Deleted."), "success")
    except ServiceError as error:
        if error.http_status == 403:
            raise
        flash(words.sentence(error), "error")
    return redirect(url_for("canned.index"), 303)


@bp.get("/inbox/<conversation_id>/replies")
@requires(Permission.INBOX_REPLY)
def of_conversation(conversation_id: str) -> ResponseReturnValue:
    """The list with its places filled for this customer; for whoever may answer here."""
    page = console().desk.page(staff(), conversation_id)
    seen.conversation(page, again=True)
    values = {"customer_name": page.customer.name or "", "agent_name": staff().name}
    return {
        "replies": [
            {"shortcut": one.shortcut, "text": filled(one.text, values), "own": one.scope != FIRM}
            for one in console().canned.of(staff())
        ]
    }
