"""What one has typed survives: kept on the server under the customer's key, never in the browser's storage."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from bot.errors import BadPayload, Conflict
from bot.store.drafts import Typing
from inbox import seen
from inbox.auth import console, requires, staff
from inbox.permissions import Permission

bp = Blueprint("drafts", __name__)

LONGEST = 4000
"""More than a reply may have: what is too long to send is not lost either."""


@bp.post("/inbox/<conversation_id>/typed")
@requires(Permission.INBOX_REPLY)
def keep(conversation_id: str) -> ResponseReturnValue:
    text = request.form.get("text", "").replace("\r\n", "\n")
    if len(text) > LONGEST:
        raise BadPayload("That is too long. Shorten it.")
    reason, warning = (request.form.get(name, "")[:500] for name in ("reason", "warning"))
    typed = Typing(text, request.form.get("client_id", "")[:64], reason, warning)
    if not console().drafts.keep(staff().id, conversation_id, typed):
        raise Conflict("Take the conversation before you reply.")
    return {"ok": True}


@bp.get("/inbox/<conversation_id>/typed")
@requires(Permission.INBOX_REPLY)
def kept(conversation_id: str) -> ResponseReturnValue:
    """One's own; a page that was loaded a moment before the last letters arrived asks once more."""
    seen.conversation(console().desk.page(staff(), conversation_id), again=True)
    found = console().drafts.of(staff().id, conversation_id) or Typing("", "")
    return {name: getattr(found, name) for name in ("text", "client_id", "reason", "warning")}
