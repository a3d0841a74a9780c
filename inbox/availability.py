"""Whether one takes new conversations: chosen in the account menu, with how many are in hand."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.desk.availability import AVAILABLE, AWAY, OFFLINE, Standing
from bot.desk.routing import Router
from inbox import auth, words
from inbox.account import local_path
from inbox.auth import console, requires, staff
from inbox.permissions import Permission

bp = Blueprint("availability", __name__)

STATES: words.Words = {AVAILABLE: _l("Available"), AWAY: _l("Away"), OFFLINE: _l("Offline")}
_SAID: words.Words = {
    AVAILABLE: _l("You are available: new conversations come to you by themselves."),
    AWAY: _l("You are away: nothing new comes to you. What you have stays with you."),
    OFFLINE: _l("You are offline: conversations in which a customer waits go back to the queue."),
}


def my_desk() -> Standing | None:
    """Of who is signed in; None for those who answer nobody."""
    # Pages without a house behind them (a rehearsal of the console in a test) have no router.
    router = cast("Router | None", getattr(console(), "router", None))
    if router is None or not auth.can(Permission.INBOX_REPLY):
        return None
    return router.availability.standing(staff())


@bp.app_context_processor
def _desk() -> dict[str, object]:
    return {"my_desk": my_desk, "DESK_STATES": STATES}


@bp.post("/inbox/availability")
@requires(Permission.INBOX_REPLY)
def choose() -> ResponseReturnValue:
    """The change is audited where it is made, in one transaction with it."""
    state, hand_over = request.form.get("state", ""), bool(request.form.get("hand_over"))
    console().router.availability.choose(staff(), state, hand_over=hand_over)
    if state == AWAY and hand_over:
        flash(
            gettext("You are away: conversations in which a customer waits go back to the queue."), "success"
        )
    else:
        flash(words.said(_SAID, state), "success")
    return redirect(local_path(request.form.get("next")) or url_for("account.start"), 303)
