"""The hand-off rules to read: those in force in plain words, their versions, one beside those in force, and a try."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.errors import ServiceError
from bot.policies import Version
from inbox import words
from inbox.auth import can, person, requires, staff
from inbox.permissions import Permission
from inbox.rules_desk import bp, cards, policies
from inbox.rules_diff import changes

__all__ = ["bp"]

MAX_SENTENCE = 400
MAX_COMMENT = 2000


@bp.get("")
@requires(Permission.RULES_READ)
def index() -> ResponseReturnValue:
    number, open_one = policies().in_force(), policies().open_one()
    return render_template(
        "console/rules.html",
        in_force=number,
        current=policies().version(number) if number else None,
        cards=cards(policies().document(number)),
        document=policies().document(number),
        open_one=open_one,
        versions=policies().versions(),
        person=person,
    )


@bp.get("/version/<int:number>")
@requires(Permission.RULES_READ)
def version(number: int) -> ResponseReturnValue:
    return _version(number)


def _version(number: int, tried: dict[str, object] | None = None, sentence: str = "", fault: str = "") -> str:
    one, in_force = policies().version(number), policies().in_force()
    base = in_force if one.open else one.based_on
    document = policies().document(number)
    return render_template(
        "console/rules_version.html",
        one=one,
        base=base,
        in_force=in_force,
        changes=changes(policies().document(base), document),
        read=_tried(one),
        own=staff().id in one.authors,
        may_decide=can(Permission.RULES_APPROVE) and one.state == "in_review",
        tried=tried,
        sentence=sentence,
        fault=fault,
        person=person,
    )


def _tried(one: Version) -> bool:
    """Whether its examples have been read beside the rules in force."""
    return one.trial.get("state") == "done" and one.trial.get("against") == policies().in_force()


@bp.get("/version/<int:number>/trial")
@requires(Permission.RULES_READ)
def progress(number: int) -> ResponseReturnValue:
    """Only how far the reading of the examples is, for the page's script."""
    return render_template("console/_rules_trial.html", one=policies().version(number))


@bp.post("/version/<int:number>/trial")
@requires(Permission.RULES_WRITE)
def begin_trial(number: int) -> ResponseReturnValue:
    policies().begin_trial(number)
    return redirect(url_for("rules.version", number=number, _anchor="trial"), 303)


@bp.post("/version/<int:number>/try")
@requires(Permission.RULES_READ)
def try_out(number: int) -> ResponseReturnValue:
    """What this version and the one in force decide about one sentence. The sentence is kept nowhere."""
    sentence = request.form.get("sentence", "").strip()[:MAX_SENTENCE]
    if not sentence:
        return _version(number, fault=gettext("Write a sentence first.")), 400
    try:
        return _version(number, policies().judge(number, sentence), sentence)
    except ServiceError as error:
        return _version(number, sentence=sentence, fault=words.sentence(error)), error.http_status


def _step(number: int, said: str, step: Callable[[], object]) -> ResponseReturnValue:
    try:
        step()
        flash(said, "success")
    except ServiceError as error:
        flash(words.sentence(error), "error")
    return redirect(url_for("rules.version", number=number), 303)


@bp.post("/version/<int:number>/submit")
@requires(Permission.RULES_WRITE)
def submit(number: int) -> ResponseReturnValue:
    def step() -> None:
        one = policies().submit(staff(), number)
        if not _tried(one):
            policies().begin_trial(number)

    return _step(number, gettext("Handed in. Compliance finds it here."), step)


def _read() -> str:
    return request.form.get("sha256", "")


def _comment() -> str:
    return request.form.get("comment", "").replace("\r\n", "\n").strip()[:MAX_COMMENT]


@bp.post("/version/<int:number>/approve")
@requires(Permission.RULES_APPROVE)
def approve(number: int) -> ResponseReturnValue:
    said = gettext("Approved. Every process decides by it within seconds.")
    return _step(number, said, lambda: policies().approve(staff(), number, _read()))


@bp.post("/version/<int:number>/changes")
@requires(Permission.RULES_APPROVE)
def ask_for_changes(number: int) -> ResponseReturnValue:
    said = gettext("Sent back. The author sees your comment on the draft.")
    return _step(number, said, lambda: policies().ask_for_changes(staff(), number, _read(), _comment()))


@bp.post("/version/<int:number>/reject")
@requires(Permission.RULES_APPROVE)
def reject(number: int) -> ResponseReturnValue:
    said = gettext("Rejected. The version is kept with your comment and can no longer be approved.")
    return _step(number, said, lambda: policies().reject(staff(), number, _read(), _comment()))
