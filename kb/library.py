"""Every version that is or was in force, by reference: one immutable state of the knowledge."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from bot.errors import Conflict
from bot.model import ContentKind, ProductClass, Ref
from kb.articles import REGULATED, Content, Review, verify

log = logging.getLogger(__name__)


class Library:
    """`revision` is the store's counter. Versions whose hash does not fit are left out, with a line in the log."""

    def __init__(self, revision: int, contents: Iterable[Content]) -> None:
        self.revision = revision
        self._versions: dict[str, Content] = {}
        self._approved: dict[tuple[ContentKind, str], Content] = {}
        self._disclosures: dict[ProductClass, list[Content]] = {}
        for content in sorted(contents, key=lambda c: (c.created_at is not None, c.created_at, c.id)):
            self._take(content)
        self.articles = tuple(c for (kind, _), c in self._approved.items() if kind is ContentKind.ARTICLE)

    def _take(self, content: Content) -> None:
        try:
            verify(content)
        except Conflict:
            log.error("left out: %s does not match its hash", content.key)  # noqa: TRY400  no traceback: it adds nothing
            return
        self._versions[content.key] = content
        if content.status is Review.APPROVED:
            self._approved[content.kind, content.id] = content
            if content.kind is ContentKind.DISCLOSURE:
                self._disclosures.setdefault(content.product_class, []).append(content)

    def version(self, ref: Ref) -> Content:
        """The very version a reference names, hash included. Raises KeyError."""
        content = self._versions[f"{ref.kind}:{ref.id}@{ref.version}"]
        if content.sha256 != ref.sha256:
            raise KeyError(f"{content.key} has another hash")
        return content

    def approved(self, kind: ContentKind, content_id: str, now: datetime) -> Content | None:
        """The version in force now, or None."""
        content = self._approved.get((kind, content_id))
        return content if content is not None and content.in_force(now) else None

    def disclosures(self, product_class: ProductClass, now: datetime) -> tuple[Content, ...]:
        return tuple(d for d in self._disclosures.get(product_class, ()) if d.in_force(now))

    def may_show(self, article: Content, now: datetime) -> bool:
        """In force, still the approved version, and its disclosure, where the class needs one, is in force too."""
        current = self._approved.get((article.kind, article.id))
        if current is None or current.version != article.version or not current.in_force(now):
            return False
        return article.product_class not in REGULATED or bool(self.disclosures(article.product_class, now))
