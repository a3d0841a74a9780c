"""The page a colleague is sent: an article's title and subject, and room for ten ways to ask for it. No sign-in.

Why none, and what guards it: bot/shared_phrasings.py. It does not show the phrasings there are, which would be copied.
"""

from __future__ import annotations

from typing import cast

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from bot.errors import Conflict
from bot.shared_phrasings import AT_ONCE, LONGEST, Contributed
from inbox import words
from inbox.auth import console, requires
from inbox.permissions import Permission
from inbox.problems import problem

bp = Blueprint("phrasings_page", __name__)

READS, WRITES = RateLimitItemPerMinute(60), RateLimitItemPerMinute(10)
REFUSED: words.Words = {
    "personal": _l("This looks like personal data. Write it without numbers, names or addresses."),
    "long": _l("This is longer than a question: at most 120 characters."),
}


class Pace:
    """Counts by address for a minute: in Redis over all processes, in this one while Redis is away."""

    def __init__(self, storage: str | None) -> None:
        shared = storage_from_string(storage or "memory://", wrap_exceptions=True)
        self._limiter = FixedWindowRateLimiter(shared)
        self._fallback = FixedWindowRateLimiter(MemoryStorage())

    def allow(self, item: RateLimitItemPerMinute) -> bool:
        key = ("phrasings", str(item.amount), request.remote_addr or "none")
        try:
            return self._limiter.hit(item, *key)
        except StorageError:
            return self._fallback.hit(item, *key)


def _pace() -> Pace:
    known = current_app.extensions
    if "teller_phrasings_pace" not in known:
        known["teller_phrasings_pace"] = Pace(console().limiter_storage)
    return cast(Pace, known["teller_phrasings_pace"])


@bp.get("/phrasings/<token>")
@requires(Permission.ANYONE)
def page(token: str) -> ResponseReturnValue:
    return _page(token) if _pace().allow(READS) else problem(429)


@bp.post("/phrasings/<token>")
@requires(Permission.ANYONE)
def contribute(token: str) -> ResponseReturnValue:
    """What was refused comes back into the fields with its reason; the rest was taken."""
    if not _pace().allow(WRITES):
        return problem(429)
    lines = request.form.getlist("line")[:AT_ONCE]
    if not any(line.strip() for line in lines):
        return _page(token, trouble=gettext("Write at least one way to ask.")), 400
    try:
        done = console().phrasings.shared.contribute(token, lines)
    except Conflict:
        return _page(token), 409
    return _page(token, done)


def _page(token: str, done: Contributed | None = None, trouble: str = "") -> str:
    link, content = console().phrasings.shared.invited(token)
    refused = [(text, str(REFUSED[code])) for text, code in done.refused] if done else []
    return render_template(
        "console/phrasings_shared.html",
        token=token,
        link=link,
        content=content,
        done=done,
        trouble=trouble,
        fields=[*refused, *[("", "")] * (AT_ONCE - len(refused))],
        longest=LONGEST,
    )
