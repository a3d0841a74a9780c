"""Direct answers: where each product class stands, what it still lacks, and the limit that compliance sets."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.errors import ServiceError
from inbox import words
from inbox.auth import console, requires, staff
from inbox.permissions import Permission
from kb.bounds import percent
from kb.proof import LARGEST_LIMIT, Standing

bp = Blueprint("automation", __name__)

MODES: words.Words = {
    "ask": _l(
        "The bot asks back on everything but exact wording; what is earned here counts in mode “proven”."
    ),
    "confident": _l("The bot answers by shipped thresholds; what is earned here counts in mode “proven”."),
    "proven": _l("Beyond exact wording the bot answers only in classes that have earned it."),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form said; `share` is None where it is no limit. `faults` by field."""

    share: float | None
    reason: str
    faults: dict[str, str]


def lack(one: Standing) -> str:
    """One sentence: why the class answers, or what it takes."""
    if one.on:
        return str(gettext("Answered directly from confidence %(sure)s on.", sure=f"{one.threshold:.4f}"))
    if one.threshold is None and one.labels:
        return str(
            gettext(
                "No confidence in its %(labels)d labelled questions is free of faults: look at the wrong ones.",
                labels=one.labels,
            )
        )
    more = {"missing": one.missing, "replies": one.replies}
    if one.threshold is None:
        return str(
            gettext(
                "Nothing labelled yet: %(missing)d right ones in the proof, about %(replies)d reviewed replies.",
                **more,
            )
        )
    if one.wrong:
        return str(
            gettext(
                "%(missing)d more without another fault in the proof, about %(replies)d reviewed replies.",
                **more,
            )
        )
    return str(
        gettext("%(missing)d more without a fault in the proof, about %(replies)d reviewed replies.", **more)
    )


def read() -> Wish:
    """The form: the limit in percent, as people say it."""
    faults: dict[str, str] = {}
    reason = request.form.get("reason", "").strip()
    if not reason:
        faults["reason"] = gettext("Say why: the reason stands in the audit log.")
    share: float | None = None
    try:
        said = float(request.form.get("limit", "").strip().rstrip("%").strip().replace(",", "."))
    except ValueError:
        said = math.nan
    if 0 < said <= LARGEST_LIMIT * 100:
        share = round(said / 100, 8)
    else:
        most = f"{LARGEST_LIMIT:.0%}".rstrip("%")
        faults["limit"] = gettext("Write a number of percent above 0 and up to %(most)s.", most=most)
    return Wish(share, reason, faults)


def page(wish: Wish | None = None, trouble: str | None = None) -> str:
    state = console().automation.state()
    setter = console().staff.by_id(state.set_by) if state.set_by else None
    return render_template(
        "console/automation.html",
        state=state,
        mode=console().automation.mode,
        modes=MODES,
        setter=setter.name if setter else None,
        faults=wish.faults if wish else {},
        filled=request.form if wish else {},
        trouble=trouble,
        percent=percent,
        lack=lack,
    )


@bp.get("/knowledge/automation")
@requires(Permission.AUTOMATION_READ)
def index() -> ResponseReturnValue:
    return page()


@bp.post("/knowledge/automation")
@requires(Permission.AUTOMATION_SET)
def set_limit() -> ResponseReturnValue:
    """The change is audited where it is made, in one transaction with it."""
    wish = read()
    if wish.share is None or wish.faults:
        return page(wish), 400
    try:
        console().automation.set_limit(staff(), wish.share, wish.reason)
    except ServiceError as error:
        return page(wish, words.sentence(error)), error.http_status
    flash(gettext("The limit is now %(limit)s.", limit=percent(wish.share)), "success")
    return redirect(url_for("automation.index"), 303)
