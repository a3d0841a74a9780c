"""Approved articles beside the composer: one click sends one as it is, a box finds any of them by its words."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.errors import Conflict, NotFound
from inbox import agent, auth, lists, seen
from inbox.auth import console, requires, staff
from inbox.permissions import Permission

bp = Blueprint("at_hand", __name__)


@bp.get("/inbox/<conversation_id>/articles")
@requires(Permission.INBOX_REPLY)
def find(conversation_id: str) -> ResponseReturnValue:
    """The articles with these words: a fragment for the page's script, the whole conversation without one."""
    query = request.args.get("q", "").strip()[:80]
    if auth.wants_fragment():
        page = console().desk.page(staff(), conversation_id)
        found = console().at_hand.found(page, query) if query else ()
        return render_template(
            "console/_hand_found.html", found=found, query=query, conversation=page.conversation
        )
    opened = agent.opened(conversation_id)
    seen.conversation(opened.page, again=True)
    found = console().at_hand.found(opened.page, query) if query else ()
    return render_template(
        "console/inbox.html", opened=opened, found=found, query=query, **lists.listing(agent.chosen_view())
    )


@bp.post("/inbox/<conversation_id>/articles")
@requires(Permission.INBOX_REPLY)
def send(conversation_id: str) -> ResponseReturnValue:
    """One click: the approved text goes to the customer, byte for byte, in this person's name."""
    client_id = request.form.get("client_id", "")[:56] or uuid.uuid4().hex
    article, version = request.form.get("article", ""), request.form.get("version", "")
    try:
        if not version.isascii() or not version.isdigit():
            raise NotFound("This article is not in force any more.")
        message_id = console().at_hand.send(staff(), conversation_id, article, int(version), client_id)
    except (Conflict, NotFound) as error:
        return agent.unsent(conversation_id, error)
    return agent.sent(conversation_id, message_id, gettext("The article was sent."))
