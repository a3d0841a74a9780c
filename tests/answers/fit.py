"""`python -m tests.answers.fit`: the weights of kb/search/index.py (order) and kb/search/decide.py (confidence).

Fitted on knowledge bases of two firms that never were, whole and with fewer phrasings and fewer articles, so that the
weights trust neither a thin knowledge base nor a question whose article is missing. Each base is also judged by weights
that were fitted without its firm: the second figure of each line.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.model import ContentKind
from kb import desk
from kb.articles import Content
from kb.evaluate import Question, auroc, coverage, read_questions
from kb.live import as_approved
from kb.search import encoders
from kb.search.decide import FEATURES, features
from kb.search.index import Hit, Index
from tests.answers import NAMES, SETS

ROOT = Path(__file__).parents[2]
CACHE = ROOT / "var" / "cache"
SEARCH = SETS.parent / "search"
Figures = npt.NDArray[np.float64]
ORDER = ("ridge", "support", "coverage", "pairs", "concepts", "against")
_RIVALS = 5
_STEPS = 60


@dataclass(frozen=True, slots=True)
class Base:
    """A knowledge base with questions; `firm` is what is left out together."""

    name: str
    firm: str
    articles: Sequence[Content]
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class Judged:
    base: Base
    question: Question
    hits: tuple[Hit, ...]
    normal: str

    def right(self, n: int) -> bool:
        return self.base.articles[self.hits[n].position].id in self.question.articles


def bases() -> Iterator[Base]:
    sample = [d for d in desk.drafts_of(ROOT / "kb/sample/articles.jsonl") if d.kind is ContentKind.ARTICLE]
    own = [q for name in NAMES for q in read_questions(SETS / f"{name}.jsonl")]
    own += read_questions(SETS.parent / "questions_sample.jsonl")
    firms = {
        "sample": (sample, own),
        "zh": (desk.drafts_of(SEARCH / "zh.jsonl"), read_questions(SEARCH / "zh_questions.jsonl")),
        "en": (desk.drafts_of(SEARCH / "en.jsonl"), read_questions(SEARCH / "en_questions.jsonl")),
    }
    now = datetime.now(UTC)
    for firm, (drafts, questions) in firms.items():
        articles = [as_approved(draft, now) for draft in drafts]
        yield Base(firm, firm, articles, questions)
        for phrasings in (1, 3):
            fewer = [replace(one, questions=one.questions[:phrasings]) for one in articles]
            yield Base(f"{firm}, {phrasings} phrasings", firm, fewer, questions)
        chance = random.Random(firm)
        left = [one for one in articles if chance.random() > 0.25]
        ids = frozenset(one.id for one in left)
        yield Base(
            f"{firm}, a quarter missing",
            firm,
            left,
            [replace(q, articles=q.articles & ids) for q in questions],
        )


def judged(base: Base) -> list[Judged]:
    index = Index(base.articles, encoders.available(), CACHE)
    found = []
    for question in base.questions:
        ranking = index.rank(question.text, limit=20)
        if ranking.hits:
            found.append(Judged(base, question, ranking.hits, ranking.normal))
    return found


def _order_of(hit: Hit) -> list[float]:
    return [hit.ridge, hit.support, hit.coverage, hit.pairs, hit.concepts, -float(hit.opposed)]


def order(rows: Sequence[Judged]) -> Figures:
    """Weights by which the right article stands before its strongest rivals; that of `support` is 1."""
    apart = []
    for row in rows:
        mine = next((n for n in range(len(row.hits)) if row.right(n)), None)
        if mine is not None:
            rivals = [n for n in range(len(row.hits)) if not row.right(n)][:_RIVALS]
            apart += [np.subtract(_order_of(row.hits[mine]), _order_of(row.hits[n])) for n in rivals]
    both = np.array([*apart, *(-one for one in apart)])
    weights = _logistic(both, np.r_[np.ones(len(apart)), np.zeros(len(apart))], bias=False)
    return weights / weights[ORDER.index("support")]


def precision(rows: Sequence[Judged], weights: Figures) -> tuple[float, float]:
    """(P@1, R@3) of questions that have an article."""
    first = third = n = 0
    for row in rows:
        if row.question.articles:
            ranked = np.argsort([-float(np.dot(weights, _order_of(hit))) for hit in row.hits], kind="stable")
            n, first = n + 1, first + row.right(int(ranked[0]))
            third += any(row.right(int(one)) for one in ranked[:3])
    return first / n, third / n


def confidence(rows: Sequence[Judged]) -> Figures:
    """Weights of FEATURES and, last, the constant."""
    return _logistic(_features(rows), np.array([row.right(0) for row in rows], float), bias=True)


def _features(rows: Sequence[Judged]) -> Figures:
    return np.array([features(row.hits[0], row.hits[1:], row.normal) for row in rows])


def _logistic(x: Figures, y: Figures, *, bias: bool) -> Figures:
    """Newton's method with a little ridge on standardised columns."""
    spread = x.std(axis=0) + 1e-9
    z = np.c_[x / spread, np.ones(len(x))] if bias else x / spread
    held = 2.0 * np.r_[np.ones(x.shape[1]), [1e-6] * bias]
    weights = np.zeros(z.shape[1])
    for _ in range(_STEPS):
        sure = 1 / (1 + np.exp(-np.clip(z @ weights, -30, 30)))
        slope = z.T @ (sure - y) + held * weights
        bend = (z * (sure * (1 - sure))[:, None]).T @ z + np.diag(held)
        weights -= np.linalg.solve(bend, slope)
    return np.r_[weights[: x.shape[1]] / spread, weights[x.shape[1] :]]


def _sure(rows: Sequence[Judged], weights: Figures) -> Figures:
    return np.c_[_features(rows), np.ones(len(rows))] @ weights


@dataclass(frozen=True, slots=True)
class Worth:
    """What weights are worth on a base; shares 0..1."""

    precision_at_1: float
    recall_at_3: float
    auroc: float | None
    answered_at_1_percent: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """`worth` by base: with weights fitted on all, and with weights that have not seen its firm."""

    order: Figures
    confidence: Figures
    questions: dict[str, int]
    worth: dict[str, tuple[Worth, Worth]]


def fit() -> Fitted:
    by_base = {base.name: judged(base) for base in bases()}
    everything = [row for rows in by_base.values() for row in rows]
    firms = {row.base.firm for row in everything}
    others = {firm: [row for row in everything if row.base.firm != firm] for firm in firms}
    unseen = {firm: (order(rows), confidence(rows)) for firm, rows in others.items()}
    seen = order(everything), confidence(everything)
    worth = {
        name: (_worth(rows, *seen), _worth(rows, *unseen[rows[0].base.firm]))
        for name, rows in by_base.items()
    }
    return Fitted(*seen, {name: len(rows) for name, rows in by_base.items()}, worth)


def _worth(rows: Sequence[Judged], by_order: Figures, by_confidence: Figures) -> Worth:
    right = np.array([row.right(0) for row in rows])
    sure = _sure(rows, by_confidence)
    return Worth(*precision(rows, by_order), auroc(sure, right), coverage(sure, right, 0.01))


def main() -> None:
    found = fit()
    for name, (seen, unseen) in found.worth.items():
        line = {
            "base": name,
            "n": found.questions[name],
            "fitted": asdict(seen),
            "without its firm": asdict(unseen),
        }
        print(json.dumps(line))
    print(json.dumps({"order": dict(zip(ORDER, found.order.round(2).tolist(), strict=True))}))
    named = dict(zip((*FEATURES, "constant"), found.confidence.round(2).tolist(), strict=True))
    print(json.dumps({"confidence": named}))


if __name__ == "__main__":
    main()
