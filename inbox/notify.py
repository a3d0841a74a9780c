"""Notifications in the browser: what calls this person, in words without a customer's; and the device's settings.

The settings are a cookie, because what the browser stores otherwise is cleared at sign-out, and a shared desk keeps its
own: sound is off until somebody chooses it, and a notification of the system only after a click allowed it.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.desk.calls import ASSIGNED, HEARS_LATE, LATE, MENTION, REPLY, TAKEN, WHISPER, Call
from inbox import auth, words
from inbox.auth import console, requires, staff
from inbox.permissions import Permission

bp = Blueprint("notify", __name__)

COOKIE = "teller_notify"
SOUND, DESKTOP = "sound", "desktop"
# In the order of the page; a kind stands for those that one would not part.
KINDS: words.Words = {
    REPLY: _l("A customer of mine writes"),
    ASSIGNED: _l("A conversation becomes mine"),
    WHISPER: _l("A supervisor whispers, or a note names me"),
    TAKEN: _l("Somebody takes over a conversation of mine"),
    LATE: _l("A conversation waits over its deadline"),
}
SAID: words.Words = {
    REPLY: _l("New message from a customer"),
    ASSIGNED: _l("A conversation is yours now"),
    WHISPER: _l("%(name)s whispers to you"),
    MENTION: _l("%(name)s names you in a note"),
    TAKEN: _l("%(name)s has taken over your conversation"),
    LATE: _l("A conversation waits over its deadline"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What this device wants. `kinds` are keys of KINDS."""

    sound: bool
    desktop: bool
    kinds: frozenset[str]


def settings() -> Settings:
    """Without a cookie: every kind, quietly within the page."""
    kept = request.cookies.get(auth.cookie(COOKIE))
    if kept is None:
        return Settings(False, False, frozenset(KINDS))
    parts = frozenset(kept.split("."))
    return Settings(SOUND in parts, DESKTOP in parts, parts & KINDS.keys())


def _wanted(call: Call, kinds: frozenset[str]) -> bool:
    return (WHISPER if call.kind == MENTION else call.kind) in kinds


def said(call: Call) -> str:
    """One line for a screen that anybody may see: what happened and on which channel, nothing of the customer."""
    name = auth.person(call.by) if call.by else ""
    if call.kind == TAKEN and (call.by or "").startswith("system:"):
        what = gettext("A conversation of yours went back to the queue")
    else:
        what = str(SAID[call.kind]) % {"name": name} if call.by else str(SAID[call.kind])
    return f"{what} · {words.said(words.CHANNELS, call.channel)}"


@bp.get("/notifications/calls")
@requires(Permission.INBOX_READ)
def calls() -> ResponseReturnValue:
    """What calls this person now, by stable keys; the page shows those it has not shown."""
    kinds = settings().kinds
    found = [call for call in console().calls.of(staff()) if _wanted(call, kinds)]
    return {
        "calls": [
            {
                "key": call.key,
                "kind": call.kind,
                "conversation": call.conversation_id,
                "said": said(call),
                "url": url_for("inbox.index")
                if call.kind == TAKEN
                else url_for("inbox.conversation", conversation_id=call.conversation_id),
            }
            for call in found
        ],
        # What still wants something of this person: for the title.
        "open": sum(call.kind not in (ASSIGNED, TAKEN) for call in found),
    }


@bp.get("/notifications")
@requires(Permission.INBOX_READ)
def index() -> ResponseReturnValue:
    offered = {code: label for code, label in KINDS.items() if code != LATE or staff().role in HEARS_LATE}
    return render_template("console/notifications.html", settings=settings(), kinds=offered)


@bp.post("/notifications")
@requires(Permission.INBOX_READ)
def keep() -> ResponseReturnValue:
    chosen = [name for name in (SOUND, DESKTOP, *KINDS) if request.form.get(name)]
    answer = redirect(url_for("notify.index"), 303)
    auth.keep(answer, COOKIE, ".".join(chosen))
    flash(gettext("Kept on this device."), "success")
    return answer


def frame() -> dict[str, object] | None:
    """What the frame of a page tells its script; None where there is nothing to hear."""
    if not auth.can(Permission.INBOX_READ) or getattr(console(), "calls", None) is None:
        return None
    mine = settings()
    return {
        "calls": url_for("notify.calls"),
        "events": url_for("live.events"),
        "banner": url_for("switch.banner"),
        "me": staff().id,
        "sound": mine.sound,
        "desktop": mine.desktop,
        # Time passes without a poke: only those who hear of late ones look by themselves.
        "every": 30 if staff().role in HEARS_LATE else 0,
    }


@bp.app_context_processor
def _frame() -> dict[str, object]:
    return {"notify": frame}
