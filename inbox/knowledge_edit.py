"""The editor: a new content or a new version, with its preview; nothing typed is ever lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.errors import BadPayload, Conflict, ServiceError
from bot.model import DEFAULT_LOCALE, ContentKind
from inbox import words
from inbox.auth import console, requires, staff
from inbox.knowledge_desk import bp, classes, entry_of, kb, kind_of, must_write, now
from inbox.knowledge_diff import Field, fields
from inbox.knowledge_preview import Preview, preview
from inbox.language import aware, zone
from inbox.permissions import Permission
from kb import review
from kb.articles import Content
from kb.live import as_approved
from kb.review import Audit, Draft
from kb.sources import BadRow
from kb.sources.rows import row

__all__ = ["bp"]

FIELDS = ("id", "zh", "en", "questions", "product_class", "tags", "valid_from", "valid_until")


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the form. `base` is the newest version the author had before him, 0 for a new content."""

    values: Mapping[str, str]
    base: int

    def draft(self, kind: ContentKind) -> Draft:
        """Checked by the same rules as an imported row. Raises BadPayload."""
        v = self.values
        answer = {DEFAULT_LOCALE: v["zh"], "en": v["en"]}
        cells: dict[str, Any] = {
            **v,
            "answer": {locale: text for locale, text in answer.items() if text.strip()} or None,
            # Notices and disclosures are not asked for: the row's rule for articles is met and dropped again.
            "questions": v["questions"] if kind is ContentKind.ARTICLE else "-",
        }
        checked = row(1, cells, zone())
        if isinstance(checked, BadRow):
            raise BadPayload(checked.reason)
        made = checked.draft
        plain = "columns" if "en" in made.answer else "plain"
        questions = made.questions if kind is ContentKind.ARTICLE else ()
        return replace(made, kind=kind, imported=plain, questions=questions)


def _typed() -> Filled:
    values = {name: request.form.get(name, "").replace("\r\n", "\n") for name in FIELDS}
    return Filled(values, request.form.get("base", 0, int))


def _of(content: Content, base: int) -> Filled:
    def minutes(at: datetime | None) -> str:
        return aware(at).astimezone(zone()).strftime("%Y-%m-%dT%H:%M") if at else ""

    return Filled(
        {
            "id": content.id,
            "zh": content.answer.get(DEFAULT_LOCALE, ""),
            "en": content.answer.get("en", ""),
            "questions": "\n".join(content.questions),
            "product_class": str(content.product_class),
            "tags": ", ".join(content.tags),
            "valid_from": minutes(content.valid_from),
            "valid_until": minutes(content.valid_until),
        },
        base,
    )


def _form(
    kind: ContentKind,
    filled: Filled,
    content_id: str = "",
    fault: str = "",
    note: str | None = None,
    conflict: tuple[Content, list[Field]] | None = None,
) -> str:
    shown, unready = _shown(kind, filled)
    return render_template(
        "console/knowledge_edit.html",
        kind=kind,
        content_id=content_id,
        filled=filled,
        fault=fault,
        note=note,
        conflict=conflict,
        preview=shown,
        unready=unready,
        classes=classes(),
        zone=zone().key,
    )


def _shown(kind: ContentKind, filled: Filled) -> tuple[Preview | None, str]:
    """The preview of what is typed, or the sentence why there is none yet."""
    if not (filled.values["zh"].strip() or filled.values["en"].strip()):
        return None, ""
    trial = replace(filled, values={**filled.values, "id": filled.values["id"].strip() or "-"})
    try:
        return preview(as_approved(trial.draft(kind), now()), now()), ""
    except ServiceError as error:
        return None, words.sentence(error)


@bp.get("/<kind>/new")
@requires(Permission.KNOWLEDGE_WRITE)
def new(kind: str) -> ResponseReturnValue:
    known = kind_of(kind)
    must_write(known)
    return _form(known, Filled({**dict.fromkeys(FIELDS, ""), "product_class": "general"}, 0))


@bp.get("/<kind>/edit/<path:content_id>")
@requires(Permission.KNOWLEDGE_WRITE)
def edit(kind: str, content_id: str) -> ResponseReturnValue:
    known = kind_of(kind)
    must_write(known)
    found = entry_of(known, content_id)
    content = found.waiting or found.shown
    return _form(known, _of(content, found.versions[0].version), content_id, note=content.note)


@bp.post("/<kind>/preview")
@requires(Permission.KNOWLEDGE_WRITE)
def show(kind: str) -> ResponseReturnValue:
    """Only the preview, for the page's script."""
    known = kind_of(kind)
    must_write(known)
    shown, unready = _shown(known, _typed())
    return render_template("console/knowledge_look.html", preview=shown, unready=unready)


@bp.post("/<kind>/save")
@requires(Permission.KNOWLEDGE_WRITE)
def save(kind: str) -> ResponseReturnValue:
    """`do` says what for: preview (nothing is stored), draft, or submit."""
    known = kind_of(kind)
    must_write(known)
    filled, asked = _typed(), request.form.get("do", "draft")
    content_id = filled.values["id"].strip()
    shown_id = content_id if filled.base else ""
    if asked == "preview":
        return _form(known, filled, shown_id)
    try:
        draft = filled.draft(known)
        review.create(kb(), [draft], staff().id, _unless_changed(console().kb_audit, filled.base))
    except Conflict:
        return _collided(known, filled, content_id), 409
    except ServiceError as error:
        return _form(known, filled, shown_id, fault=words.sentence(error)), 400
    try:
        if asked == "submit":
            review.submit(kb(), draft.id, staff().id, console().kb_audit, kind=known)
            flash(gettext("Handed in. Compliance finds it in the review queue."), "success")
        else:
            flash(gettext("Draft saved. Hand it in when it is ready for compliance."), "success")
    except ServiceError as error:
        flash(words.sentence(error), "error")
    return redirect(url_for("knowledge.view", kind=known.value, content_id=draft.id), 303)


def _collided(kind: ContentKind, filled: Filled, content_id: str) -> str:
    """The author's text stays in the form, with the colleague's version and what differs beside it."""
    newest = entry_of(kind, content_id).versions[0]
    mine = as_approved(filled.draft(kind), now())
    # To save now means to have seen the colleague's version: the next try builds on that one.
    over = replace(filled, base=newest.version)
    return _form(kind, over, content_id, conflict=(newest, fields(newest, mine)))


def _unless_changed(audit: Audit, base: int) -> Audit:
    """The audit hook, refusing a version that does not follow `base`.

    It runs inside the transaction that numbers the version: a colleague who saves at the same instant is seen, and
    a refusal takes the draft back with it.
    """

    def checked(actor: str, action: str, target: str, detail: Mapping[str, Any], session: Any) -> None:
        if detail["version"] != base + 1:
            raise Conflict("Somebody else saved a version while you were writing.")
        audit(actor, action, target, detail, session)

    return checked
