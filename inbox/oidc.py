"""Sign-in through the firm's own provider: away and back. Accounts stay ours: nobody is made by signing in."""

from __future__ import annotations

import hmac
import time

from flask import Blueprint, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.contracts import SignInProvider, SignInStart
from bot.errors import NotFound, ServiceError
from inbox import auth, words
from inbox.account import attempts, come_in, local_path
from inbox.auth import console, requires
from inbox.permissions import AuditAction, Permission
from inbox.problems import too_often

bp = Blueprint("firm", __name__)

ROUND_TRIP_S = 10 * 60


def provider() -> SignInProvider:
    found = console().oidc
    if found is None:
        raise NotFound("There is nothing here.")
    return found


def _back() -> str:
    return console().settings.public_url + url_for("firm.back")


def _no(sentence: str) -> ResponseReturnValue:
    console().audit(
        "anonymous", AuditAction.SIGN_IN_FAILED, f"address:{request.remote_addr}", {"via": "firm"}
    )
    flash(sentence, "error")
    return redirect(url_for("account.sign_in"), 303)


@bp.get("/sign-in/firm")
@requires(Permission.ANYONE)
def start() -> ResponseReturnValue:
    if wait := attempts().allow_link():
        return too_often(wait)
    try:
        begun = provider().start(_back())
    except NotFound:
        raise
    except ServiceError as error:
        return _no(words.sentence(error))
    session.clear()
    session["away"] = {
        "state": begun.state,
        "nonce": begun.nonce,
        "verifier": begun.verifier,
        "at": int(time.time()),
        "next": local_path(request.args.get("next")),
    }
    return redirect(begun.url, 303)


@bp.get("/sign-in/firm/back")
@requires(Permission.ANYONE)
def back() -> ResponseReturnValue:
    away = session.pop("away", None)
    firm = provider()
    state, code = request.args.get("state", ""), request.args.get("code", "")
    fresh = isinstance(away, dict) and 0 <= time.time() - away["at"] <= ROUND_TRIP_S
    if not fresh or not hmac.compare_digest(away["state"].encode(), state.encode()):
        return _no(gettext("That took too long, or began in another window. Sign in again."))
    if not code:
        return _no(gettext("The firm's sign-in was not completed."))
    started = SignInStart("", away["state"], away["nonce"], away["verifier"])
    try:
        claims = firm.finish(_back(), code, started)
    except ServiceError as error:
        return _no(words.sentence(error))
    person = console().staff.by_email(claims.email)
    if person is None:
        # The same words for an unknown and a closed account.
        return _no(
            gettext("The firm knows you, but you have no account here. Ask an administrator to invite you.")
        )
    if claims.role is not None and claims.role != person.role.value:
        return _no(
            gettext("Your role here differs from the firm's directory. Ask an administrator to settle it.")
        )
    if console().door.factors.enrolled(person.id) and not claims.strong:
        auth.pending(person.id)
        return redirect(url_for("account.code", next=away["next"]), 303)
    return come_in(person, away["next"], strong=claims.strong, via="firm")
