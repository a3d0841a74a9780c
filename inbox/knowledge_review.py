"""The review: hand in, approve, ask for changes, reject, retire. Every verb is one transition of `kb.review`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.errors import BadPayload, Conflict, ServiceError
from bot.model import ContentKind
from inbox import words
from inbox.auth import console, person, requires, staff
from inbox.knowledge_desk import bp, entry_of, kb, kind_of, must_write
from inbox.knowledge_diff import fields
from inbox.permissions import Permission
from inbox.rehearsal import noted
from kb import review
from kb.articles import Content, Review

__all__ = ["bp"]

MAX_COMMENT = 2000


@bp.get("/review")
@requires(Permission.KNOWLEDGE_READ)
def queue() -> ResponseReturnValue:
    """What waits for compliance, longest first, each with what it changes."""
    waiting = [c for kind in ContentKind for c in kb().listing(kind, (Review.IN_REVIEW,))]
    waiting.sort(key=lambda c: (c.created_at is not None, c.created_at))
    rows = []
    for content in waiting:
        approved = entry_of(content.kind, content.id).approved
        changes = [field for field in fields(approved, content) if field.changed]
        rows.append({"content": content, "before": approved, "changes": changes})
    return render_template("console/knowledge_review.html", rows=rows, person=person)


def _step(
    kind: str, content_id: str, said: str, step: Callable[[ContentKind], object]
) -> ResponseReturnValue:
    """Takes one step and shows its sentence, good or bad, on the content's page."""
    known = kind_of(kind)
    try:
        step(known)
        flash(said, "success")
    except ServiceError as error:
        flash(words.sentence(error), "error")
    return redirect(url_for("knowledge.view", kind=known.value, content_id=content_id), 303)


def _seen() -> tuple[int, str]:
    """Version and hash of what the page showed. Raises BadPayload."""
    number = request.form.get("version", type=int)
    if number is None:
        raise BadPayload("The form does not say which version was read.")
    return number, request.form.get("sha256", "")


def _in_review(kind: ContentKind, content_id: str) -> Content:
    """The version in review if it is still the one that was read. Raises Conflict, BadPayload, NotFound."""
    content = entry_of(kind, content_id).waiting
    if content is None or content.status is not Review.IN_REVIEW:
        raise Conflict(f"{content_id} is not in review.")
    if _seen() != (content.version, content.sha256):
        raise Conflict(f"{content_id} was changed since you read it: read version {content.version} first.")
    return content


def _comment() -> str:
    return request.form.get("comment", "").replace("\r\n", "\n").strip()[:MAX_COMMENT]


@bp.post("/<kind>/submit/<path:content_id>")
@requires(Permission.KNOWLEDGE_WRITE)
def submit(kind: str, content_id: str) -> ResponseReturnValue:
    must_write(kind_of(kind))
    return _step(
        kind,
        content_id,
        gettext("Handed in. Compliance finds it in the review queue."),
        lambda known: review.submit(kb(), content_id, staff().id, console().kb_audit, kind=known),
    )


@bp.post("/<kind>/approve/<path:content_id>")
@requires(Permission.KNOWLEDGE_APPROVE)
def approve(kind: str, content_id: str) -> ResponseReturnValue:
    def step(known: ContentKind) -> None:
        beside = noted(_in_review(known, content_id))

        def audit(actor: str, action: str, target: str, detail: Mapping[str, Any], session: Any) -> None:
            console().kb_audit(actor, action, target, {**detail, **beside}, session)

        review.approve(kb(), content_id, staff().id, audit, kind=known, seen=_seen())

    said = gettext("Approved. It is in force within seconds, or from its scheduled start.")
    return _step(kind, content_id, said, step)


@bp.post("/<kind>/changes/<path:content_id>")
@requires(Permission.KNOWLEDGE_APPROVE)
def ask_for_changes(kind: str, content_id: str) -> ResponseReturnValue:
    def step(known: ContentKind) -> None:
        _in_review(known, content_id)
        review.reject(kb(), content_id, staff().id, _comment(), console().kb_audit, kind=known)

    return _step(kind, content_id, gettext("Sent back. The author sees your comment on the draft."), step)


@bp.post("/<kind>/reject/<path:content_id>")
@requires(Permission.KNOWLEDGE_APPROVE)
def reject(kind: str, content_id: str) -> ResponseReturnValue:
    def step(known: ContentKind) -> None:
        review.close(kb(), _in_review(known, content_id), staff().id, _comment(), console().kb_audit)

    said = gettext("Rejected. The version is kept with your comment and can no longer be approved.")
    return _step(kind, content_id, said, step)


@bp.post("/<kind>/retire/<path:content_id>")
@requires(Permission.KNOWLEDGE_APPROVE)
def retire(kind: str, content_id: str) -> ResponseReturnValue:
    return _step(
        kind,
        content_id,
        gettext("Retired. The bot no longer answers with it."),
        lambda known: review.retire(
            kb(), content_id, staff().id, console().kb_audit, kind=known, reason=_comment()
        ),
    )
