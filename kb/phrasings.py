"""Which approved articles lack phrasings most, what is new among suggested ones, and how they become a draft.

Each phrasing up to about ten makes the search surer, so an article's need is its traffic times what it lacks of ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.errors import Conflict, NotFound
from bot.model import ContentKind
from kb.articles import CJK, Content, Review, in_force
from kb.lint import pairs
from kb.lint.fault import Fault
from kb.review import Draft
from kb.search.normalise import knowledge, normalise

ENOUGH = 10
_STANDS = (Review.DRAFT, Review.IN_REVIEW, Review.SCHEDULED, Review.APPROVED)


@dataclass(frozen=True, slots=True)
class Need:
    """`phrasings` counts distinct questions after normalisation, `english` those of them without Chinese; `asked` is
    how often the article was answered or offered; `weight` orders the page and has no unit."""

    article: str
    title: str
    phrasings: int
    english: int
    asked: int
    weight: float


def needs(contents: Iterable[Content], asked: Mapping[str, int], now: datetime) -> list[Need]:
    """Articles in force with fewer than ten phrasings, the neediest first, then by id.

    `asked` counts by article id how often each was answered or offered to choose; one is added to each, so that a new
    knowledge base has an order too.
    """
    found = [
        need_of(article, asked.get(article.id, 0))
        for article in in_force(contents, now)
        if article.kind is ContentKind.ARTICLE
    ]
    lacking = [need for need in found if need.phrasings < ENOUGH]
    return sorted(lacking, key=lambda need: (-need.weight, need.article))


def need_of(article: Content, asked: int = 0) -> Need:
    distinct = {knowledge(question): question for question in article.questions}
    english = sum(not CJK.search(question) for question in distinct.values())
    weight = (asked + 1) * max(0, ENOUGH - len(distinct)) / ENOUGH
    return Need(article.id, article.title("zh-TW"), len(distinct), english, asked, weight)


def fresh(given: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """The texts of `given` that say something else than `known` and each other, by their normalised form.

    One of which nothing is left after normalisation is no phrasing.
    """
    seen = {knowledge(question) for question in known}
    found: dict[str, str] = {}
    for text in given:
        # Not remembered, as `knowledge` does: it may be a customer's.
        normal = normalise(text)
        if normal and normal not in seen:
            found.setdefault(normal, text)
    return found


def resembling(article: Content, given: Sequence[str], others: Iterable[Content]) -> dict[str, Fault]:
    """What the linter says of each suggestion beside the questions of other articles: the worst finding, by text."""
    # A trial article each, as the linter names one finding a pair of articles.
    trials = {
        f"\0{n}": replace(article, id=f"\0{n}", questions=(text,), answer={}) for n, text in enumerate(given)
    }
    beside = [one for one in others if one.id != article.id]
    found: dict[str, Fault] = {}
    for fault in sorted(pairs.faults([*trials.values(), *beside], (), None), key=lambda one: one.order):
        ids = (fault.article, *fault.others)
        real = tuple(one for one in ids if one not in trials)
        for one in ids:
            if one in trials and real:
                about = replace(fault, article=article.id, others=real)
                found.setdefault(trials[one].questions[0], about)
    return found


def base(versions: Sequence[Content]) -> Content:
    """The version that a new draft builds on: the newest that is not retired. `versions` newest first.

    Raises NotFound; Conflict where it is in review, as a new draft would take it from those who are reading it.
    """
    found = next((one for one in versions if one.status in _STANDS), None)
    if found is None:
        raise NotFound("This article is not in force any more.")
    if found.status is Review.IN_REVIEW:
        raise Conflict("A version of this article is in review: take phrasings over when it is decided.")
    return found


def extended(content: Content, added: Iterable[str]) -> Draft:
    """The next version: everything as it was, and these questions after the others. The title stays."""
    return Draft(
        content.id,
        dict(content.answer),
        (*content.questions, *added),
        content.product_class,
        content.tags,
        content.valid_from,
        content.valid_until,
        content.imported,
        content.kind,
    )
