"""One's own account: the password, the sessions one can see and end, and what stands of the second factor."""

from __future__ import annotations

import time

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.errors import ServiceError
from inbox import auth, words
from inbox.account import attempts, local_path
from inbox.auth import console, requires, staff
from inbox.permissions import Permission
from inbox.problems import too_often

bp = Blueprint("security", __name__)


@bp.get("/account")
@requires(Permission.SIGNED_IN)
def index() -> ResponseReturnValue:
    here = auth.present()
    door, now = console().door, time.time()
    seats = [one for one in door.sessions.of(here.staff.id) if auth.ends_at(one) > now]
    return render_template(
        "console/account.html",
        here=here,
        seats=seats,
        codes_left=door.factors.codes_left(here.staff.id) if here.enrolled else 0,
        needed=console().settings.security.needs_second_factor(here.staff.role),
        rules=console().settings.security,
    )


@bp.get("/account/password")
@requires(Permission.SIGNED_IN)
def password() -> ResponseReturnValue:
    return _password()


def _password(trouble: str | None = None) -> str:
    days = console().settings.security.password_days
    old = auth.password_is_old(auth.present())
    return render_template("console/password.html", trouble=trouble, days=days, old=old)


@bp.post("/account/password")
@requires(Permission.SIGNED_IN)
def change_password() -> ResponseReturnValue:
    here = auth.present()
    # Guessing the present password at an open desk is guessing all the same.
    if wait := attempts().allow_code(here.staff.id):
        return too_often(wait)
    old, new = request.form.get("old", "")[:1024], request.form.get("new", "")[:1024]
    try:
        console().door.passwords.change(here.staff, old, new, here.seat.id)
    except ServiceError as error:
        return _password(words.sentence(error)), error.http_status
    attempts().forget_code(here.staff.id)
    flash(gettext("The password is changed. Your other sessions have ended."), "success")
    return redirect(local_path(request.form.get("next")) or url_for("security.index"), 303)


@bp.post("/account/sessions/end")
@requires(Permission.SIGNED_IN)
def end_session() -> ResponseReturnValue:
    """`which`: the id of one, `others`, or `all`, which signs this browser out too."""
    here, which = auth.present(), request.form.get("which", "")
    passwords = console().door.passwords
    if which == "all":
        passwords.sign_out(here.staff)
        auth.end()
        flash(gettext("You are signed out everywhere."), "success")
        return redirect(url_for("account.sign_in"), 303)
    if which == "others":
        ended = passwords.sign_out(here.staff, but=here.seat.id)
    else:
        ended = passwords.sign_out(staff(), seat_id=which)
    if ended:
        flash(gettext("Ended. That browser has to sign in again."), "success")
    else:
        flash(gettext("There is no other session."), "info")
    return redirect(url_for("security.index"), 303)
