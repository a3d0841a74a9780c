"""Where knowledge is missing: what customers asked without an answer, by meaning, and the way to an article."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.errors import NotFound, ServiceError
from bot.model import ContentKind
from bot.runs import GAPS, Run
from bot.wordings import Wish
from inbox import runs, words
from inbox.auth import console, person, requires, staff
from inbox.knowledge_desk import bp, kb
from inbox.language import aware, zone
from inbox.permissions import Permission
from kb.articles import Content

__all__ = ["bp"]

PAGE = 10
KINDS: words.Words = {
    "missed": _l("no answer"),
    "asked": _l("asked back"),
    "wrong": _l("rated wrong"),
}
TODAY: words.Words = {
    "answer": _l("It would be answered with it today."),
    "ask": _l("It would be asked back with it today."),
    "miss": _l("It would not be found today."),
}
"""What the search makes of the group's first question, by the verdict of a finding."""
WIDTH, HEIGHT, GAP = 168, 28, 1


@dataclass(frozen=True, slots=True)
class Bar:
    """A day of the trend, in the units of its drawing."""

    day: str
    n: int
    x: float
    width: float
    height: float


def bars(days: Sequence[Sequence[Any]], first: date, last: date) -> list[Bar]:
    """One for each day from `first` to `last`, also those without a question; `days` are (ISO date, count)."""
    counts = {str(day): int(n) for day, n in days}
    span = (last - first).days + 1
    top, step = max(counts.values(), default=1), WIDTH / span
    names = [(first + timedelta(days=n)).isoformat() for n in range(span)]
    return [
        Bar(name, n, round(at * step, 2), round(max(step - GAP, 0.5), 2), round(HEIGHT * n / top, 2))
        for at, name in enumerate(names)
        for n in [counts.get(name, 0)]
    ]


@bp.get("/gaps")
@requires(Permission.QUESTIONS_READ)
def gaps() -> ResponseReturnValue:
    """The one at work, else the last result."""
    newest = console().runs.newest(GAPS)
    if newest is not None and newest.open:
        return _page(newest, newest)
    done = console().runs.results(GAPS, 1)
    return _page(newest, done[0] if done else None)


@bp.get("/gaps/<run_id>")
@requires(Permission.QUESTIONS_READ)
def gaps_result(run_id: str) -> ResponseReturnValue:
    run = console().runs.run(GAPS, run_id)
    return _page(run, run)


@bp.post("/gaps")
@requires(Permission.QUESTIONS_RUN)
def gaps_start() -> ResponseReturnValue:
    try:
        plan = {"days": runs.days()}
    except ServiceError as error:
        flash(words.sentence(error), "error")
        return redirect(url_for("knowledge.gaps"), 303)
    return runs.begin(GAPS, plan)


def _page(newest: Run | None, run: Run | None) -> str:
    done = run if run is not None and run.state == "done" else None
    number = runs.page()
    items = console().runs.items(done, skip=(number - 1) * PAGE, limit=PAGE) if done else []
    ids = [one for item in items for one in item["questions"]]
    texts = console().runs.texts(staff(), done, ids) if done else {}
    known = runs.articles() if items else {}
    return render_template(
        "console/gaps.html",
        newest=newest,
        result=done,
        groups=items,
        texts=texts,
        trends={item["key"]: _trend(done, item) for item in items} if done else {},
        known=known,
        titles=runs.titles(known, known),
        made=console().runs.made_of([item["key"] for item in items]) if items else {},
        page=number,
        pages=-(-done.items // PAGE) if done else 0,
        size=(WIDTH, HEIGHT),
        kinds=KINDS,
        today=TODAY,
        person=person,
        **runs.shared(),
    )


def _trend(run: Run, item: Mapping[str, Any]) -> list[Bar]:
    since, until = (aware(run.figures[name]).astimezone(zone()).date() for name in ("since", "until"))
    return bars(item["days"], since, until)


# -- from a group to an article ----------------------------------------------------------------------------------------


@bp.get("/gaps/<run_id>/<group>")
@requires(Permission.QUESTIONS_WRITE)
def gaps_write(run_id: str, group: str) -> ResponseReturnValue:
    """`?into=` names the article whose next version it shall be; without it, a new one."""
    return _write(run_id, group, _into(request.args.get("into", "")), Wish(""))


@bp.post("/gaps/<run_id>/<group>")
@requires(Permission.QUESTIONS_WRITE)
def gaps_draft(run_id: str, group: str) -> ResponseReturnValue:
    form = request.form
    into = _into(form.get("into", ""))
    wish = Wish(
        article=into.id if into else form.get("id", "").strip(),
        base=form.get("base", 0, int) or 0,
        take=tuple(form.getlist("take")),
        own=tuple(form.get("own", "").splitlines()),
        clean="clean" in form,
    )
    runs_ = console().runs
    try:
        run = runs_.run(GAPS, run_id)
        made = runs_.draft(staff(), run, group, wish, kb(), console().kb_audit)
    except ServiceError as error:
        return _write(run_id, group, into, wish, words.sentence(error)), error.http_status
    flash(gettext("Draft saved. Hand it in when it is ready for compliance."), "success")
    return redirect(url_for("knowledge.edit", kind=ContentKind.ARTICLE.value, content_id=made.id), 303)


def _write(run_id: str, group: str, into: Content | None, wish: Wish, fault: str = "") -> str:
    run = console().runs.run(GAPS, run_id)
    item = console().runs.item(run, group)
    texts = console().runs.texts(staff(), run, item["questions"])
    return render_template(
        "console/gap_write.html",
        run=run,
        group=item,
        texts=texts,
        into=into,
        wish=wish,
        fault=fault,
    )


def _into(article: str) -> Content | None:
    """The newest version of the article that is to go on. Raises NotFound."""
    if not article:
        return None
    versions = kb().versions(ContentKind.ARTICLE, article)
    if not versions:
        raise NotFound("There is no such content.")
    return versions[0]
