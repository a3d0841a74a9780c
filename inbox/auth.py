"""Sign-in, the session's life, and the one gate every page passes through.

The signed cookie carries a random name; everything else about the session is in the store, and its person is read with
it on every request, so a role that changes, an account that is closed and a session that is ended bite at once, and
within two seconds where an open page looks again by itself.
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
from werkzeug.wrappers import Response

from bot import origin
from bot.errors import NotAllowed
from bot.model import Staff
from bot.store.sessions import Present, Seat
from inbox.lately import Lately
from inbox.permissions import AuditAction, Permission, may
from inbox.service import Console

P = ParamSpec("P")
R = TypeVar("R")

ABSOLUTE_S = 12 * 3600
STEP_UP_S = 5 * 60
DEVICE_S = 365 * 86400
BACKGROUND = "X-Background"
LOOKS = ("inbox.rows", "said.lines")
"""What each open page asks for at each change. Their session is read every two seconds, not for every one of them."""
# Where somebody still goes who has to enrol a second factor or change an old password first.
_BEFORE_WORK = ("account.", "security.", "assets.", "console.")


class Person:
    """A member of staff with the session they are in, as Flask-Login wants one."""

    is_authenticated = True
    is_anonymous = False

    def __init__(self, present: Present) -> None:
        self.staff = present.staff
        self.present = present
        self.is_active = present.staff.active

    def get_id(self) -> str:
        return self.staff.id


class SignInNeeded(Exception):
    """Nobody is signed in, or the session has ended. `idle` is True where it ended by itself."""

    def __init__(self, idle: bool = False) -> None:
        super().__init__("Sign in first.")
        self.idle = idle


class FirstThingsFirst(Exception):
    """Signed in, and something has to be done on the page `endpoint` before anything else."""

    def __init__(self, endpoint: str, code: str) -> None:
        super().__init__(code)
        self.endpoint = endpoint
        self.code = code


def console() -> Console:
    return cast(Console, current_app.extensions["teller_console"])


def _lately() -> Lately:
    return cast(Lately, current_app.extensions["teller_lately"])


def cookie(name: str) -> str:
    """`name` as browsers know it: over https with the prefix that binds a cookie to this host, as the session's."""
    return f"__Host-{name}" if current_app.config["SESSION_COOKIE_SECURE"] else name


def keep(answer: Response, name: str, value: str) -> None:
    """A choice that stays on this device, whoever signs in. No script reads it."""
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    answer.set_cookie(cookie(name), value, DEVICE_S, path="/", httponly=True, samesite="Lax", secure=secure)


def present() -> Present:
    """Who is signed in, and their session. Raises SignInNeeded."""
    person = current_user
    if not getattr(person, "is_authenticated", False):
        raise SignInNeeded(idle=bool(g.get("session_idle")))
    return cast(Person, person).present


def staff() -> Staff:
    """Who is signed in. Raises SignInNeeded."""
    return present().staff


def colleague(staff_id: str) -> Staff | None:
    """An active member of staff as of two seconds ago at most: for a name, never for what somebody may do."""
    return _lately().colleague(staff_id)


def person(staff_id: str | None) -> str:
    """A colleague's name; the id itself for a command, for what was shipped and for who has left."""
    if not staff_id:
        return ""
    found = colleague(staff_id)
    return found.name if found else staff_id


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
                here = keep_alive()
                origin.as_role(here.staff.role.value)
                if not may(here.staff.role, permission):
                    g.denied = True
                    console().audit(
                        here.staff.id, AuditAction.DENIED, f"page:{request.endpoint}", {"needs": permission}
                    )
                    raise NotAllowed("Your role may not open this page.")
                _first_things_first(here)
            return view(*args, **kwargs)

        passed.permission = permission  # type: ignore[attr-defined]
        return passed

    return gate


def _first_things_first(here: Present) -> None:
    if (request.endpoint or "").startswith(_BEFORE_WORK):
        return
    rules = console().settings.security
    if rules.needs_second_factor(here.staff.role) and not (here.enrolled or here.seat.strong):
        raise FirstThingsFirst("security.enrol", "second_factor")
    if password_is_old(here):
        raise FirstThingsFirst("security.password", "password")


def password_is_old(here: Present) -> bool:
    days = console().settings.security.password_days
    # Who came through the firm's own sign-in has no use for a password here.
    if days is None or here.password_at is None or session.get("via") == "firm":
        return False
    return time.time() - here.password_at.timestamp() > days * 86400


def step_up() -> None:
    """For what a stolen open desk must not do (a reveal): a second factor within the last five minutes.

    Raises FirstThingsFirst, which asks for the code, or for a second factor where there is none, and comes back.
    """
    here = present()
    at = here.seat.stepped_at
    if at is not None and 0 <= time.time() - at.timestamp() <= STEP_UP_S:
        return
    raise FirstThingsFirst("security.confirm" if here.enrolled else "security.enrol", "step_up")


def begin(person: Staff, *, strong: bool = False, via: str = "password") -> None:
    """A new session for `person`: nothing of the one before it lives on, so a planted cookie is worth nothing."""
    session.clear()
    token = console().door.sessions.begin(
        person.id, time.time(), request.remote_addr, request.headers.get("User-Agent", ""), strong=strong
    )
    session["sid"] = token
    session["via"] = via
    found = console().door.sessions.find(token)
    if found is None:
        raise SignInNeeded
    login_user(Person(found))


def renamed(token: str) -> None:
    """The session goes on under `token`, as after a second factor."""
    session["sid"] = token
    g.pop("_login_user", None)


def end() -> None:
    """Here and in the store."""
    token = session.get("sid")
    if isinstance(token, str):
        found = console().door.sessions.find(token)
        if found is not None:
            console().door.sessions.end(found.staff.id, found.seat.id)
    logout_user()
    session.clear()


def ends_at(seat: Seat) -> float:
    """Unix time at which a session ends unless a person does something before."""
    idle_s = float(current_app.config["CONSOLE_IDLE_MINUTES"]) * 60
    return min(seat.seen_at.timestamp() + idle_s, seat.created_at.timestamp() + ABSOLUTE_S)


def keep_alive() -> Present:
    """Ends a session that nobody used; a page that refreshes itself is not somebody. Raises SignInNeeded."""
    here = present()
    if request.headers.get(BACKGROUND) is None and request.endpoint != "live.events":
        console().door.sessions.touch(here.seat, time.time())
    return here


def welcome(permission: Permission) -> Callable[[], bool]:
    """For a stream, which outlives its request: whether its session, person and permission are still there."""
    service, token = console(), str(session.get("sid", ""))
    idle_s = float(current_app.config["CONSOLE_IDLE_MINUTES"]) * 60

    def still() -> bool:
        found = service.door.sessions.find(token)
        if found is None or not may(found.staff.role, permission):
            return False
        seen, begun = found.seat.seen_at.timestamp(), found.seat.created_at.timestamp()
        return time.time() <= min(seen + idle_s, begun + ABSOLUTE_S)

    return still


def wants_fragment() -> bool:
    """A script asks, not an address bar: answer with a status it can read instead of a redirect."""
    return BACKGROUND in request.headers or "application/json" in request.headers.get("Accept", "")


def here_and_back() -> str | None:
    """This page, to come back to; None for a form that was sent."""
    return request.full_path.rstrip("?") if request.method == "GET" else None


def ask_to_sign_in(error: SignInNeeded) -> ResponseReturnValue:
    if wants_fragment() or request.endpoint == "live.events":
        return {"error": "sign_in"}, 401
    return redirect(url_for("account.sign_in", next=here_and_back(), ended=1 if error.idle else None), 303)


def ask_first(error: FirstThingsFirst) -> ResponseReturnValue:
    if wants_fragment() or request.endpoint == "live.events":
        return {"error": error.code, "at": url_for(error.endpoint)}, 403
    return redirect(url_for(error.endpoint, next=here_and_back(), why=error.code), 303)


def _session(token: str) -> Present | None:
    if BACKGROUND not in request.headers or request.endpoint not in LOOKS:
        return console().door.sessions.find(token)
    return _lately().session(token)


def _load(staff_id: str) -> Person | None:
    token = session.get("sid")
    found = _session(token) if isinstance(token, str) else None
    if found is None or found.staff.id != staff_id:
        return None
    if time.time() > ends_at(found.seat):
        console().door.sessions.end(found.staff.id, found.seat.id)
        g.session_idle = True
        return None
    return Person(found)


def install(app: Flask) -> None:
    app.extensions["teller_lately"] = Lately(app.extensions["teller_console"])
    manager = LoginManager()
    manager.user_loader(_load)
    # The console has no 'remember me': a shared desk must fall back to the sign-in page.
    manager.session_protection = None
    manager.init_app(app)


def pending(staff_id: str) -> None:
    """The password was right and the second factor is asked for: nothing is open yet."""
    session.clear()
    session["asked"] = {"staff": staff_id, "at": int(time.time()), "n": secrets.token_hex(8)}
