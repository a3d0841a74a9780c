"""Answer, ask or miss: the verdict on a ranking.

The confidence is a logistic of seven figures. `python -m tests.answers.fit` fits its weights, and prints what they are
worth on a firm they have not seen; docs/knowledge.md tells what it gives.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from bot.model import Finding, Found
from kb.articles import Content
from kb.search.index import Hit, Ranking

FEATURES = ("support", "lead", "coverage", "pairs", "concepts", "contrast", "length")
_WEIGHTS = (1.73, 2.96, 1.49, -1.43, 1.81, -1.55, 2.04)
_BIAS = -5.6
_LENGTH = 20
"""Characters of a question that says enough."""

ANSWER = 0.93
"""Shipped threshold of `confident`: surer than this is answered directly."""
ASK = 0.10
"""Below this even the best title is not worth a button."""
_COVERED = 0.5
"""An article that knows less than this share of the customer's words (by rarity) is offered, never said."""
_CHOICES = 3
_BEHIND = 1.1
"""A title whose rank is this far behind the best one is no choice."""


class Mode(StrEnum):
    """`TELLER_AUTO_ANSWER`. Exact wording is answered in every mode; the rest is asked, except in `confident`.

    `proven` answers directly only where reviewed traffic bounds the error; without such reviews it is `ask`.
    """

    ASK = "ask"
    CONFIDENT = "confident"
    PROVEN = "proven"


def features(hit: Hit, others: Sequence[Hit], normal: str) -> tuple[float, ...]:
    """The figures of FEATURES for the best hit of a normalised question: what it rests on, its lead over the best other
    article, the words and meanings covered, whether a word speaks against it, and how much was said."""
    lead = hit.rank - max((other.rank for other in others), default=hit.rank - 1.0)
    said = min(2.0, len(normal) / _LENGTH)
    against = 1.0 if hit.contrast else 0.0
    return hit.support, max(-1.0, min(1.0, lead)), hit.coverage, hit.pairs, hit.concepts, against, said


def confidence(hit: Hit, others: Sequence[Hit], normal: str) -> float:
    """0..1: how sure it is that this article answers the question."""
    figures = features(hit, others, normal)
    logit = _BIAS + sum(weight * figure for weight, figure in zip(_WEIGHTS, figures, strict=True))
    return 1.0 / (1.0 + math.exp(-logit))


def decide(ranking: Ranking, articles: Sequence[Content], mode: Mode, locale: str) -> Finding:
    """`articles` are those of the index that ranked. The trace holds figures and words of the lexicon, no text."""
    candidates = ranked(ranking, articles, locale)
    if ranking.exact:
        return _exact(ranking, candidates, articles)
    if not candidates:
        return Finding("miss", (), {"search": "empty"})
    best, trace = ranking.hits[0], _trace(ranking.hits[0], candidates[0].confidence)
    clear = best.contrast is None and best.coverage >= _COVERED
    if mode is Mode.CONFIDENT and candidates[0].confidence >= ANSWER and clear:
        return Finding("answer", candidates, trace)
    if candidates[0].confidence < ASK:
        return Finding("miss", candidates, trace)
    near = [c for c, hit in zip(candidates, ranking.hits, strict=True) if hit.rank >= best.rank - _BEHIND]
    return Finding("ask", tuple(distinct(near)[:_CHOICES]), trace)


def ranked(ranking: Ranking, articles: Sequence[Content], locale: str) -> tuple[Found, ...]:
    """Every candidate, best first, whatever the thresholds; articles with the very wording lead with confidence 1."""
    found = [_found(articles[n], 1.0, articles[n].title(locale), locale) for n in ranking.exact]
    for n, hit in enumerate(ranking.hits):
        if hit.position not in ranking.exact:
            sure = confidence(hit, [*ranking.hits[:n], *ranking.hits[n + 1 :]], ranking.normal)
            # a later rank never looks surer than an earlier one
            sure = min(sure, found[-1].confidence) if found else sure
            found.append(_found(articles[hit.position], sure, hit.question, locale))
    return tuple(found)


def _exact(ranking: Ranking, candidates: Sequence[Found], articles: Sequence[Content]) -> Finding:
    """The customer used an article's very words: answered in every mode.

    Two articles may share a question. Where their titles tell them apart the customer chooses; where not, a choice
    between two equal buttons would help nobody, and the one that was written first answers.
    """
    sharing = [articles[n] for n in ranking.exact]
    same_answer = len({tuple(sorted(article.answer.items())) for article in sharing}) == 1
    choices = distinct(candidates[: len(sharing)])
    trace: dict[str, Any] = {"search": "exact", "confidence": 1.0}
    if same_answer or len(choices) == 1:
        return Finding("answer", tuple(candidates), trace)
    return Finding("ask", tuple(choices[:_CHOICES]), trace | {"shared": len(sharing)})


def _found(article: Content, sure: float, question: str, locale: str) -> Found:
    return Found(article.ref, article.title(locale), article.product_class, round(float(sure), 4), question)


def distinct(candidates: Sequence[Found]) -> list[Found]:
    """Without titles that look the same to a customer."""
    seen: dict[str, Found] = {}
    for candidate in candidates:
        seen.setdefault(candidate.title.strip().casefold(), candidate)
    return list(seen.values())


def _trace(hit: Hit, sure: float) -> dict[str, Any]:
    figures = {
        "score": hit.score,
        "ridge": hit.ridge,
        "coverage": hit.coverage,
        "concepts": hit.concepts,
        "confidence": sure,
    }
    trace: dict[str, Any] = {"search": "ranked"} | {
        name: round(float(value), 4) for name, value in figures.items()
    }
    return trace | ({"contrast": hit.contrast} if hit.contrast else {})
