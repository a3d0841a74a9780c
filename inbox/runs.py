"""What the pages of slow work share: start, cancel, the progress for a page's script, and articles' titles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.errors import NotFound, ServiceError
from bot.model import ContentKind
from bot.proposals import Plan
from bot.runs import GAPS, KINDS, REHEARSAL
from inbox import words
from inbox.auth import console, requires, staff
from inbox.knowledge_desk import bp, kb
from inbox.language import chosen
from inbox.permissions import Permission
from inbox.sentences import said_by_platform
from kb.articles import Content, Review

__all__ = ["bp"]

STATES: words.Words = {
    "waiting": _l("Waiting for a worker"),
    "running": _l("At work"),
    "done": _l("Done"),
    "failed": _l("Failed"),
    "cancelled": _l("Cancelled"),
    "died": _l("Broke off: its process ended. Start it again."),
}
PAGES = {GAPS: "knowledge.gaps", REHEARSAL: "knowledge.rehearsal"}
RESULTS = {GAPS: "knowledge.gaps_result", REHEARSAL: "knowledge.rehearsal_result"}
_SHOWN = (Review.APPROVED, Review.SCHEDULED, Review.DRAFT, Review.IN_REVIEW)


def days() -> int:
    """What the form says. Raises BadPayload."""
    asked = request.form.get("days", "").strip()
    number = int(asked) if asked.isascii() and asked.isdecimal() else 0
    Plan(number).check()
    return number


def begin(kind: str, plan: Mapping[str, Any]) -> ResponseReturnValue:
    """Start, and show it at work; where one is at work already, show that."""
    try:
        run = console().runs.start(staff(), kind, plan)
    except ServiceError as error:
        flash(words.sentence(error), "error")
        return redirect(url_for(PAGES[kind]), 303)
    return redirect(url_for(RESULTS[kind], run_id=run.id), 303)


@bp.get("/runs/<kind>/<run_id>")
@requires(Permission.QUESTIONS_READ)
def progress(kind: str, run_id: str) -> ResponseReturnValue:
    """The progress alone, for the page's script: no customer's words, and nothing of it is a person's doing."""
    return render_template("console/_run.html", run=console().runs.run(_known(kind), run_id), **shared())


@bp.post("/runs/<kind>/<run_id>/cancel")
@requires(Permission.QUESTIONS_RUN)
def cancel(kind: str, run_id: str) -> ResponseReturnValue:
    known = _known(kind)
    try:
        console().runs.cancel(staff(), known, run_id)
        flash(gettext("Cancelled. Nothing of it is kept."), "success")
    except ServiceError as error:
        flash(words.sentence(error), "error")
    return redirect(url_for(PAGES[known]), 303)


def shared() -> dict[str, Any]:
    """What `_run.html` needs beside its run."""
    return {"run_states": STATES, "run_results": RESULTS, "run_said": said_by_platform}


def page() -> int:
    return max(1, request.args.get("page", 1, int) or 1)


def articles() -> dict[str, Content]:
    """The version of each article that stands for it: the one in force, else the newest that waits."""
    found: dict[str, Content] = {}
    for content in kb().listing(ContentKind.ARTICLE, _SHOWN):
        before = found.get(content.id)
        if before is None or _rank(before) < _rank(content):
            found[content.id] = content
    return found


def titles(known: Mapping[str, Content], ids: Iterable[str]) -> dict[str, str]:
    """By id, for those that are still there; the id itself for the others."""
    return {one: known[one].title(chosen()) if one in known else one for one in ids}


def _rank(content: Content) -> tuple[bool, int]:
    return content.status is Review.APPROVED, content.version


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise NotFound("There is no such run.")
    return kind
