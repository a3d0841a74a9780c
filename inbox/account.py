"""Signing in and out, the language, and where a role lands."""

from __future__ import annotations

import time
from typing import cast
from urllib.parse import urlsplit

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from bot.model import LOCALES, Staff
from inbox import auth, navigation
from inbox.language import COOKIE
from inbox.limits import Attempts
from inbox.permissions import AuditAction, Permission
from inbox.problems import too_often

bp = Blueprint("account", __name__)

CODE_S = 5 * 60
"""How long after the password the code may follow."""


def local_path(target: str | None) -> str | None:
    """`target` where it stays on this site; browsers read `//host` and `/\\host` as another one."""
    if not target or not target.startswith("/") or target[1:2] in {"/", "\\"}:
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc and "\n" not in target else None


def landing(staff: Staff) -> str:
    pages = navigation.entries(staff.role)
    return url_for(pages[0].endpoint) if pages else url_for("account.start")


def attempts() -> Attempts:
    return cast(Attempts, current_app.extensions["teller_attempts"])


def come_in(
    person: Staff, after: str | None, *, strong: bool = False, via: str = "password"
) -> ResponseReturnValue:
    """The session begins; noted first, as nobody may be inside unseen."""
    detail = {"second_factor": strong, "via": via} if strong or via != "password" else {}
    auth.console().audit(person.id, AuditAction.SIGNED_IN, f"staff:{person.id}", detail)
    auth.begin(person, strong=strong, via=via)
    return redirect(after or landing(person), 303)


def _form(email: str = "", after: str | None = None) -> str:
    firm = auth.console().oidc is not None
    return render_template("console/sign_in.html", email=email, after=after, firm=firm)


@bp.get("/")
@auth.requires(Permission.ANYONE)
def sign_in() -> ResponseReturnValue:
    if getattr(current_user, "is_authenticated", False):
        return redirect(landing(auth.staff()), 303)
    if request.args.get("ended"):
        flash(gettext("You were signed out because the page was not used for a while."), "info")
    return _form(after=local_path(request.args.get("next")))


@bp.post("/")
@auth.requires(Permission.ANYONE)
def enter() -> ResponseReturnValue:
    email = request.form.get("email", "").strip()[:254]
    password = request.form.get("password", "")[:1024]
    after = local_path(request.form.get("next"))
    console = auth.console()
    if wait := attempts().allow(email):
        console.audit("anonymous", AuditAction.SIGN_IN_LIMITED, f"address:{request.remote_addr}", {})
        return too_often(wait)
    person = console.staff.authenticate(email, password) if email and password else None
    if person is None or not person.active:
        console.audit("anonymous", AuditAction.SIGN_IN_FAILED, f"address:{request.remote_addr}", {})
        flash(gettext("E-mail or password is not right. Check both and try again."), "error")
        return _form(email, after), 401
    attempts().forget(email)
    if console.door.factors.enrolled(person.id):
        auth.pending(person.id)
        return redirect(url_for("account.code", next=after), 303)
    return come_in(person, after)


def _asked() -> Staff | None:
    """Whose password was right a moment ago, in this browser."""
    asked = session.get("asked")
    if not isinstance(asked, dict) or not 0 <= time.time() - asked.get("at", 0) <= CODE_S:
        return None
    return auth.console().staff.by_id(str(asked.get("staff")))


@bp.get("/sign-in/code")
@auth.requires(Permission.ANYONE)
def code() -> ResponseReturnValue:
    if _asked() is None:
        return redirect(url_for("account.sign_in"), 303)
    return render_template("console/sign_in_code.html", after=local_path(request.args.get("next")))


@bp.post("/sign-in/code")
@auth.requires(Permission.ANYONE)
def enter_code() -> ResponseReturnValue:
    person, after = _asked(), local_path(request.form.get("next"))
    if person is None:
        flash(gettext("That took too long. Sign in again."), "info")
        return redirect(url_for("account.sign_in"), 303)
    if wait := attempts().allow_code(person.id):
        auth.console().audit(person.id, AuditAction.SIGN_IN_LIMITED, f"staff:{person.id}", {"step": "code"})
        return too_often(wait)
    if not auth.console().door.factors.accept(person.id, request.form.get("code", ""), time.time()):
        auth.console().audit(person.id, AuditAction.SIGN_IN_FAILED, f"staff:{person.id}", {"step": "code"})
        flash(gettext("This code is not right, or was used already. Take the next one."), "error")
        return render_template("console/sign_in_code.html", after=after), 401
    attempts().forget_code(person.id)
    return come_in(person, after, strong=True)


@bp.post("/sign-out")
@auth.requires(Permission.ANYONE)
def sign_out() -> ResponseReturnValue:
    if getattr(current_user, "is_authenticated", False):
        who = auth.staff()
        auth.console().audit(who.id, AuditAction.SIGNED_OUT, f"staff:{who.id}", {})
    auth.end()
    answer = redirect(url_for("account.sign_in"), 303)
    # Not "cookies": the language stays. Drafts must not wait for the next person at this desk.
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@bp.post("/language")
@auth.requires(Permission.ANYONE)
def language() -> ResponseReturnValue:
    asked = request.form.get("language", "")
    answer = redirect(local_path(request.form.get("next")) or url_for("account.sign_in"), 303)
    if asked in LOCALES:
        auth.keep(answer, COOKIE, asked)
    return answer


@bp.get("/start")
@auth.requires(Permission.SIGNED_IN)
def start() -> ResponseReturnValue:
    """For a role that has no page yet; everybody else is sent on."""
    if navigation.entries(auth.staff().role):
        return redirect(landing(auth.staff()), 303)
    return render_template("console/nothing.html")
