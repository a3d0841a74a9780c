"""The inbox: lists, the conversation, the customer beside it, and the four things one can do."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.desk.work import Story
from bot.errors import AdviceWarning, BadPayload, Conflict, NotAllowed, NotFound, ServiceError
from bot.model import Page, Row, Status
from inbox import auth, beside, lists, navigation, provenance, seen, words
from inbox.auth import console, requires, staff
from inbox.beside import Beside
from inbox.permissions import Permission
from inbox.row_cache import list_html
from inbox.thread import Line, lines

bp = Blueprint("inbox", __name__)

# Longest reply the desk takes; a platform may take less.
MAX_REPLY = 2000


@dataclass(frozen=True, slots=True)
class Typed:
    """What came with a reply that did not go out, to be shown again; `warning` where it reads as advice."""

    text: str = ""
    client_id: str = ""
    reason: str = ""
    warning: str = ""


NOTHING = Typed()


@dataclass(frozen=True, slots=True)
class Opened:
    """A conversation as the templates read it. `mode`: reply, take, busy (a colleague's), watch, closed."""

    page: Page
    lines: list[Line]
    mode: str
    limit: int
    client_id: str
    others: list[Row]
    whys: Mapping[str, provenance.Account]
    beside: Beside
    story: Story
    # Whether this person may hand it on, and whether it is put off now.
    hands_on: bool = False
    asleep: bool = False
    typed: Typed = NOTHING


def chosen_view() -> str:
    """The view asked for, else the first one offered. Raises NotAllowed for one that is not for this role."""
    offered = navigation.views(staff().role)
    asked = request.args.get("view", "")
    if not asked:
        return offered[0]
    if asked not in offered:
        raise NotAllowed("This list is not for your role.")
    return asked


def mode(page: Page) -> str:
    if not auth.can(Permission.INBOX_REPLY):
        return "watch"
    status = page.conversation.status
    if status is Status.RESOLVED:
        return "closed"
    if status is Status.ASSIGNED and page.conversation.assignee == staff().id:
        return "reply"
    if status is Status.ASSIGNED and not auth.can(Permission.INBOX_TAKE_OVER):
        return "busy"
    return "take"


def opened(conversation_id: str, typed: Typed = NOTHING) -> Opened:
    page = console().desk.page(staff(), conversation_id)
    return opened_of(page, console().work.story(staff(), page), beside.of(page, mode(page)), typed)


def opened_of(page: Page, story: Story, stands: Beside, typed: Typed = NOTHING) -> Opened:
    service, until, now = console(), page.conversation.snoozed_until, mode(page)
    channel = service.channels.get(page.conversation.channel)
    return Opened(
        page=page,
        lines=lines(page.messages, auth.colleague, staff().id, story),
        mode=now,
        story=story,
        hands_on=now == "reply" or (now == "take" and auth.can(Permission.INBOX_TAKE_OVER)),
        asleep=until is not None and until > datetime.now(UTC),
        limit=min(channel.capabilities.text, MAX_REPLY) if channel else MAX_REPLY,
        client_id=typed.client_id or uuid.uuid4().hex,
        others=[row for row in page.others if row.id != page.conversation.id],
        whys=provenance.accounts(
            page.messages, provenance.approvals(service.kb), auth.person, service.automation.verdicts
        ),
        beside=stands,
        typed=typed,
    )


@bp.get("/inbox")
@requires(Permission.INBOX_READ)
def index() -> ResponseReturnValue:
    return render_template("console/inbox.html", opened=None, **lists.listing(chosen_view()))


@bp.get("/inbox/list")
@requires(Permission.INBOX_READ)
def rows() -> ResponseReturnValue:
    """The list; with `part=head` the numbers alone, for a page whose own list is as it was."""
    if request.args.get("part") == "head":
        return render_template("console/_list_head.html", **lists.head(chosen_view()))
    return str(list_html(lists.listing(chosen_view()), request.args.get("open")))


@bp.get("/inbox/<conversation_id>")
@requires(Permission.INBOX_READ)
def conversation(conversation_id: str) -> ResponseReturnValue:
    again = request.args.get("again", "")
    if not again:
        return page_of(conversation_id)
    try:
        return page_of(conversation_id, Typed(console().work.again(staff(), conversation_id, again)))
    except (Conflict, NotFound) as error:
        return failed(conversation_id, error)


def page_of(conversation_id: str, typed: Typed = NOTHING) -> str:
    now = opened(conversation_id, typed)
    # Written before anything is shown: a view that cannot be noted does not happen.
    seen.conversation(now.page)
    if any(staff().id in note.mentions for note in now.story.notes):
        console().work.noting.read(staff(), conversation_id)
    return render_template("console/inbox.html", opened=now, **lists.listing(chosen_view()))


@bp.get("/inbox/<conversation_id>/thread")
@requires(Permission.INBOX_READ)
def thread(conversation_id: str) -> ResponseReturnValue:
    now = opened(conversation_id)
    seen.conversation(now.page, again=True)
    return render_template("console/_regions.html", opened=now, view=chosen_view())


def answer(conversation_id: str, said: str | None = None) -> ResponseReturnValue:
    """Back to the conversation; a script gets the news instead."""
    if auth.wants_fragment():
        return {"ok": True}
    if said:
        flash(said, "success")
    return redirect(url_for("inbox.conversation", conversation_id=conversation_id, view=chosen_view()), 303)


def failed(conversation_id: str, error: ServiceError) -> ResponseReturnValue:
    if auth.wants_fragment():
        return {"error": words.sentence(error)}, error.http_status
    flash(words.sentence(error), "error")
    return redirect(url_for("inbox.conversation", conversation_id=conversation_id, view=chosen_view()), 303)


def sent(conversation_id: str, message_id: str, said: str | None = None) -> ResponseReturnValue:
    """What went out, by its id for a script."""
    return {"id": message_id} if auth.wants_fragment() else answer(conversation_id, said)


def unsent(conversation_id: str, error: ServiceError, typed: Typed = NOTHING) -> ResponseReturnValue:
    """The same page with what was typed, and why it did not go out."""
    if auth.wants_fragment():
        return {"error": words.sentence(error)}, error.http_status
    flash(words.sentence(error), "error")
    return page_of(conversation_id, typed), error.http_status


@bp.post("/inbox/<conversation_id>/take")
@requires(Permission.INBOX_REPLY)
def take(conversation_id: str) -> ResponseReturnValue:
    try:
        console().desk.take(staff(), conversation_id)
    except Conflict as error:
        return failed(conversation_id, error)
    return answer(conversation_id)


@bp.post("/inbox/<conversation_id>/reply")
@requires(Permission.INBOX_REPLY)
def reply(conversation_id: str) -> ResponseReturnValue:
    text = request.form.get("text", "").replace("\r\n", "\n").strip()
    client_id = request.form.get("client_id", "")[:64] or uuid.uuid4().hex
    typed = Typed(text, client_id, request.form.get("reason", "").strip())
    if not text or len(text) > MAX_REPLY:
        said = gettext("Write something first.") if not text else gettext("That is too long. Shorten it.")
        if auth.wants_fragment():
            return {"error": said}, 400
        flash(said, "error")
        return page_of(conversation_id, typed), 400
    try:
        # The composer names the message a draft of the model was put into (inbox/static/assist.js).
        assisted = request.form.get("assisted") == client_id
        message_id = console().desk.reply(
            staff(), conversation_id, text, client_id, assisted=assisted, reason=typed.reason or None
        )
    except AdviceWarning as error:
        said = words.sentence(error)
        if auth.wants_fragment():
            return {"error": said, "advice": True}, error.http_status
        return page_of(conversation_id, replace(typed, warning=said)), error.http_status
    except BadPayload as error:
        return unsent(conversation_id, error, typed)
    except Conflict as error:
        return failed(conversation_id, error)
    return sent(conversation_id, message_id)


@bp.post("/inbox/<conversation_id>/lines/<message_id>/review")
@requires(Permission.AUTOMATION_SET)
def review(conversation_id: str, message_id: str) -> ResponseReturnValue:
    """Compliance's word on a decided line; audited where it is kept."""
    verdict, why = request.form.get("verdict"), request.form.get(f"reason:{message_id}", "")
    page = console().desk.page(staff(), conversation_id)
    if verdict not in ("right", "wrong") or message_id not in {m.id for m in page.messages}:
        raise NotFound("There is no such message.")
    try:
        console().automation.review(staff(), message_id, right=verdict == "right", reason=why)
        flash(gettext("Your word on this answer is kept."), "success")
    except (BadPayload, Conflict) as error:
        flash(words.sentence(error), "error")
    back = url_for("inbox.conversation", conversation_id=conversation_id, view=chosen_view())
    return redirect(f"{back}#why-{message_id}", 303)


@bp.post("/inbox/<conversation_id>/resolve")
@requires(Permission.INBOX_REPLY)
def resolve(conversation_id: str) -> ResponseReturnValue:
    try:
        console().desk.resolve(staff(), conversation_id)
    except Conflict as error:
        return failed(conversation_id, error)
    return answer(conversation_id, gettext("Resolved."))


@bp.post("/inbox/<conversation_id>/bot")
@requires(Permission.INBOX_REPLY)
def back_to_bot(conversation_id: str) -> ResponseReturnValue:
    try:
        console().desk.back_to_bot(staff(), conversation_id)
    except Conflict as error:
        return failed(conversation_id, error)
    return answer(conversation_id, gettext("The bot answers again."))
