"""What is done with a conversation beside speaking: a form page each, which scripts show as a dialog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.desk.snoozes import LONGEST_DAYS
from bot.desk.tags import split
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound, ServiceError
from bot.model import Conversation
from inbox import auth, language, words
from inbox.agent import chosen_view
from inbox.auth import console, requires, staff
from inbox.permissions import Permission
from inbox.problems import noted

bp = Blueprint("work", __name__)
FORM = "%Y-%m-%dT%H:%M"


def _conversation(conversation_id: str) -> Conversation:
    """For a form about it. Raises NotFound, NotAllowed."""
    return console().work.access.answering(staff(), conversation_id)


def _form(
    verb: str, conversation_id: str, title: str, go: str | None, fault: str | None = None, **more: Any
) -> str:
    return render_template(
        "console/verb.html",
        verb=verb,
        conversation_id=conversation_id,
        view=chosen_view(),
        title=title,
        go=go,
        fault=fault,
        **more,
    )


def _do(
    conversation_id: str, said: str, deed: Callable[[], object], form: Callable[[str], str]
) -> ResponseReturnValue:
    """Do it and go where the conversation can be seen; show the form again where it was refused."""
    try:
        deed()
    except (BadPayload, Conflict, NotAllowed) as error:
        noted(error)
        sentence = words.sentence(error)
        if auth.wants_fragment():
            return {"error": sentence}, error.http_status
        return form(sentence), error.http_status
    to = _where(conversation_id)
    if auth.wants_fragment():
        return {"ok": True, "said": said, "to": to}
    flash(said, "success")
    return redirect(to, 303)


def _where(conversation_id: str) -> str:
    """The conversation, or the list where it is no longer theirs to see."""
    try:
        console().desk.page(staff(), conversation_id)
    except ServiceError:
        return url_for("inbox.index", view=chosen_view())
    return url_for("inbox.conversation", conversation_id=conversation_id, view=chosen_view())


# -- notes -------------------------------------------------------------------------------------------------------------


def _note_form(conversation_id: str, fault: str | None = None, **typed: str) -> str:
    people = console().work.noting.people(staff(), _conversation(conversation_id))
    named = [{"name": one.name, "role": words.said(words.ROLES, one.role)} for one in people]
    return _form(
        "note",
        conversation_id,
        gettext("Internal note"),
        gettext("Keep the note"),
        fault,
        people=named,
        typed=typed,
    )


@bp.get("/inbox/<conversation_id>/note")
@requires(Permission.INBOX_REPLY)
def note(conversation_id: str) -> ResponseReturnValue:
    return _note_form(conversation_id)


@bp.post("/inbox/<conversation_id>/note")
@requires(Permission.INBOX_REPLY)
def keep_note(conversation_id: str) -> ResponseReturnValue:
    text = request.form.get("text", "")
    return _do(
        conversation_id,
        gettext("The note is kept."),
        lambda: console().work.noting.add(staff(), conversation_id, text),
        lambda fault: _note_form(conversation_id, fault, text=text),
    )


# -- transfer ----------------------------------------------------------------------------------------------------------


def _transfer_form(conversation_id: str, fault: str | None = None, **typed: str) -> str:
    service = console()
    conversation = service.work.access.owned(staff(), conversation_id)
    return _form(
        "transfer",
        conversation_id,
        gettext("Transfer"),
        gettext("Transfer"),
        fault,
        people=service.work.transfers.people(conversation),
        skills=service.work.transfers.skills(staff(), conversation),
        here=service.presence.online(),
        typed=typed,
    )


@bp.get("/inbox/<conversation_id>/transfer")
@requires(Permission.INBOX_REPLY)
def transfer(conversation_id: str) -> ResponseReturnValue:
    return _transfer_form(conversation_id)


@bp.post("/inbox/<conversation_id>/transfer")
@requires(Permission.INBOX_REPLY)
def hand_on(conversation_id: str) -> ResponseReturnValue:
    to, text = request.form.get("to", ""), request.form.get("note", "")
    kind, _, name = to.partition(":")
    transfers = console().work.transfers

    def deed() -> None:
        if kind == "staff":
            transfers.to_colleague(staff(), conversation_id, name, text)
        else:
            transfers.to_skill(staff(), conversation_id, name, text)

    return _do(
        conversation_id,
        gettext("Handed on."),
        deed,
        lambda fault: _transfer_form(conversation_id, fault, to=to, note=text),
    )


# -- snooze ------------------------------------------------------------------------------------------------------------


def _snooze_form(conversation_id: str, fault: str | None = None, **typed: str) -> str:
    conversation = console().work.access.replying(staff(), conversation_id)
    now = datetime.now(language.zone())
    return _form(
        "snooze",
        conversation_id,
        gettext("Put off"),
        None,
        fault,
        choices=console().work.snoozes.choices(conversation),
        least=now.strftime(FORM),
        most=(now + timedelta(days=LONGEST_DAYS)).strftime(FORM),
        typed=typed,
    )


def _moment(form: Mapping[str, str]) -> datetime:
    """One of the choices, or a time of the person's own in the console's zone. Raises BadPayload."""
    written = form.get("at") or form.get("when", "")
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise BadPayload("Choose a moment that is still to come.") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=language.zone())).astimezone(UTC)


@bp.get("/inbox/<conversation_id>/snooze")
@requires(Permission.INBOX_REPLY)
def snooze(conversation_id: str) -> ResponseReturnValue:
    return _snooze_form(conversation_id)


@bp.post("/inbox/<conversation_id>/snooze")
@requires(Permission.INBOX_REPLY)
def put_off(conversation_id: str) -> ResponseReturnValue:
    return _do(
        conversation_id,
        gettext("Put off."),
        lambda: console().work.snoozes.until(staff(), conversation_id, _moment(request.form)),
        lambda fault: _snooze_form(conversation_id, fault, when=request.form.get("when", "")),
    )


@bp.post("/inbox/<conversation_id>/wake")
@requires(Permission.INBOX_REPLY)
def wake(conversation_id: str) -> ResponseReturnValue:
    return _at_once(conversation_id, console().work.snoozes.wake)


# -- tags --------------------------------------------------------------------------------------------------------------


def _tags_form(conversation_id: str, fault: str | None = None, **typed: Any) -> str:
    current = _conversation(conversation_id).tags
    known = [one for one in console().work.tags.known() if one not in current][:24]
    return _form(
        "tags",
        conversation_id,
        gettext("Tags"),
        gettext("Keep"),
        fault,
        current=current,
        known=known,
        typed={"tags": (), **typed},
    )


@bp.get("/inbox/<conversation_id>/tags")
@requires(Permission.INBOX_REPLY)
def tags(conversation_id: str) -> ResponseReturnValue:
    return _tags_form(conversation_id)


@bp.post("/inbox/<conversation_id>/tags")
@requires(Permission.INBOX_REPLY)
def set_tags(conversation_id: str) -> ResponseReturnValue:
    form = request.form
    chosen, new = form.getlist("tag"), form.get("new", "")
    return _do(
        conversation_id,
        gettext("The tags are kept."),
        lambda: console().work.tags.set(
            staff(), conversation_id, [*chosen, *split(new)], form.getlist("seen")
        ),
        lambda fault: _tags_form(conversation_id, fault, tags=chosen, new=new),
    )


# -- at once -----------------------------------------------------------------------------------------------------------


def _at_once(conversation_id: str, deed: Callable[[Any, str], object]) -> ResponseReturnValue:
    try:
        deed(staff(), conversation_id)
    except (Conflict, NotFound, NotAllowed) as error:
        noted(error)
        if auth.wants_fragment():
            return {"error": words.sentence(error)}, error.http_status
        flash(words.sentence(error), "error")
        return redirect(_where(conversation_id), 303)
    return {"ok": True} if auth.wants_fragment() else redirect(_where(conversation_id), 303)


@bp.post("/inbox/<conversation_id>/reopen")
@requires(Permission.INBOX_REPLY)
def reopen(conversation_id: str) -> ResponseReturnValue:
    return _at_once(conversation_id, console().work.reopen)
