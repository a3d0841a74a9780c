"""Rehearsal before publishing: propose, wait, read which decisions would change; and what an approver sees of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.errors import BadPayload, ServiceError
from bot.model import ContentKind, ProductClass
from bot.proposals import Plan, waiting
from bot.replay import KEPT
from bot.runs import REHEARSAL, Run
from inbox import runs, words
from inbox.auth import console, person, requires, staff
from inbox.knowledge_desk import bp, classes, kb
from inbox.permissions import Permission
from kb.articles import Content, Review
from kb.search.decide import Mode

__all__ = ["bp"]

PAGE = 25
RESULTS = 12
VERDICTS: words.Words = {
    "answered": _l("Answered"),
    "asked": _l("Asked back"),
    "missed": _l("No answer"),
    "handed_off": _l("To a person"),
    "said": _l("Small talk or a notice"),
}
NEW_TEXT = "new_text"
MODES: words.Words = {
    Mode.ASK: _l("ask: everything but exact wording is asked back"),
    Mode.CONFIDENT: _l("confident: shipped thresholds"),
    Mode.PROVEN: _l("proven: what each class has earned"),
}


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.replace(",", " ").replace("，", " ").replace("、", " ").split()))


def _plan() -> Plan:
    """What the form proposes. Raises BadPayload."""
    thresholds: dict[str, float] = {}
    for name in ProductClass:
        asked = request.form.get(f"threshold-{name}", "").strip().replace(",", ".")
        if asked:
            try:
                thresholds[str(name)] = float(asked)
            except ValueError:
                raise BadPayload(
                    "A threshold is a product class and a confidence above 0 and up to 1."
                ) from None
    plan = Plan(
        days=runs.days(),
        added=tuple(dict.fromkeys(request.form.getlist("add"))),
        retired=_split(request.form.get("retire", "")),
        mode=request.form.get("mode") or None,
        thresholds=thresholds,
        rules=request.form.get("rules", None, int),
    )
    plan.check()
    return plan


@bp.get("/rehearsal")
@requires(Permission.QUESTIONS_READ)
def rehearsal() -> ResponseReturnValue:
    return _form(request.args.getlist("add"))


def _form(added: Iterable[str] = (), fault: str = "") -> str:
    open_ones = waiting(kb())
    approved = kb().listing(ContentKind.ARTICLE, (Review.APPROVED,))
    state = console().automation.state()
    return render_template(
        "console/rehearsal.html",
        newest=console().runs.newest(REHEARSAL),
        results=console().runs.results(REHEARSAL, RESULTS),
        waiting=open_ones,
        approved=approved,
        added=set(added),
        filled=request.form,
        fault=fault,
        mode=console().automation.mode,
        modes=MODES,
        classes=classes(),
        thresholds={one.product_class: one.threshold for one in state.classes if one.on},
        person=person,
        said_plan=said_plan,
        rules=console().policies.open_one(),
        **runs.shared(),
    )


@bp.post("/rehearsal")
@requires(Permission.QUESTIONS_RUN)
def rehearsal_start() -> ResponseReturnValue:
    try:
        plan = _plan()
    except ServiceError as error:
        return _form(request.form.getlist("add"), words.sentence(error)), error.http_status
    return runs.begin(REHEARSAL, asdict(plan))


@bp.get("/rehearsal/<run_id>")
@requires(Permission.QUESTIONS_READ)
def rehearsal_result(run_id: str) -> ResponseReturnValue:
    """`?change=` shows the changes of one kind."""
    run = console().runs.run(REHEARSAL, run_id)
    if run.state != "done":
        return render_template(
            "console/rehearsal_result.html", run=run, person=person, said_plan=said_plan, **runs.shared()
        )
    part, number = request.args.get("change", ""), runs.page()
    counts: Mapping[str, int] = run.figures["counts"]
    if part not in counts:
        part = next(iter(counts), "")
    items = console().runs.items(run, part, (number - 1) * PAGE, PAGE) if part else []
    texts = console().runs.texts(staff(), run, [one["key"] for one in items])
    known = runs.articles()
    kept = min(counts.get(part, 0), KEPT)
    return render_template(
        "console/rehearsal_result.html",
        run=run,
        figures=run.figures,
        verdicts=VERDICTS,
        rows=_rows(run.figures),
        part=part,
        changes=items,
        texts=texts,
        known=known,
        titles=runs.titles(known, _ids(run.figures, items)),
        kept=kept,
        page=number,
        pages=-(-kept // PAGE),
        stale=_stale(run.figures),
        kind_words=kind_words,
        person=person,
        said_plan=said_plan,
        **runs.shared(),
    )


def kind_words(kind: str) -> str:
    """`missed>answered` as people say it."""
    if kind == NEW_TEXT:
        return str(gettext("New text of the same article"))
    before, _, after = kind.partition(">")
    if before == after:
        otherwise = gettext("otherwise")
        return f"{words.said(VERDICTS, before)} → {otherwise}"
    return f"{words.said(VERDICTS, before)} → {words.said(VERDICTS, after)}"


def said_plan(plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(what, which) of everything the plan proposes beside the versions, which the result names."""
    said: list[tuple[str, str]] = []
    if plan.get("retired"):
        said.append((gettext("Retired"), ", ".join(plan["retired"])))
    if plan.get("mode"):
        said.append((gettext("Mode"), str(plan["mode"])))
    threshold = gettext("Threshold")
    for name, value in (plan.get("thresholds") or {}).items():
        said.append((f"{threshold} {words.said(words.SKILLS, name)}", f"{value:g}"))
    return said


def _stale(figures: Mapping[str, Any]) -> bool:
    """Whether other knowledge or other rules are in force than those it was rehearsed against."""
    then = figures["revision"], figures["rules"]
    return then != (kb().revision(), console().policies.in_force())


def _rows(figures: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    before, after = figures["before"], figures["after"]
    return [
        (name, before.get(name, 0), after.get(name, 0))
        for name in VERDICTS
        if name in before or name in after
    ]


def _ids(figures: Mapping[str, Any], items: Iterable[Mapping[str, Any]]) -> set[str]:
    ids = {row[0] for row in figures["articles"]}
    for one in items:
        for outcome in (one["before"], one["after"]):
            if outcome["verdict"] in ("answered", "asked"):
                ids.update(outcome["what"])
    return ids


# -- beside an approval ------------------------------------------------------------------------------------------------


def rehearsed(content: Content) -> Run | None:
    """The latest rehearsal of exactly this version."""
    return console().runs.rehearsed(content.sha256)


@bp.app_context_processor
def _beside() -> dict[str, object]:
    return {"rehearsed": rehearsed, "rehearsal_rows": _rows, "rehearsal_verdicts": VERDICTS}


def noted(content: Content) -> dict[str, str | int]:
    """For the audit line of a decision: the rehearsal that stood beside it, if there was one."""
    run = rehearsed(content)
    return {} if run is None else {"rehearsal": run.id, "would_change": run.figures["changed"]}
