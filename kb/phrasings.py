"""Which approved articles lack phrasings most: where a few more questions help the most customers.

Each phrasing up to about ten makes the search surer, so an article's need is its traffic times what it lacks of ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.model import ContentKind
from kb.articles import CJK, Content, in_force
from kb.search.normalise import knowledge

ENOUGH = 10


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
        _need(article, asked.get(article.id, 0))
        for article in in_force(contents, now)
        if article.kind is ContentKind.ARTICLE
    ]
    lacking = [need for need in found if need.phrasings < ENOUGH]
    return sorted(lacking, key=lambda need: (-need.weight, need.article))


def _need(article: Content, asked: int) -> Need:
    distinct = {knowledge(question): question for question in article.questions}
    english = sum(not CJK.search(question) for question in distinct.values())
    weight = (asked + 1) * (ENOUGH - len(distinct)) / ENOUGH
    return Need(article.id, article.title("zh-TW"), len(distinct), english, asked, weight)
