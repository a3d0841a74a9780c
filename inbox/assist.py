"""A draft of the firm's model beside the composer: asked for by the agent, marked, never sent by itself."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.errors import ServiceError
from inbox import agent, auth, lists, model_words, words
from inbox.auth import console, requires, staff
from inbox.permissions import Permission

bp = Blueprint("assist", __name__)


def offered() -> bool:
    """Whether this house has a model that drafts; what the template asks."""
    assistant = getattr(console(), "assistant", None)
    return assistant is not None and assistant.there


@bp.app_context_processor
def _words() -> dict[str, object]:
    return {"model_drafts": offered}


@bp.post("/inbox/<conversation_id>/draft")
@requires(Permission.INBOX_REPLY)
def draft(conversation_id: str) -> ResponseReturnValue:
    """The draft as JSON for the page's script; without one, the conversation with the draft in its box."""
    try:
        advice = console().assistant.draft(staff(), conversation_id)
    except ServiceError as error:
        if error.http_status in (403, 404):
            raise
        return _failed(conversation_id, words.sentence(error), error.http_status)
    if advice.value is None:
        return _failed(conversation_id, model_words.sentence(advice.call), 503)
    if auth.wants_fragment():
        return {"text": advice.value.text, "model": advice.value.model}
    return render_template(
        "console/inbox.html",
        opened=agent.opened(conversation_id),
        drafted=advice.value,
        **lists.listing(agent.chosen_view()),
    )


def _failed(conversation_id: str, said: str, status: int) -> ResponseReturnValue:
    """What the agent has typed stays: a draft that does not come is no reason to lose it."""
    if auth.wants_fragment():
        return {"error": said}, status
    flash(gettext("No draft: %(why)s", why=said), "error")
    view = agent.chosen_view()
    return redirect(url_for("inbox.conversation", conversation_id=conversation_id, view=view), 303)
