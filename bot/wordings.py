"""Customers' own words on their way to an author: shown masked, and stored only by a person's deliberate act.

Nothing of a customer gets into an article by itself (docs/decisions/0011): an author writes, or takes over single
questions after reading them, and says that they hold nothing of a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.masking import find, mask
from bot.model import DEFAULT_LOCALE, ContentKind, Role, Staff
from bot.store.questions import QuestionStore
from kb import review
from kb.articles import Content, Review
from kb.review import UNWRITTEN, Audit, Draft
from kb.sources import BadRow
from kb.sources.rows import TAIPEI, row
from kb.store import Store

AUTHORS = (Role.SUPERVISOR, Role.COMPLIANCE)
"""They may read others' conversations, and may write."""
LONGEST = 300
MOST = 50
_OPEN = (Review.DRAFT, Review.IN_REVIEW, Review.SCHEDULED, Review.APPROVED)


@dataclass(frozen=True, slots=True)
class Wish:
    """A draft to be made of a group. `base` is the newest version of `article` that the author knew, 0 for a new one;
    `take` are ids of questions to be taken over word for word, `own` the author's lines; `clean` is the author's word
    that none of them holds anything of a person."""

    article: str
    base: int = 0
    take: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    clean: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """What people may read of a question. `whole`: no personal data was found in it, so it may be taken over."""

    text: str
    whole: bool


def shown(store: QuestionStore, ids: Iterable[str]) -> dict[str, Wording]:
    """By id; a question whose customer was erased is left out."""
    found = store.some(list(dict.fromkeys(ids)))
    texts = {one.id: one.text[:LONGEST] for one in found if one.text}
    return {one: Wording(mask(text).masked, not private(text)) for one, text in texts.items()}


def masked(store: QuestionStore, ids: Iterable[str]) -> dict[str, str]:
    """As `shown`, the texts alone."""
    return {one: wording.text for one, wording in shown(store, ids).items()}


def private(text: str) -> bool:
    """Whether something in it is known for personal data. Names are not: only a reader tells them from words."""
    return bool(find(text, "model")) or mask(text).masked != text


def one_line(text: str) -> str:
    return " ".join(text.split())


def draft_of(
    wish: Wish,
    offered: Iterable[str],
    author: Staff,
    store: QuestionStore,
    kb: Store,
    audit: Audit,
    now: datetime | None = None,
) -> Content:
    """A new article whose answer is to be written (no approval lets it pass), or the next version of a known one.

    `offered` are the questions the author was shown. Raises NotAllowed; NotFound where a question is gone; Conflict
    where somebody else saved a version meanwhile; BadPayload, with a sentence for the author.
    """
    if author.role not in AUTHORS:
        raise NotAllowed(
            "Only a supervisor or a compliance officer writes articles from customers' questions."
        )
    questions = _questions(wish, set(offered), store)
    newest = next(iter(kb.versions(ContentKind.ARTICLE, wish.article)), None)
    if (newest.version if newest else 0) != wish.base:
        raise Conflict(f"There is another version of {wish.article} by now: look at it first.")
    draft = _new(wish.article, questions) if newest is None else _next(kb, wish.article, questions)
    noted = {"taken": list(wish.take), "written": len(questions) - len(wish.take)}
    return review.create(kb, [draft], author.id, _telling(audit, wish.base, noted), now)[0]


def _questions(wish: Wish, offered: set[str], store: QuestionStore) -> tuple[str, ...]:
    take = list(dict.fromkeys(wish.take))
    own = [line for text in wish.own if (line := one_line(text))]
    if (take or own) and not wish.clean:
        raise BadPayload("Confirm that these questions hold nothing of a person.")
    if not set(take) <= offered:
        raise BadPayload("Only questions of this group can be taken over.")
    found = {one.id: one_line(one.text[:LONGEST]) for one in store.some(take)}
    if any(not found.get(one) for one in take):
        raise NotFound("A question you chose was erased meanwhile.")
    questions = [*(found[one] for one in take), *own]
    if any(private(text) for text in questions):
        raise BadPayload("A question holds personal data: write it in your own words.")
    if len(questions) > MOST:
        raise BadPayload(f"At most {MOST} questions at a time.")
    return tuple(dict.fromkeys(questions))


def _new(article: str, questions: tuple[str, ...]) -> Draft:
    """Checked as an imported row is. Without questions it is the author's to write them, too."""
    cells = {"id": article, "questions": list(questions) or ["-"], "product_class": "general"}
    checked = row(1, {**cells, "answer": {DEFAULT_LOCALE: UNWRITTEN}}, TAIPEI)
    if isinstance(checked, BadRow):
        raise BadPayload(checked.reason)
    return Draft(checked.draft.id, {DEFAULT_LOCALE: UNWRITTEN}, questions, tags=("gap",))


def _next(kb: Store, article: str, questions: tuple[str, ...]) -> Draft:
    versions = kb.versions(ContentKind.ARTICLE, article)
    open_ones = [one for one in versions if one.status in _OPEN]
    if not open_ones:
        raise Conflict(f"{article} is retired: write a new article.")
    before = open_ones[0]
    more = [one for one in questions if one not in before.questions]
    if not more:
        raise BadPayload("Choose or write a question that the article does not have yet.")
    return Draft(
        article,
        before.answer,
        (*before.questions, *more),
        before.product_class,
        before.tags,
        before.valid_from,
        before.valid_until,
        before.imported,
    )


def _telling(audit: Audit, base: int, more: Mapping[str, Any]) -> Audit:
    """The audit hook with what was taken over; it refuses, within the transaction, a version that does not follow
    `base`."""

    def add(actor: str, action: str, target: str, detail: Mapping[str, Any], session: Any) -> None:
        if detail["version"] != base + 1:
            raise Conflict("Somebody else saved a version while you were writing.")
        audit(actor, action, target, {**detail, **more}, session)

    return add
