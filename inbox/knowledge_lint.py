"""The linter's findings about one article, beside its review."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from bot.model import ContentKind
from inbox.auth import console
from inbox.knowledge_desk import kb, now
from inbox.language import zone
from kb.articles import Content, Review
from kb.lint import Fault, lint

NEIGHBOURS = 60
"""Articles one is compared with: comparing all with all takes seconds, and webhooks share this process."""
_OPEN = (Review.DRAFT, Review.IN_REVIEW, Review.APPROVED)


def findings(content: Content) -> list[Fault]:
    """What concerns `content`, worst first."""
    disclosures = kb().listing(ContentKind.DISCLOSURE, (Review.APPROVED,))
    articles = nearest(content, kb().listing(ContentKind.ARTICLE, _OPEN))
    limits = {str(channel): adapter.capabilities for channel, adapter in console().channels.items()}
    found = lint([*articles, *disclosures], limits=limits, now=now(), zone=zone())
    return [fault for fault in found if fault.article == content.id or content.id in fault.others]


def nearest(content: Content, articles: Sequence[Content]) -> list[Content]:
    """The versions of `content` itself and of the articles with an answer or a question most like one of its own."""
    own, answers = _pairs(*content.questions), set(content.answer.values())

    def likeness(other: Content) -> tuple[bool, float]:
        shares = [len(own & one) / len(one) for q in other.questions if (one := _pairs(q))]
        return bool(answers & set(other.answer.values())), max(shares, default=0.0)

    same = [a for a in articles if a.id == content.id]
    others = sorted((a for a in articles if a.id != content.id), key=likeness, reverse=True)
    return [*same, *others[:NEIGHBOURS]]


def _pairs(*questions: str) -> set[tuple[str, str]]:
    """Neighbouring characters: what two phrasings of one thing have in common."""
    return {pair for question in questions for pair in pairwise(question.casefold())}
