"""One version of something a customer may be shown, and the hash that binds an approval to it.

The hash covers everything an approver answers for: kind, id, version, product class (it decides which disclosure
travels along), questions (the first is shown as a title), answer and period of validity. Tags, author and dates of
the review itself are left out: they change nothing a customer sees.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.errors import Conflict
from bot.model import DEFAULT_LOCALE, ContentKind, ProductClass, Ref

REGULATED = frozenset({ProductClass.LOAN, ProductClass.CARD, ProductClass.INVESTMENT, ProductClass.INSURANCE})
"""Classes whose articles may not be shown without an approved disclosure (compliance, section 3)."""

CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f\u3040-\u30ff\uac00-\ud7af]")


class Review(StrEnum):
    """SCHEDULED: approved, and takes the place of the version in force when its time comes."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    SCHEDULED = "scheduled"
    APPROVED = "approved"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Content:
    """One version. `answer` is {locale: text}; notices and disclosures have no questions.

    `imported` says how the answer came: "plain" (one text), "localised" (an object); export writes it back so.
    `approved_at` stays set when a version is retired: it is the proof that it once was in force.
    Times are aware, UTC. `verify` raises Conflict where the stored hash does not fit.
    """

    kind: ContentKind
    id: str
    version: int
    answer: Mapping[str, str]
    questions: tuple[str, ...] = ()
    product_class: ProductClass = ProductClass.GENERAL
    tags: tuple[str, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    status: Review = Review.DRAFT
    author: str = ""
    approver: str | None = None
    created_at: datetime | None = None
    approved_at: datetime | None = None
    retired_at: datetime | None = None
    note: str | None = None
    imported: str = "localised"
    sha256: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.id}@{self.version}"

    @property
    def ref(self) -> Ref:
        return Ref(self.kind, self.id, self.version, self.sha256)

    def in_force(self, now: datetime) -> bool:
        """Approved and inside its period: `valid_from` counts, `valid_until` is the first moment it no longer does."""
        return (
            self.status is Review.APPROVED
            and (self.valid_from is None or self.valid_from <= now)
            and (self.valid_until is None or now < self.valid_until)
        )

    def text(self, locale: str) -> str:
        """The answer in `locale`: English where asked for and approved, else Chinese, else what there is."""
        return pick(self.answer, locale)

    def title(self, locale: str) -> str:
        """What a button says: the first question (for an English reader the first without Chinese), or the text."""
        if not self.questions:
            return self.text(locale)
        if locale.lower().startswith("en"):
            return next((q for q in self.questions if not CJK.search(q)), self.questions[0])
        return self.questions[0]


def pick(texts: Mapping[str, str], locale: str) -> str:
    if locale.lower().startswith("en") and "en" in texts:
        return texts["en"]
    return texts[DEFAULT_LOCALE] if DEFAULT_LOCALE in texts else next(iter(texts.values()))


def digest(content: Content) -> str:
    """SHA-256, hex, of the canonical JSON (sorted keys, no spaces, UTF-8) of what an approval covers."""
    shown = {
        "kind": str(content.kind),
        "id": content.id,
        "version": content.version,
        "product_class": str(content.product_class),
        "questions": list(content.questions),
        "answer": dict(content.answer),
        "valid_from": _stamp(content.valid_from),
        "valid_until": _stamp(content.valid_until),
    }
    text = json.dumps(shown, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(content: Content) -> Content:
    """The same version with its hash filled in."""
    return replace(content, sha256=digest(content))


def verify(content: Content) -> Content:
    """Gives the version back if its hash fits. Raises Conflict: a text that changed after approval is never shown."""
    if content.sha256 != digest(content):
        raise Conflict(
            f"{content.key} does not match its hash: it was changed outside the review and is not used."
        )
    return content


def in_force(contents: Iterable[Content], now: datetime) -> list[Content]:
    return [c for c in contents if c.in_force(now)]


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds")
