"""Sign-in, the session's life, and the one gate every page passes through.

A session is a signed cookie that names the member of staff, when it began and when it was last used by a person;
the directory is asked on every request, so a role that changes or an account that is closed bites at once.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user, login_user, logout_user

from bot.errors import NotAllowed
from bot.model import Staff
from inbox.permissions import AuditAction, Permission, may
from inbox.service import Console

P = ParamSpec("P")
R = TypeVar("R")

ABSOLUTE_S = 12 * 3600
BACKGROUND = "X-Background"


class Person:
    """A member of staff as Flask-Login wants one."""

    is_authenticated = True
    is_anonymous = False

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self.is_active = staff.active

    def get_id(self) -> str:
        return self.staff.id


class SignInNeeded(Exception):
    """Nobody is signed in, or the session has ended. `idle` is True where it ended by itself."""

    def __init__(self, idle: bool = False) -> None:
        super().__init__("Sign in first.")
        self.idle = idle


def console() -> Console:
    return cast(Console, current_app.extensions["teller_console"])


def staff() -> Staff:
    """Who is signed in. Raises SignInNeeded."""
    person = current_user
    if not getattr(person, "is_authenticated", False):
        raise SignInNeeded
    return cast(Person, person).staff


def person(staff_id: str | None) -> str:
    """A colleague's name; the id itself for a command, for what was shipped and for who has left."""
    if not staff_id:
        return ""
    known: dict[str, str] = g.setdefault("people", {})
    if staff_id not in known:
        found = console().staff.by_id(staff_id)
        known[staff_id] = found.name if found else staff_id
    return known[staff_id]


def can(permission: Permission) -> bool:
    person = current_user
    if not getattr(person, "is_authenticated", False):
        return permission is Permission.ANYONE
    return may(cast(Person, person).staff.role, permission)


def requires(permission: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The only way to a page. Raises SignInNeeded, or NotAllowed after noting the try in the audit log."""

    def gate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def passed(*args: P.args, **kwargs: P.kwargs) -> R:
            if permission is not Permission.ANYONE:
                keep_alive()
                who = staff()
                if not may(who.role, permission):
                    console().audit(
                        who.id, AuditAction.DENIED, f"page:{request.endpoint}", {"needs": permission}
                    )
                    raise NotAllowed("Your role may not open this page.")
            return view(*args, **kwargs)

        passed.permission = permission  # type: ignore[attr-defined]
        return passed

    return gate


def begin(person: Staff) -> None:
    """A new session for `person`: nothing of the one before it lives on, so a planted cookie is worth nothing."""
    session.clear()
    now = int(time.time())
    session["sid"] = secrets.token_urlsafe(16)
    session["since"] = now
    session["seen"] = now
    login_user(Person(person))


def end() -> None:
    logout_user()
    session.clear()


def idle_deadline() -> float:
    """Unix time at which this session ends unless a person does something before."""
    idle_s = float(current_app.config["CONSOLE_IDLE_MINUTES"]) * 60
    return float(min(session.get("seen", 0) + idle_s, session.get("since", 0) + ABSOLUTE_S))


def keep_alive() -> None:
    """Ends a session that nobody used; a page that refreshes itself is not somebody. Raises SignInNeeded."""
    if "_user_id" not in session:
        raise SignInNeeded
    now = int(time.time())
    if now > idle_deadline():
        end()
        raise SignInNeeded(idle=True)
    if request.headers.get(BACKGROUND) is None and request.endpoint != "live.events":
        session["seen"] = now


def wants_fragment() -> bool:
    """A script asks, not an address bar: answer with a status it can read instead of a redirect."""
    return BACKGROUND in request.headers or "application/json" in request.headers.get("Accept", "")


def ask_to_sign_in(error: SignInNeeded) -> ResponseReturnValue:
    if wants_fragment() or request.endpoint == "live.events":
        return {"error": "sign_in"}, 401
    after = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("account.sign_in", next=after, ended=1 if error.idle else None), 303)


def _load(app: Flask) -> Callable[[str], Person | None]:
    def load(staff_id: str) -> Person | None:
        found = cast(Console, app.extensions["teller_console"]).staff.by_id(staff_id)
        return Person(found) if found and found.active else None

    return load


def install(app: Flask) -> None:
    manager = LoginManager()
    manager.user_loader(_load(app))
    # The console has no 'remember me': a shared desk must fall back to the sign-in page.
    manager.session_protection = None
    manager.init_app(app)
