"""Error pages: what happened and what to do next, in the style of the rest; JSON where a script asked."""

from __future__ import annotations

import re

from flask import Blueprint, Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from bot.errors import ServiceError
from inbox import words
from inbox.auth import (
    FirstThingsFirst,
    SignInNeeded,
    ask_first,
    ask_to_sign_in,
    console,
    staff,
    wants_fragment,
)
from inbox.permissions import AuditAction

# Paths that programs call: their errors are not pages.
MACHINES = ("/webhooks/", "/webchat/", "/healthz", "/readyz", "/metrics")

_ID = re.compile(r"[0-9a-f]{24,64}")

TEXTS: dict[int, tuple[LazyString, LazyString]] = {
    400: (_l("This page was open for too long"), _l("Go back, reload the page and do it once more.")),
    403: (
        _l("Your role may not open this page"),
        _l("If your work needs it, ask an administrator to change your role. The attempt was noted."),
    ),
    404: (
        _l("There is nothing here"),
        _l("The address is mistyped, or what was here has moved. Start again from the first page."),
    ),
    405: (_l("This address does not take that"), _l("Go back to the first page and use its buttons.")),
    409: (_l("Somebody was quicker"), _l("Reload to see how things stand now.")),
    413: (_l("That is too large"), _l("Shorten it and send it again.")),
    429: (_l("Too many attempts"), _l("Wait one minute, then try again. Your account is not locked.")),
    500: (
        _l("Something went wrong on our side"),
        _l("Try again; if it stays, tell the administrator the time it happened."),
    ),
    503: (
        _l("The service is away for a moment"),
        _l("A server we need is not answering. Customers' messages are kept. Try again in a few seconds."),
    ),
}


def problem(code: int, detail: str | None = None) -> ResponseReturnValue:
    """The page (or the JSON) for an HTTP status. `detail` is one more sentence, holding nothing personal."""
    title, advice = TEXTS.get(code, TEXTS[500])
    headers = {"Retry-After": "60"} if code == 429 else {"Retry-After": "5"} if code == 503 else {}
    if wants_fragment():
        return {"error": detail or f"{title} {advice}"}, code, headers
    page = render_template("console/problem.html", code=code, title=title, advice=advice, detail=detail)
    return page, code, headers


def too_often(wait: int) -> ResponseReturnValue:
    """The page of 429. `wait`: seconds, whole minutes."""
    if wait <= 60:
        return problem(429)
    title, advice = TEXTS[429][0], gettext("Try again in %(minutes)s minutes.", minutes=wait // 60)
    page = render_template("console/problem.html", code=429, title=title, advice=advice, detail=None)
    return page, 429, {"Retry-After": str(wait)}


def _service_error(error: ServiceError) -> ResponseReturnValue:
    try:
        noted(error)
    except Exception:  # noqa: BLE001 - whatever kept it from being written, it was not written
        return problem(503)
    return problem(error.http_status, words.sentence(error))


def noted(error: ServiceError) -> None:
    """For a page that answers a refusal by itself."""
    if error.http_status in (403, 404):
        denied(error.http_status)


def denied(status: int) -> None:
    """A try at what is not theirs, or not there: from outside both look alike, and both are noted."""
    if g.get("denied") or not getattr(current_user, "is_authenticated", False):
        return
    subject = f"page:{request.endpoint}"
    for name in ("conversation", "customer"):
        # Only what has the form of our ids: an address may hold anything.
        asked = str((request.view_args or {}).get(f"{name}_id", ""))
        if _ID.fullmatch(asked):
            subject = f"{name}:{asked}"
            break
    detail = {"page": request.endpoint, "status": status}
    console().audit(staff().id, AuditAction.OBJECT_DENIED, subject, detail)


def _csrf(_: CSRFError) -> ResponseReturnValue:
    return problem(400, gettext("The page was open for too long. Reload it; what you typed is kept."))


def _unexpected(error: InternalServerError) -> ResponseReturnValue:
    """Flask has logged it; the page never shows it, as an exception's text may quote a customer."""
    cause = error.original_exception
    # A lost store is nobody's bug. The console knows no driver, so it goes by where the error was born.
    away = cause is not None and type(cause).__module__.split(".")[0] in {"pymongo", "redis"}
    return problem(503 if away else 500)


def _anything(error: HTTPException) -> ResponseReturnValue:
    if request.path.startswith(MACHINES):
        return error
    code = error.code or 500
    if code < 400:
        return error
    return problem(code if code in TEXTS else 500)


def attach(blueprint: Blueprint) -> None:
    """Errors of a console page belong to the console."""
    blueprint.register_error_handler(SignInNeeded, ask_to_sign_in)
    blueprint.register_error_handler(FirstThingsFirst, ask_first)
    blueprint.register_error_handler(ServiceError, _service_error)
    blueprint.register_error_handler(CSRFError, _csrf)
    blueprint.register_error_handler(InternalServerError, _unexpected)
    blueprint.register_error_handler(HTTPException, _anything)


def install(app: Flask) -> None:
    """Unknown addresses get a page too, unless a program asked."""
    for code in (404, 405):
        app.register_error_handler(code, _anything)
