"""How good the live decision is on labelled questions; the result's keys are those of `flask kb evaluate`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.errors import BadPayload
from bot.model import Found
from kb.live import Knowledge

Outcome = Callable[[str], tuple[str, str | None]]
"""What the whole chain does with a first message: (answered | clarified | missed | handed_off, article id or None)."""

LIMITS = (0.005, 0.01, 0.02, 0.05)
_OUTCOMES = ("answered", "clarified", "missed", "handed_off")


@dataclass(frozen=True, slots=True)
class Question:
    """`articles`: any of them is right; none: the right thing is not to answer."""

    text: str
    articles: frozenset[str]


def read_questions(path: Path) -> list[Question]:
    """Raises BadPayload with the line that does not fit."""
    questions = []
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadPayload(f"Cannot read {path.name} as UTF-8 text.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            questions.append(Question(str(entry["question"]), frozenset(map(str, entry["articles"]))))
        except (ValueError, KeyError, TypeError) as error:
            raise BadPayload(f"{path.name}, line {number}: needs question and articles.") from error
    return questions


def evaluate(
    questions: Sequence[Question], outcome: Outcome, finder: Knowledge, locale: str
) -> dict[str, Any]:
    """Counts, shares 0..1, milliseconds a decision and seconds to build the index. Raises BadPayload without questions.

    Ranking figures come from the finder alone; counts and times from `outcome`, which runs the live chain.
    """
    if not questions:
        raise BadPayload("There are no questions to evaluate.")
    index_s = finder.build()
    counts = dict.fromkeys(_OUTCOMES, 0)
    right = 0
    took: list[float] = []
    rankings: list[tuple[Found, ...]] = []
    for question in questions:
        started = time.perf_counter()
        what, article = outcome(question.text)
        took.append((time.perf_counter() - started) * 1000)
        counts[what] += 1
        right += what == "answered" and article in question.articles
        rankings.append(finder.ranking(question.text, locale))
    ranked = [[found.ref.id for found in ranking] for ranking in rankings]
    sure = np.array([ranking[0].confidence if ranking else 0.0 for ranking in rankings])
    correct = np.array([bool(r) and r[0] in q.articles for r, q in zip(ranked, questions, strict=True)])
    answerable = [(q, r) for q, r in zip(questions, ranked, strict=True) if q.articles]
    return {
        "n": len(questions),
        **counts,
        "right": right,
        "wrong": counts["answered"] - right,
        "precision_at_1": _share(r[:1] and r[0] in q.articles for q, r in answerable),
        "recall_at_3": _share(bool(q.articles.intersection(r[:3])) for q, r in answerable),
        "auroc": auroc(sure, correct),
        "coverage_at_wrong": {f"{limit:g}": coverage(sure, correct, limit) for limit in LIMITS},
        "ms_p50": round(float(np.percentile(took, 50)), 2),
        "ms_p95": round(float(np.percentile(took, 95)), 2),
        "index_s": round(index_s, 3),
    }


def auroc(sure: np.ndarray, correct: np.ndarray) -> float | None:
    """The chance that a right one is surer than another, ties counting half; None where there is only one kind."""
    right, wrong = sure[correct], np.sort(sure[~correct])
    if not len(right) or not len(wrong):
        return None
    below = np.searchsorted(wrong, right, "left") + np.searchsorted(wrong, right, "right")
    return round(float(below.mean() / (2 * len(wrong))), 4)


def coverage(sure: np.ndarray, correct: np.ndarray, limit: float) -> float:
    """The largest share of all questions that one threshold answers with at most `limit` of the answers wrong."""
    order = np.argsort(-sure, kind="stable")
    sorted_sure = sure[order]
    wrong = np.cumsum(~correct[order])
    answered = np.arange(1, len(order) + 1)
    # a threshold takes all of equal confidence or none
    last_of_equals = np.r_[sorted_sure[1:] != sorted_sure[:-1], True]
    fits = np.flatnonzero(last_of_equals & (wrong <= limit * answered))
    return round(float(answered[fits[-1]] / len(order)), 4) if len(fits) else 0.0


def by_finder(finder: Knowledge, locale: str) -> Outcome:
    """The search alone, without the handlers' hand-offs: what `docs/knowledge.md` measures."""
    names = {"answer": "answered", "ask": "clarified", "miss": "missed"}

    def outcome(text: str) -> tuple[str, str | None]:
        finding = finder.find(text, locale)
        return names[finding.verdict], finding.candidates[0].ref.id if finding.verdict == "answer" else None

    return outcome


def _share(hits: Iterable[Any]) -> float | None:
    counted = [bool(hit) for hit in hits]
    return round(sum(counted) / len(counted), 4) if counted else None
