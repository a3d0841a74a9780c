"""The monitor: every live conversation by risk, watching one, whispering to its agent, taking it over."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.desk.monitor import FILTERS, LONGEST_WHISPER, ROWS
from bot.desk.risk import Sign
from bot.errors import BadPayload, Conflict, ServiceError
from bot.model import Page, Status
from inbox import auth, seen, words
from inbox.auth import console, requires, staff
from inbox.permissions import AuditAction, Permission

bp = Blueprint("monitor", __name__)

SIGNS: words.Words = {
    "crisis": _l("A life may be at risk"),
    "fraud": _l("Fraud or lost card"),
    "legal": _l("Names a lawyer, the regulator or the press"),
    "complaint": _l("Complaint"),
    "marked": _l("Customer marked as a risk"),
    "late": _l("Waiting over the deadline"),
    "unanswered": _l("Agent has not answered"),
    "delivery_failed": _l("A message did not arrive"),
    "delivery_unknown": _l("Unclear whether a message arrived"),
    "bot_failed": _l("Bot failed"),
    "soon": _l("Deadline is near"),
    "misses": _l("Bot had no answer"),
    "asked": _l("Bot keeps asking back"),
    "unsure": _l("Bot is unsure"),
    "in_hand": _l("A person has answered"),
}
LEVELS: words.Words = {
    "5": _l("Danger"),
    "4": _l("Legal"),
    "3": _l("Complaint"),
    "2": _l("Late"),
    "1": _l("Look"),
    "0": _l("Calm"),
}


def chip(sign: Sign) -> str:
    """One reason in words."""
    said = words.said(SIGNS, sign.code)
    if not sign.minutes:
        return said
    if sign.code == "soon":
        return str(gettext("%(what)s: %(n)d min left", what=said, n=sign.minutes))
    return str(gettext("%(what)s: %(n)d min by now", what=said, n=sign.minutes))


def _filters() -> dict[str, str]:
    return {name: value for name in FILTERS if (value := request.args.get(name, "")[:64])}


def _page(template: str) -> str:
    filters = _filters()
    board = console().monitor.board(staff(), filters, datetime.now(UTC))
    # Written before anything is shown: a view that cannot be noted does not happen.
    seen.listed("monitor", [one.row.id for one in board.rows], filters)
    return render_template(
        template,
        board=board,
        filters=filters,
        most=ROWS,
        chip=chip,
        # Looked up once a page: a hundred rows ask for the same few words.
        levels=_once(LEVELS),
        channels=_once(words.CHANNELS),
        skills=_once(words.SKILLS),
        statuses=_once(words.STATUSES),
        watch_label=gettext("Watch %(name)s"),
        take_label=gettext("Take over %(name)s"),
        score_label=gettext("Score %(n)d"),
    )


def _once(table: words.Words) -> dict[str, str]:
    return {str(code): str(said) for code, said in table.items()}


@bp.get("/monitor")
@requires(Permission.MONITOR_READ)
def index() -> ResponseReturnValue:
    console().audit(staff().id, AuditAction.MONITOR_OPENED, "monitor", {"filters": sorted(_filters())})
    return _page("console/monitor.html")


@bp.get("/monitor/rows")
@requires(Permission.MONITOR_READ)
def rows() -> ResponseReturnValue:
    return _page("console/_monitor.html")


@bp.get("/monitor/<conversation_id>")
@requires(Permission.MONITOR_READ)
def watch(conversation_id: str) -> ResponseReturnValue:
    """The live conversation, without taking it; watching is noted, as any view is."""
    page = console().desk.page(staff(), conversation_id)
    detail = {"status": page.conversation.status.value, "assignee": page.conversation.assignee or ""}
    subject = f"conversation:{conversation_id}"
    console().audit(staff().id, AuditAction.CONVERSATION_WATCHED, subject, detail)
    return _to(conversation_id)


@bp.post("/monitor/<conversation_id>/take")
@requires(Permission.INBOX_TAKE_OVER)
def take(conversation_id: str) -> ResponseReturnValue:
    try:
        console().desk.take(staff(), conversation_id)
    except Conflict as error:
        flash(words.sentence(error), "error")
    return _to(conversation_id)


@bp.post("/monitor/<conversation_id>/whisper")
@requires(Permission.MONITOR_WHISPER)
def whisper(conversation_id: str) -> ResponseReturnValue:
    text = request.form.get("whisper", "").replace("\r\n", "\n")
    try:
        console().monitor.whisper(staff(), conversation_id, text)
    except (BadPayload, Conflict) as error:
        return _refused(conversation_id, error)
    if auth.wants_fragment():
        return {"ok": True}
    flash(gettext("Whispered to the agent. The customer does not see it."), "success")
    return _to(conversation_id)


def _refused(conversation_id: str, error: ServiceError) -> ResponseReturnValue:
    if auth.wants_fragment():
        return {"error": words.sentence(error)}, error.http_status
    flash(words.sentence(error), "error")
    return _to(conversation_id)


def _to(conversation_id: str) -> ResponseReturnValue:
    return redirect(url_for("inbox.conversation", conversation_id=conversation_id, view="all"), 303)


def may_whisper(page: Page) -> bool:
    """Whether the composer offers a whisper: a colleague has the conversation."""
    conversation = page.conversation
    taken = conversation.status is Status.ASSIGNED and conversation.assignee != staff().id
    return taken and auth.can(Permission.MONITOR_WHISPER)


@bp.app_context_processor
def _offers() -> dict[str, object]:
    return {"may_whisper": may_whisper, "longest_whisper": LONGEST_WHISPER}
