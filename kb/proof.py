"""Whether direct answers of a product class are earned: labelled traffic in, a threshold and a bound on its error out.

Pure functions. A label says of one question whether the first candidate of the search was the right article. A part of
them fits a threshold, the rest proves it; one question never serves both. Why so: docs/decisions/0008-earned-answers.md
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.model import Finding, ProductClass

DEFAULT_LIMIT = 0.005
"""Wrong among direct answers that a firm accepts until compliance sets something else."""
LARGEST_LIMIT = 0.05
CERTAINTY = 0.95
FIT_SHARE = 1 / 3
AIM = 0.5
"""Of the limit: a fitted threshold errs by up to twice its target in one case of ten (measured in the study)."""
COVERED = 0.5
"""Share of the customer's words, by rarity, that an article must know to be said without being asked back."""
UNSEEN = 0.5
"""Of a wrong one, added in fitting: Jeffreys' estimate of a rate."""
ANOTHERS = ("reworded", "reordered")
"""Effects of the firm's model after which the first candidate is no longer the search's for the customer's words."""
_STEPS = 60


@dataclass(frozen=True, slots=True)
class Label:
    """`id` is that of the question. `confidence` 0..1 is the one the search gave its first candidate then."""

    id: str
    product_class: str
    confidence: float
    right: bool
    reviewed: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A class today. `n`, `wrong`, `bound` are about the proof part at or above `threshold`, `reviewed` of those were
    judged by compliance, the others chosen by customers. `missing`: how many more there, all right, would do.
    `threshold` is None where none could be fitted; then n is 0 and the bound 1."""

    product_class: str
    limit: float
    threshold: float | None = None
    n: int = 0
    wrong: int = 0
    bound: float = 1.0
    on: bool = False
    missing: int = 0
    reviewed: int = 0
    labels: int = 0
    since: datetime | None = None

    @property
    def replies(self) -> int:
        """How many labelled questions that many in the proof take, as a part of them goes to the fit."""
        return math.ceil(self.missing / (1 - FIT_SHARE) - 1e-9)


@dataclass(frozen=True, slots=True)
class State:
    """What holds for the firm: the limit, who set it and why, and where each class stands."""

    limit: float
    classes: tuple[Standing, ...]
    revision: int = 0
    set_by: str | None = None
    set_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Earned:
    """The part of a state that decides: the threshold of each class that is on."""

    revision: int = 0
    thresholds: Mapping[str, float] = field(default_factory=dict)


def upper_bound(wrong: int, n: int, certainty: float = CERTAINTY) -> float:
    """Clopper-Pearson: the error rate above which so few wrong ones in n would be a chance under 1 - certainty.

    One-sided and exact; 1.0 where nothing was seen. 0 in 598 is 0.5 %, as 0 in 299 is 1 %.
    """
    if not 0 <= wrong <= n:
        raise ValueError(f"{wrong} wrong of {n} is no count")
    if wrong == n:
        return 1.0
    low, high = wrong / n, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if at_most(wrong, n, middle) > 1 - certainty:
            low = middle
        else:
            high = middle
    return high


def percent(share: float) -> str:
    """Two digits, rounded up: a bound must not look better than it is."""
    return f"{math.ceil(round(share * 1e4, 6)) / 100:.2f} %"


def at_most(wrong: int, n: int, rate: float) -> float:
    """The chance of `wrong` or fewer among n at this error rate (the binomial distribution), 0 < rate < 1."""
    term = n * math.log1p(-rate)
    odds = math.log(rate) - math.log1p(-rate)
    terms = [term]
    for k in range(wrong):
        term += math.log(n - k) - math.log(k + 1) + odds
        terms.append(term)
    return math.fsum(map(math.exp, terms))


def enough(wrong: int, limit: float, certainty: float = CERTAINTY) -> int:
    """The smallest n at which this many wrong ones keep the bound within `limit`."""
    low, high = wrong, max(1, 2 * wrong)
    while at_most(wrong, high, limit) > 1 - certainty:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at_most(wrong, middle, limit) > 1 - certainty else (low, middle)
    return high


def fits(label: Label) -> bool:
    """Whether this question is of the part that fits; the same for ever, whoever asks."""
    first = int.from_bytes(hashlib.sha256(label.id.encode()).digest()[:8], "big")
    return first < FIT_SHARE * 2**64


def fit(labels: Iterable[Label], limit: float) -> float | None:
    """The lowest confidence at or above which half of `limit` is kept, where half a wrong one more is assumed than was
    seen: without that the lowest of many is picked for its luck, and the proof fails. Too few for that: the lowest
    above which none is wrong. None where even the surest is."""
    ordered = sorted(labels, key=lambda label: -label.confidence)
    spotless, kept, wrong = None, None, 0
    for count, label in enumerate(ordered, start=1):
        wrong += not label.right
        # a threshold takes all of equal confidence or none
        if count < len(ordered) and ordered[count].confidence == label.confidence:
            continue
        if wrong == 0:
            spotless = label.confidence
        if wrong + UNSEEN <= AIM * limit * (count + 1):
            kept = label.confidence
    return spotless if kept is None else kept


def stand(product_class: str, labels: Sequence[Label], limit: float) -> Standing:
    """Where a class stands on its labels, which must be one a question."""
    threshold = fit((label for label in labels if fits(label)), limit)
    if threshold is None:
        return Standing(product_class, limit, missing=enough(0, limit), labels=len(labels))
    proof = [label for label in labels if not fits(label) and label.confidence >= threshold]
    wrong = sum(not label.right for label in proof)
    bound = upper_bound(wrong, len(proof))
    needed = enough(wrong, limit)
    return Standing(
        product_class,
        limit,
        threshold=threshold,
        n=len(proof),
        wrong=wrong,
        bound=bound,
        on=len(proof) >= needed,
        missing=max(0, needed - len(proof)),
        reviewed=sum(label.reviewed for label in proof),
        labels=len(labels),
    )


def standings(labels: Iterable[Label], limit: float) -> tuple[Standing, ...]:
    """Every class, also those without a label. Of a question judged twice the review counts, not the choice."""
    once: dict[str, Label] = {}
    for label in labels:
        known = once.get(label.id)
        if known is None or label.reviewed or not known.reviewed:
            once[label.id] = label
    by_class: defaultdict[str, list[Label]] = defaultdict(list)
    for label in once.values():
        by_class[label.product_class].append(label)
    return tuple(stand(str(name), by_class[str(name)], limit) for name in ProductClass)


def direct(trace: Mapping[str, Any]) -> bool:
    """Whether a search with this trace could be answered beyond exact wording: no contrast word speaks against the
    article, it knows enough of the customer's words, no earlier message was needed to understand this one, and the
    first candidate is the search's own and not what a model put there.

    The same test decides which labels count: exact wording is answered anyway, and would flatter the proof.
    """
    return (
        trace.get("search") == "ranked"
        and not trace.get("contrast")
        and not trace.get("follow_up")
        and (trace.get("model") or {}).get("effect") not in ANOTHERS
        and float(trace.get("coverage", 0.0)) >= COVERED
    )


def earned(state: State) -> Earned:
    thresholds = {s.product_class: s.threshold for s in state.classes if s.on and s.threshold is not None}
    return Earned(state.revision, thresholds)


def promoted(finding: Finding, rights: Earned) -> Finding:
    """A question back becomes an answer where the class of its first candidate has earned that."""
    if finding.verdict != "ask" or not finding.candidates:
        return finding
    best = finding.candidates[0]
    threshold = rights.thresholds.get(str(best.product_class))
    trace = finding.trace | {"proof": {"revision": rights.revision, "threshold": threshold}}
    sure = threshold is not None and best.confidence >= threshold and direct(finding.trace)
    return replace(finding, verdict="answer" if sure else "ask", trace=trace)
