"""Keys: what wraps what since when, when each is due, and the command to run. Never what a key is."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from inbox import words
from inbox.auth import console, requires
from inbox.permissions import Permission

bp = Blueprint("keys", __name__)

STATES: words.Words = {"fine": _l("In time"), "soon": _l("Due soon"), "over": _l("Overdue")}
PILLS = {"fine": "good", "soon": "new", "over": "bad"}


@bp.get("/admin/keys")
@requires(Permission.KEYS_READ)
def index() -> ResponseReturnValue:
    return render_template("console/keys.html", keys=console().keys.overview(), states=STATES, pills=PILLS)
