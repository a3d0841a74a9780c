"""The kill switch of the AI: where it stands, stopping it, letting it answer again, and the banner on every page."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.errors import ServiceError
from bot.model import ChannelAccount
from bot.reasons import LONGEST_REASON
from bot.store.switches import WHOLE, Off
from inbox import auth, words
from inbox.auth import console, requires, staff
from inbox.permissions import Permission

bp = Blueprint("switch", __name__)


@dataclass(frozen=True, slots=True)
class Stopped:
    """A scope that is off, in words. `name` is None for the whole."""

    off: Off
    name: str | None
    by: str


def stopped() -> list[Stopped]:
    """What is off, for the banner: as every process has it, a quarter of a second old at most."""
    # Pages without a house behind them (a rehearsal of the console in a test) have no switch.
    switch = getattr(console(), "switch", None)
    return [_in_words(one) for one in switch.standing()] if switch is not None else []


def _in_words(off: Off) -> Stopped:
    account = None if off.scope == WHOLE else console().accounts.get(off.scope)
    name = None if off.scope == WHOLE else (account.name if account else off.scope)
    return Stopped(off, name, auth.person(off.by))


@bp.app_context_processor
def _banner() -> dict[str, object]:
    return {"ai_stopped": stopped}


@dataclass(frozen=True, slots=True)
class Place:
    """A channel account and what keeps the AI off there, if anything does."""

    account: ChannelAccount
    off: Stopped | None


def page(trouble: str | None = None, typed: str = "", scope: str = "") -> str:
    off = {one.scope: _in_words(one) for one in console().switch.state()}
    places = [Place(one, off.get(one.id)) for one in console().accounts.list() if one.enabled]
    return render_template(
        "console/switch.html",
        whole=off.get(WHOLE),
        places=places,
        trouble=trouble,
        typed=typed,
        scope=scope,
        longest=LONGEST_REASON,
    )


@bp.get("/ai")
@requires(Permission.AI_READ)
def index() -> ResponseReturnValue:
    return page()


@bp.get("/ai/banner")
@requires(Permission.SIGNED_IN)
def banner() -> ResponseReturnValue:
    return render_template("console/_stopped.html")


@bp.post("/ai/stop")
@requires(Permission.AI_STOP)
def stop() -> ResponseReturnValue:
    return _turn(off=True)


@bp.post("/ai/start")
@requires(Permission.AI_START)
def start() -> ResponseReturnValue:
    return _turn(off=False)


def _turn(*, off: bool) -> ResponseReturnValue:
    scope, reason = request.form.get("scope", ""), request.form.get("reason", "")
    account = None if scope in ("", WHOLE) else scope
    switch = console().switch
    try:
        changed = (switch.stop if off else switch.start)(staff(), reason, account)
    except ServiceError as error:
        return page(words.sentence(error), reason, scope), error.http_status
    if off:
        said = (
            gettext("The AI is off: from this second every message goes to people.")
            if changed
            else gettext("It was off already. Your reason is noted.")
        )
    else:
        said = gettext("The AI answers again.") if changed else gettext("It was on already.")
    flash(said, "success")
    return redirect(url_for("switch.index"), 303)
