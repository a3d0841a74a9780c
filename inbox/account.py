"""Signing in and out, the language, and where a role lands."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from bot.model import LOCALES, Staff
from inbox import auth, navigation
from inbox.language import COOKIE
from inbox.limits import Attempts
from inbox.permissions import AuditAction, Permission
from inbox.problems import problem

bp = Blueprint("account", __name__)


def local_path(target: str | None) -> str | None:
    """`target` where it stays on this site; browsers read `//host` and `/\\host` as another one."""
    if not target or not target.startswith("/") or target[1:2] in {"/", "\\"}:
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc and "\n" not in target else None


def landing(staff: Staff) -> str:
    pages = navigation.entries(staff.role)
    return url_for(pages[0].endpoint) if pages else url_for("account.start")


@bp.get("/")
@auth.requires(Permission.ANYONE)
def sign_in() -> ResponseReturnValue:
    if getattr(current_user, "is_authenticated", False):
        return redirect(landing(auth.staff()), 303)
    if request.args.get("ended"):
        flash(gettext("You were signed out because the page was not used for a while."), "info")
    return render_template("console/sign_in.html", email="", after=local_path(request.args.get("next")))


@bp.post("/")
@auth.requires(Permission.ANYONE)
def enter() -> ResponseReturnValue:
    email = request.form.get("email", "").strip()[:254]
    password = request.form.get("password", "")[:1024]
    after = local_path(request.form.get("next"))
    attempts = cast(Attempts, current_app.extensions["teller_attempts"])
    if not attempts.allow(email):
        auth.console().audit("anonymous", AuditAction.SIGN_IN_LIMITED, f"address:{request.remote_addr}", {})
        return problem(429)
    person = auth.console().staff.authenticate(email, password) if email and password else None
    if person is None or not person.active:
        auth.console().audit("anonymous", AuditAction.SIGN_IN_FAILED, f"address:{request.remote_addr}", {})
        flash(gettext("E-mail or password is not right. Check both and try again."), "error")
        return render_template("console/sign_in.html", email=email, after=after), 401
    attempts.forget(email)
    auth.begin(person)
    auth.console().audit(person.id, AuditAction.SIGNED_IN, f"staff:{person.id}", {})
    return redirect(after or landing(person), 303)


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
        secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        answer.set_cookie(COOKIE, asked, max_age=365 * 86400, httponly=True, samesite="Lax", secure=secure)
    return answer


@bp.get("/start")
@auth.requires(Permission.SIGNED_IN)
def start() -> ResponseReturnValue:
    """For a role that has no page yet; everybody else is sent on."""
    if navigation.entries(auth.staff().role):
        return redirect(landing(auth.staff()), 303)
    return render_template("console/nothing.html")
