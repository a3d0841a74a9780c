"""What the knowledge pages share: the blueprint, who may write what, and how versions stand together."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint

from bot.errors import NotAllowed, NotFound
from bot.model import ContentKind, ProductClass
from inbox.auth import can, console
from inbox.permissions import Permission
from kb.articles import Content, Review
from kb.review import REPLACED
from kb.store import Store

bp = Blueprint("knowledge", __name__, url_prefix="/knowledge")

WRITES: dict[ContentKind, Permission] = {
    ContentKind.ARTICLE: Permission.KNOWLEDGE_WRITE,
    ContentKind.NOTICE: Permission.KNOWLEDGE_TERMS,
    ContentKind.DISCLOSURE: Permission.KNOWLEDGE_TERMS,
}
STATES = ("live", "scheduled", "ended", "draft", "in_review", "retired")
_OPEN = (Review.DRAFT, Review.IN_REVIEW)


def kb() -> Store:
    return console().kb()


def kind_of(name: str) -> ContentKind:
    try:
        return ContentKind(name)
    except ValueError:
        raise NotFound("There is no such kind of content.") from None


def must_write(kind: ContentKind) -> None:
    """Raises NotAllowed: articles are for more roles than disclosures and notices are."""
    if not can(WRITES[kind]):
        raise NotAllowed("Your role may not write this kind of content.")


def state(content: Content, now: datetime) -> str:
    """One of STATES: what the period makes of an approved version, else its place in the review."""
    if (
        content.status is Review.RETIRED
        and content.approved_at is None
        and content.note not in (None, REPLACED)
    ):
        return "rejected"
    if content.status is not Review.APPROVED:
        return str(content.status)
    if content.valid_from is not None and now < content.valid_from:
        return "scheduled"
    return "live" if content.in_force(now) else "ended"


@dataclass(frozen=True, slots=True)
class Entry:
    """All versions of one id. `approved` is in force by status, `waiting` the open draft; `shown` stands for both."""

    versions: tuple[Content, ...]
    approved: Content | None
    waiting: Content | None

    @property
    def shown(self) -> Content:
        return self.approved or self.waiting or self.versions[0]

    def states(self, now: datetime) -> tuple[str, ...]:
        """The states this id is in at once: a live version may have a draft beside it."""
        later = next((v for v in self.versions if v.status is Review.SCHEDULED), None)
        found = [state(c, now) for c in (self.approved, later, self.waiting) if c is not None]
        return tuple(found) or ("retired",)


def entry(versions: Sequence[Content]) -> Entry:
    """`versions` of one id, newest first."""
    return Entry(
        tuple(versions),
        next((v for v in versions if v.status is Review.APPROVED), None),
        next((v for v in versions if v.status in _OPEN), None),
    )


def entry_of(kind: ContentKind, content_id: str) -> Entry:
    """Raises NotFound."""
    versions = kb().versions(kind, content_id)
    if not versions:
        raise NotFound("There is no such content.")
    return entry(versions)


def entries(kind: ContentKind) -> list[Entry]:
    """Every id of that kind, last changed first."""
    by_id: dict[str, list[Content]] = {}
    for content in kb().listing(kind, Review):
        by_id.setdefault(content.id, []).append(content)
    found = [entry(sorted(v, key=lambda c: -c.version)) for v in by_id.values()]
    return sorted(
        found, key=lambda e: e.versions[0].created_at or datetime.min.replace(tzinfo=UTC), reverse=True
    )


def matches(one: Entry, words: str) -> bool:
    """Whether every word stands in the id, a question, an answer or a tag of the versions that count."""
    texts: list[str] = [one.shown.id]
    for content in {c.version: c for c in (one.shown, one.waiting) if c}.values():
        texts += [*content.questions, *content.answer.values(), *content.tags]
    text = _folded("\n".join(texts))
    return all(word in text for word in _folded(words).split())


def of_class(one: Entry, product_class: str) -> bool:
    return not product_class or (one.waiting or one.shown).product_class == product_class


def now() -> datetime:
    return datetime.now(UTC)


def classes() -> list[ProductClass]:
    return list(ProductClass)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
