"""Who else reads or writes the open conversation: names beside the composer, and the sign that one is typing."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.desk.presence import presence_topic
from inbox import auth
from inbox.auth import console, requires, staff
from inbox.permissions import Permission

bp = Blueprint("presence", __name__)

NAMED = 3


@dataclass(frozen=True, slots=True)
class Around:
    """`said` is one sentence, empty where nobody else is there; `writing`: somebody else writes a reply."""

    said: str = ""
    writing: bool = False


def around(conversation_id: str) -> Around:
    """Everybody who has it open now but the person who looks; a supervisor who only watches is among them.

    Whoever reads a customer's words is no secret to the colleague who answers: it would be a camera otherwise.
    """
    me = staff().id
    there = [
        (auth.person(who), writes) for who, writes in console().presence.around(conversation_id) if who != me
    ]
    writers = [name for name, writes in there if writes]
    readers = [name for name, writes in there if not writes]
    parts = []
    if writers:
        parts.append(gettext("%(names)s is writing here", names=_names(writers)))
    if readers:
        parts.append(gettext("%(names)s is reading along", names=_names(readers)))
    return Around(gettext(" · ").join(parts), bool(writers))


def _names(names: list[str]) -> str:
    shown = gettext(", ").join(names[:NAMED])
    more = len(names) - NAMED
    return str(gettext("%(names)s and %(n)s more", names=shown, n=more) if more > 0 else shown)


@bp.get("/inbox/<conversation_id>/around")
@requires(Permission.INBOX_READ)
def show(conversation_id: str) -> ResponseReturnValue:
    console().desk.page(staff(), conversation_id)
    return render_template(
        "console/_around.html", around=around(conversation_id), conversation_id=conversation_id
    )


@bp.post("/inbox/<conversation_id>/typing")
@requires(Permission.INBOX_REPLY)
def typing(conversation_id: str) -> ResponseReturnValue:
    """Every few seconds while somebody writes; `off` when the field is empty again or the reply went."""
    service, who = console(), staff()
    service.desk.page(who, conversation_id)
    if request.form.get("off"):
        service.presence.stops(who.id, conversation_id, typing_only=True)
    else:
        service.presence.beat(who.id, conversation_id, typing=True)
    service.live.publish(presence_topic(conversation_id), {"around": conversation_id})
    return {"ok": True}
