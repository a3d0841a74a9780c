"""Phrasings: which articles lack them, what was suggested, and taking suggestions over into a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.errors import BadPayload, Conflict, NotFound, ServiceError
from bot.model import ContentKind
from bot.phrasings import READERS
from bot.shared_phrasings import DAYS, LONGEST, LONGEST_DESCRIPTION, MOST
from bot.store.phrasings import Link
from inbox import model_words, words
from inbox.auth import console, person, requires, staff
from inbox.knowledge_desk import entry_of, kb, now
from inbox.knowledge_lint import nearest
from inbox.permissions import Permission
from kb.articles import Content, Review
from kb.lint import Fault
from kb.phrasings import ENOUGH, need_of, needs, resembling

bp = Blueprint("phrasings", __name__, url_prefix="/knowledge/phrasings")

PAGE = 40
SOURCES: words.Words = {"colleague": _l("A colleague"), "model": _l("The model")}
_OPEN = (Review.DRAFT, Review.IN_REVIEW, Review.APPROVED)


@bp.get("")
@requires(Permission.KNOWLEDGE_READ)
def index() -> ResponseReturnValue:
    service, at = console().phrasings, now()
    approved = kb().listing(ContentKind.ARTICLE, (Review.APPROVED,))
    in_force = [one for one in approved if one.in_force(at)]
    asked, waiting = service.asked(), service.waiting()
    lacking = needs(in_force, asked, at)
    listed = {need.article for need in lacking}
    # Enough phrasings, and still suggestions that somebody has to decide on.
    extra = [
        need_of(one, asked.get(one.id, 0)) for one in in_force if waiting.get(one.id) and one.id not in listed
    ]
    page = max(1, request.args.get("page", 1, int))
    return render_template(
        "console/phrasings.html",
        rows=lacking[(page - 1) * PAGE : page * PAGE],
        extra=extra,
        lacking=len(lacking),
        total=len(in_force),
        waiting=waiting,
        titles={one.id: one for one in in_force},
        enough=ENOUGH,
        page=page,
        pages=-(-len(lacking) // PAGE),
    )


@bp.get("/<path:article>")
@requires(Permission.KNOWLEDGE_WRITE)
def article(article: str) -> ResponseReturnValue:
    """`?customers=1` opens customers' questions, which is noted before they are shown."""
    return _page(article)


def _page(
    article: str,
    fault: str = "",
    status: int = 200,
    description: str = "",
    typed: Mapping[str, str] | None = None,
) -> ResponseReturnValue:
    """`typed`: customers' questions as the editor had mended them, by id, where they were not taken."""
    service, found = console().phrasings, entry_of(ContentKind.ARTICLE, article)
    if found.approved is None:
        raise NotFound("This article is not in force any more.")
    shown = found.waiting or found.approved
    suggested = service.suggestions(article)
    may_open = staff().role in READERS
    opened = may_open and (typed is not None or request.args.get("customers"))
    customers = service.customers(staff(), article) if opened else None
    return render_template(
        "console/phrasings_article.html",
        content=found.approved,
        shown=shown,
        need=need_of(shown),
        enough=ENOUGH,
        busy=shown.status is Review.IN_REVIEW,
        suggested=suggested,
        warnings=_warnings(shown, [one.text for one in suggested]),
        customers=customers,
        typed=typed or {},
        may_open=may_open,
        links=[
            (one, _address(one.id), _state(one.closed, one.expires, one.taken)) for one in _links(article)
        ],
        days=DAYS,
        longest=LONGEST,
        longest_description=LONGEST_DESCRIPTION,
        sources=SOURCES,
        model=service.adviser is not None,
        person=person,
        fault=fault,
        description=description,
    ), status


def _links(article: str) -> list[Link]:
    return console().phrasings.shared.links(article)[:20]


def _address(link_id: str) -> str:
    path = url_for("phrasings_page.page", token=console().phrasings.shared.token(link_id))
    return f"{console().settings.public_url}{path}"


def _state(closed: datetime | None, expires: datetime, taken: int) -> str:
    if closed is not None:
        return str(gettext("Closed"))
    if expires <= datetime.now(UTC):
        return str(gettext("Expired"))
    return str(gettext("Full")) if taken >= MOST else ""


def _warnings(content: Content, texts: list[str]) -> dict[str, Fault]:
    if not texts:
        return {}
    others = nearest(replace(content, questions=tuple(texts)), kb().listing(ContentKind.ARTICLE, _OPEN))
    return resembling(content, texts, others)


@bp.post("/decide/<path:article>")
@requires(Permission.KNOWLEDGE_WRITE)
def decide(article: str) -> ResponseReturnValue:
    """`do`: accept, dismiss, or either with `_all` for everything the page showed."""
    service, asked = console().phrasings, request.form.get("do", "")
    ids = request.form.getlist("shown" if asked.endswith("_all") else "id")
    try:
        if asked.startswith("accept"):
            return _accepted(service.accept(staff(), article, ids))
        if not ids:
            raise BadPayload("Choose at least one phrasing that is not there yet.")
        count = service.dismiss(staff(), article, ids)
        flash(gettext("%(n)d dismissed. The same words are not suggested again.", n=count), "success")
    except ServiceError as error:
        flash(words.sentence(error), "error")
    return redirect(url_for("phrasings.article", article=article), 303)


@bp.post("/customers/<path:article>")
@requires(Permission.KNOWLEDGE_WRITE)
def customers(article: str) -> ResponseReturnValue:
    """What the editor read, mended and sent back; only that is kept."""
    typed = {key: request.form.get(f"text-{key}", "") for key in request.form.getlist("id")}
    try:
        if not request.form.get("read"):
            raise BadPayload("Say that you have read them: a machine does not know a name from a word.")
        return _accepted(console().phrasings.accept(staff(), article, [], list(typed.values())))
    except (BadPayload, Conflict) as error:
        flash(words.sentence(error), "error")
        return _page(article, status=error.http_status, typed=typed)


def _accepted(made: Content) -> ResponseReturnValue:
    said = gettext("Version %(n)d is a draft that holds them. Read it and hand it in.", n=made.version)
    flash(said, "success")
    return redirect(url_for("knowledge.view", kind="article", content_id=made.id), 303)


@bp.post("/model/<path:article>")
@requires(Permission.KNOWLEDGE_WRITE)
def ask_model(article: str) -> ResponseReturnValue:
    try:
        count, call = console().phrasings.ask_model(staff(), article)
    except ServiceError as error:
        flash(words.sentence(error), "error")
    else:
        if count:
            flash(gettext("The model suggests %(n)d. Read each before you take it.", n=count), "success")
        elif call is not None and call.outcome == "ok":
            flash(gettext("The model suggests nothing that is not there yet."), "info")
        else:
            flash(model_words.sentence(call), "error")
    return redirect(url_for("phrasings.article", article=article), 303)


@bp.post("/share/<path:article>")
@requires(Permission.KNOWLEDGE_WRITE)
def share(article: str) -> ResponseReturnValue:
    description = request.form.get("description", "")
    try:
        days = request.form.get("days", 0, int)
        console().phrasings.shared.share(staff(), article, description, days)
    except BadPayload as error:
        return _page(article, words.sentence(error), 400, description)
    flash(gettext("The page is open. Copy its address and send it to colleagues."), "success")
    return redirect(url_for("phrasings.article", article=article, _anchor="colleagues"), 303)


@bp.post("/close/<link_id>")
@requires(Permission.KNOWLEDGE_WRITE)
def close(link_id: str) -> ResponseReturnValue:
    link = console().phrasings.shared.close(staff(), link_id)
    flash(gettext("Closed. Nobody can write there any more."), "success")
    return redirect(url_for("phrasings.article", article=link.article, _anchor="colleagues"), 303)
