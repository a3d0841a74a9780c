"""`make answers`: the live decision on our own sets; writes docs/answers.md and its two pictures."""

from __future__ import annotations

import json
from dataclasses import astuple
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from bot.compose import encoder
from bot.evaluation import outcome_of
from handlers import build_mind
from handlers.triage import classifier
from handlers.triage import evaluate as triage
from kb import desk
from kb.bounds import percent, upper_bound
from kb.evaluate import Question, auroc, evaluate, read_questions
from kb.live import Knowledge
from tests.answers import NAMES, SETS
from tests.answers.fit import Fitted, fit
from tests.answers.pictures import Point, chart, diagonal, interval

ROOT = Path(__file__).parents[2]
DOCS, CACHE, LOCALE = ROOT / "docs", ROOT / "var" / "cache", "zh-TW"
_EDGES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0)


def main() -> None:
    finder = Knowledge.from_articles(
        [*desk.shipped(), *desk.drafts_of(ROOT / "kb/sample/articles.jsonl")], CACHE
    )
    mind = build_mind(finder, encode=encoder(CACHE), tz=ZoneInfo("Asia/Taipei"))
    mind.warm()
    finder.find("暖機", LOCALE)
    sets = {name: read_questions(SETS / f"{name}.jsonl") for name in NAMES}
    results = {
        name: evaluate(questions, lambda text: outcome_of(mind, text, LOCALE), finder, LOCALE)
        for name, questions in sets.items()
    }
    sure, right = _confidences(finder, [q for questions in sets.values() for q in questions])
    pictures = DOCS / "answers"
    pictures.mkdir(exist_ok=True)
    (pictures / "reliability.svg").write_text(_reliability(sure, right), encoding="utf-8")
    (pictures / "risk_coverage.svg").write_text(_risk(sure, right), encoding="utf-8")
    page = _page(results, _triage(), len(sure), auroc(sure, right), fit())
    (DOCS / "answers.md").write_text(page, encoding="utf-8")
    print(json.dumps(results, indent=1))


def _confidences(finder: Knowledge, questions: list[Question]) -> tuple[np.ndarray, np.ndarray]:
    best = [(q, finder.ranking(q.text, LOCALE)) for q in questions]
    sure = np.array([found[0].confidence if found else 0.0 for _, found in best])
    return sure, np.array([bool(found) and found[0].ref.id in q.articles for q, found in best])


def _reliability(sure: np.ndarray, right: np.ndarray) -> str:
    shapes = [diagonal()]
    for low, high in pairwise(_EDGES):
        inside = (sure >= low) & ((sure < high) | (high == 1.0))
        n, good = int(inside.sum()), int((inside & right).sum())
        if n:
            bounds = 1 - upper_bound(n - good, n, 0.975), upper_bound(good, n, 0.975)
            shapes.append(interval(float(sure[inside].mean()), bounds[0], good / n, bounds[1], n))
    title = "Is 80 % sure right 80 % of the time? (dots: share right, n, 95 % interval)"
    return chart(title, "confidence", "share right", 1.0, [], shapes)


def _risk(sure: np.ndarray, right: np.ndarray) -> str:
    order = np.argsort(-sure, kind="stable")
    wrong = np.cumsum(~right[order])
    line: list[Point] = []
    for n in range(10, len(order) + 1):
        if n == len(order) or sure[order[n]] != sure[order[n - 1]]:
            line.append((n / len(order), upper_bound(int(wrong[n - 1]), n)))
    title = "95 % upper bound of the wrong share, by share of questions answered"
    return chart(title, "share of all questions answered", "wrong among answered, at most", 1.0, line)


def _triage() -> dict[str, Any]:
    rows = [
        json.loads(line) for line in (SETS.parent / "triage.jsonl").read_text("utf-8").splitlines() if line
    ]
    return triage([(r["text"], r["label"]) for r in rows], classifier(encode=encoder(CACHE)))


def _page(
    results: dict[str, dict[str, Any]], rules: dict[str, Any], n_all: int, area: float | None, fitted: Fitted
) -> str:
    lines = [
        "# Answers: what the live decision does on our own questions",
        f"\nMade by `make answers` ({datetime.now(ZoneInfo('Asia/Taipei')):%Y-%m-%d}), sample knowledge, `confident`.",
        "Bounds are one-sided 95 % Clopper-Pearson. The questions were written by one author in one style: they",
        "show direction, they prove nothing about a firm's own traffic.\n",
        "| set | n | answered | right | wrong | wrong share ≤ | asked | missed | people | not P@1 (≤) | not R@3 (≤) |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, r in results.items():
        misses = [_missed(r[key], r["n"]) for key in ("precision_at_1", "recall_at_3")]
        bound = percent(upper_bound(r["wrong"], r["answered"]))
        counts = f"{r['n']} | {r['answered']} | {r['right']} | {r['wrong']} | {bound}"
        rest = f"{r['clarified']} | {r['missed']} | {r['handed_off']}"
        lines.append(f"| {name} | {counts} | {rest} | {' | '.join(misses)} |")
    lines += [
        f"\nConfidence tells right first answers from all others with AUROC {area:.3f} over the {n_all} questions.",
        "\n![Reliability](answers/reliability.svg)\n\n![Risk and coverage](answers/risk_coverage.svg)\n",
        *_others(fitted),
        "\n## Hand-off rules\n\nOn `tests/data/triage.jsonl`, on which they were also written.\n",
        "| label | n | not recognised | at most |",
        "|---|---|---|---|",
    ]
    for label, predicted in sorted(rules["confusion"].items()):
        n = sum(predicted.values())
        missed = n - predicted.get(label, 0)
        lines.append(f"| {label} | {n} | {missed} | {percent(upper_bound(missed, n))} |")
    return "\n".join(lines) + "\n"


def _others(fitted: Fitted) -> list[str]:
    rows = [
        "## Knowledge bases of other firms\n",
        "`python -m tests.answers.fit` fits the weights of the search on the sample and on two made-up firms",
        "(`tests/data/search`: 220 fine-grained Chinese intents, 77 English ones; phrasings and questions by different",
        "hands that did not see each other's). The search alone, best article and best three, AUROC, and the share of",
        "all questions that one threshold answers at 1 % wrong; in brackets with weights that never saw that firm.\n",
        "| base | n | P@1 | R@3 | AUROC | answered at 1 % |",
        "|---|---|---|---|---|---|",
    ]
    for name, (seen, unseen) in fitted.worth.items():
        pairs = zip(astuple(seen), astuple(unseen), strict=True)
        rows.append(
            f"| {name} | {fitted.questions[name]} | {' | '.join(f'{a:.3f} ({b:.3f})' for a, b in pairs)} |"
        )
    return rows


def _missed(share: float | None, n: int) -> str:
    if share is None:
        return "–"
    missed = round((1 - share) * n)
    return f"{missed} ({percent(upper_bound(missed, n))})"


if __name__ == "__main__":
    main()
