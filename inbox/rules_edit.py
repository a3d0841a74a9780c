"""The editor of the hand-off rules: one table at a time, the word lists, or the examples; a save is a draft version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.errors import Conflict, NotFound, ServiceError
from bot.policies import Document
from inbox import rules_words as rw
from inbox.auth import requires, staff
from inbox.permissions import Permission
from inbox.rules_desk import bp, policies, sentences

__all__ = ["bp"]

EDITED = ("words", "examples")
ARROW = "="


def _known(part: str) -> str:
    if part not in EDITED and part not in {feature.table for feature in policies().features}:
        raise NotFound("There are no such rules.")
    return part


@bp.get("/edit/<part>")
@requires(Permission.RULES_WRITE)
def edit(part: str) -> ResponseReturnValue:
    """`?from=` starts with another version than the open one or the one in force, such as an older one."""
    open_one, chosen = policies().open_one(), request.args.get("from", type=int)
    number = chosen if chosen is not None else open_one.number if open_one else policies().in_force()
    seen, note = (open_one.number, open_one.note) if open_one else (0, "")
    return _form(_known(part), policies().document(number), (number, seen), note)


def _form(part: str, document: Document, base: tuple[int, int], note: str, fault: str = "") -> str:
    """`base` is the version the other parts come from, and the open version the author knows of, 0 for none."""
    in_force = policies().document(policies().in_force())
    return render_template(
        "console/rules_edit.html",
        part=part,
        document=document,
        rules=document["rules"].get(part, ()),
        typos=[f"{wrong} {ARROW} {right}" for wrong, right in document["typos"].items()],
        added={
            label: [text for text in texts if text not in set(in_force["examples"][label])]
            for label, texts in document["examples"].items()
        },
        removed=[
            text
            for label, texts in in_force["examples"].items()
            for text in texts
            if text not in set(document["examples"][label])
        ],
        counts={label: len(texts) for label, texts in document["examples"].items()},
        base=base,
        note=note,
        fault=fault,
        parts=[*(feature.table for feature in policies().features), *EDITED],
    )


@bp.post("/edit/<part>")
@requires(Permission.RULES_WRITE)
def save(part: str) -> ResponseReturnValue:
    """`do` says what for: draft, or submit."""
    _known(part)
    note, number = request.form.get("note", ""), request.form.get("start", 0, int)
    seen = request.form.get("seen", 0, int)
    document = _filled(part, policies().document(number))
    try:
        made = policies().draft(staff(), document, note, seen)
    except Conflict as error:
        # Nothing typed is lost: it stands on what the colleague saved, and the next try follows that.
        newer = policies().open_one()
        number, seen = (newer.number, newer.number) if newer else (policies().in_force(), 0)
        document = _filled(part, policies().document(number))
        return _form(part, document, (number, seen), note, sentences(error)), 409
    except ServiceError as error:
        return _form(part, document, (number, seen), note, sentences(error)), error.http_status
    if request.form.get("do") == "submit":
        policies().submit(staff(), made.number)
        flash(gettext("Handed in. Its examples are being read for the review."), "success")
    else:
        flash(gettext("Draft saved. Try sentences, then hand it in."), "success")
    policies().begin_trial(made.number)
    return redirect(url_for("rules.version", number=made.number), 303)


def _filled(part: str, document: Document) -> Document:
    """The document with what the form says about that part; the handlers say what is wrong with it."""
    if part == "words":
        names = [name for name in document["words"] if f"list-{name}" in request.form]
        lists = {name: _lines(f"list-{name}") for name in names}
        new = request.form.get("new-list", "").strip()
        if new:
            lists[new] = _lines("new-words")
        # An emptied list is taken out; a rule that still names it is a fault that is told.
        return {**document, "words": {name: some for name, some in lists.items() if some}, "typos": _typos()}
    if part == "examples":
        return {**document, "examples": _examples()}
    return {**document, "rules": {**document["rules"], part: _rules()}}


def _lines(name: str) -> list[str]:
    text = request.form.get(name, "").replace("\r\n", "\n")
    return [line.strip() for line in text.split("\n") if line.strip()]


def _rules() -> list[Mapping[str, Any]]:
    made: list[Mapping[str, Any]] = []
    for number in range(min(request.form.get("rules", 0, int), 200)):
        rule = {
            "id": request.form.get(f"id-{number}", "").strip(),
            "when": _lines(f"when-{number}"),
            "unless": _lines(f"unless-{number}"),
            "sure": f"sure-{number}" in request.form,
        }
        if f"gone-{number}" not in request.form and (rule["id"] or rule["when"]):
            made.append(rule)
    return made


def _typos() -> dict[str, str]:
    pairs = (line.partition(ARROW) for line in _lines("typos"))
    return {wrong.strip(): right.strip() for wrong, _, right in pairs}


def _examples() -> dict[str, list[str]]:
    """Those in force without the removed ones, and the added ones."""
    in_force = policies().document(policies().in_force())["examples"]
    removed = set(_lines("removed"))
    return {
        label: [
            *(text for text in in_force[label] if text not in removed),
            *dict.fromkeys(text for text in _lines(f"add-{label}") if text not in set(in_force[label])),
        ]
        for label in rw.LABELS
    }
