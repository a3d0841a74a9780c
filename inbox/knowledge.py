"""The knowledge base to read: the list of a kind, one content with its versions, differences and looks."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from bot.errors import NotFound
from bot.model import ContentKind
from inbox import knowledge_words as kw
from inbox.auth import can, person, requires
from inbox.knowledge_desk import (
    STATES,
    WRITES,
    bp,
    classes,
    entries,
    entry_of,
    kind_of,
    matches,
    now,
    of_class,
    state,
)
from inbox.knowledge_diff import fields
from inbox.knowledge_lint import findings
from inbox.knowledge_preview import preview
from inbox.permissions import Permission
from kb.articles import Review, digest

__all__ = ["bp"]

PAGE = 40


@bp.app_context_processor
def _words() -> dict[str, object]:
    return {"kw": kw}


@bp.get("")
@requires(Permission.KNOWLEDGE_READ)
def index() -> ResponseReturnValue:
    return _list(ContentKind.ARTICLE)


@bp.get("/<kind>")
@requires(Permission.KNOWLEDGE_READ)
def listing(kind: str) -> ResponseReturnValue:
    return _list(kind_of(kind))


def _list(kind: ContentKind) -> ResponseReturnValue:
    at = now()
    words, wanted = request.args.get("q", "").strip()[:200], request.args.get("state", "")
    product_class = request.args.get("class", "")
    everything = entries(kind)
    found = [e for e in everything if matches(e, words) and of_class(e, product_class)]
    counts = {name: sum(name in e.states(at) for e in found) for name in STATES}
    rows = [e for e in found if not wanted or wanted in e.states(at)]
    page = max(1, request.args.get("page", 1, int))
    return render_template(
        "console/knowledge.html",
        kind=kind,
        kinds=list(ContentKind),
        rows=[(e, e.states(at)) for e in rows[(page - 1) * PAGE : page * PAGE]],
        total=len(rows),
        of=len(everything),
        counts=counts,
        all_count=len(found),
        page=page,
        pages=-(-len(rows) // PAGE),
        filters={"q": words, "state": wanted, "class": product_class},
        classes=classes(),
        may_write=can(WRITES[kind]),
    )


@bp.get("/<kind>/view/<path:content_id>")
@requires(Permission.KNOWLEDGE_READ)
def view(kind: str, content_id: str) -> ResponseReturnValue:
    """`?version=` shows an older one; without it the one that waits, else the one in force."""
    found = entry_of(kind_of(kind), content_id)
    number = request.args.get("version", type=int)
    content = found.waiting or found.shown
    if number is not None:
        chosen = next((v for v in found.versions if v.version == number), None)
        if chosen is None:
            raise NotFound("There is no such content.")
        content = chosen
    before = next((v for v in found.versions if v.version < content.version), None)
    # What compliance compares with is what customers read now, not a draft that was withdrawn.
    if found.approved is not None and found.approved.version < content.version:
        before = found.approved
    at = now()
    open_article = content.kind is ContentKind.ARTICLE and content.status is not Review.RETIRED
    return render_template(
        "console/knowledge_view.html",
        linted=open_article,
        findings=findings(content) if open_article else [],
        entry=found,
        content=content,
        before=before,
        intact=content.sha256 == digest(content),
        state=state(content, at),
        states={v.version: state(v, at) for v in found.versions},
        changes=fields(before, content),
        preview=preview(content, at),
        person=person,
        may_write=can(WRITES[content.kind]),
        may_decide=can(Permission.KNOWLEDGE_APPROVE) and content.status is Review.IN_REVIEW,
    )
