"""Whether direct answers of a product class are earned: labelled traffic in, a threshold and a bound on its error out.

Pure functions. A label says of one question whether the first candidate of the search was the right article. A part of
them fits a threshold, the rest proves it; one question never serves both. The proof is looked at again with each label,
so its bound is one that holds at every look (kb/bounds.py), and the threshold changes only when the part that fits has
doubled; each of these thresholds has its own share of the 5 %. Why so: docs/decisions/0008-earned-answers.md
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bot.model import Finding, ProductClass
from kb.bounds import CERTAINTY, enough, lasting_bound

DEFAULT_LIMIT = 0.005
"""Wrong among direct answers that a firm accepts until compliance sets something else."""
LARGEST_LIMIT = 0.05
FIT_SHARE = 1 / 3
AIM = 0.5
"""Of the limit: a fitted threshold errs by up to twice its target in one case of ten (measured in the study)."""
COVERED = 0.5
"""Share of the customer's words, by rarity, that an article must know to be said without being asked back."""
UNSEEN = 0.5
"""Of a wrong one, added in fitting: Jeffreys' estimate of a rate."""
ANOTHERS = ("reworded", "reordered")
"""Effects of the firm's model after which the first candidate is no longer the search's for the customer's words."""
_EVER = datetime.min.replace(tzinfo=UTC)
FIRST_FIT = 1 / 3
"""Of what a spotless proof takes: so many labels fit the first threshold. Where they are there, the proof has twice as
many, and next to none has to wait for the threshold alone."""


@dataclass(frozen=True, slots=True)
class Label:
    """`id` is that of the question. `confidence` 0..1 is the one the search gave its first candidate then; `at` is when
    somebody first said whether it was right."""

    id: str
    product_class: str
    confidence: float
    right: bool
    reviewed: bool = False
    at: datetime = _EVER


@dataclass(frozen=True, slots=True)
class Standing:
    """A class today. `n`, `wrong`, `bound` are about the proof part at or above `threshold`, `reviewed` of those were
    judged by compliance, the others chosen by customers. `missing`: how many more there, all right, would do.
    `bound` holds with 95 % for all thresholds and all looks of the class together. `threshold` is None where none could
    be fitted; then n is 0 and the bound 1."""

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


@dataclass(frozen=True, slots=True)
class Stage:
    """A threshold, fitted on the first labels of its part and not changed since; `settled` once they were enough.
    `certainty` is what its bound is given, so that all stages together keep the 5 %."""

    threshold: float
    certainty: float
    settled: bool


def stages(fitting: Sequence[Label], limit: float) -> tuple[Stage, ...]:
    """The thresholds that labels, in the order they came, have had: one at the first fit, one at each doubling since.

    Before the first there is a passing one, which shows how things stand and turns nothing on.
    """
    size, spent = first_fit(limit), (1 - CERTAINTY) / 2
    if len(fitting) < size:
        passing = fit(fitting, limit)
        return () if passing is None else (Stage(passing, 1 - spent, settled=False),)
    found = []
    while size <= len(fitting):
        threshold = fit(fitting[:size], limit)
        if threshold is not None:
            found.append(Stage(threshold, 1 - spent, settled=True))
        size, spent = 2 * size, spent / 2
    return tuple(found)


def first_fit(limit: float) -> int:
    """How many labels fit the first threshold that counts."""
    return math.ceil(FIRST_FIT * enough(0, limit, (1 + CERTAINTY) / 2))


def stand(product_class: str, labels: Sequence[Label], limit: float) -> Standing:
    """Where a class stands on its labels, which must be one a question."""
    ordered = sorted(labels, key=lambda label: (label.at, label.id))
    fitting = [label for label in ordered if fits(label)]
    proving = [label for label in ordered if not fits(label)]
    empty = Standing(product_class, limit, labels=len(labels))
    found = [_proved(empty, stage, proving) for stage in stages(fitting, limit)]
    lacking = math.ceil(max(0, first_fit(limit) - len(fitting)) * (1 - FIT_SHARE) / FIT_SHARE - 1e-9)
    if not found:
        return replace(empty, missing=max(lacking, enough(0, limit, (1 + CERTAINTY) / 2)))
    # Every threshold that has proved itself is good: the lowest of them answers most. Else the one that lacks least.
    best = min(found, key=lambda one: (not one.on, one.threshold if one.on else one.missing))
    return best if best.on else replace(best, missing=max(best.missing, lacking))


def _proved(empty: Standing, stage: Stage, proving: Sequence[Label]) -> Standing:
    proof = [label for label in proving if label.confidence >= stage.threshold]
    wrong = sum(not label.right for label in proof)
    needed = enough(wrong, empty.limit, stage.certainty)
    return replace(
        empty,
        threshold=stage.threshold,
        n=len(proof),
        wrong=wrong,
        bound=lasting_bound(wrong, len(proof), stage.certainty),
        on=stage.settled and len(proof) >= needed,
        missing=max(0, needed - len(proof)),
        reviewed=sum(label.reviewed for label in proof),
    )


def standings(labels: Iterable[Label], limit: float) -> tuple[Standing, ...]:
    """Every class, also those without a label. Of a question judged twice the review counts, not the choice; its place
    is that of the first of them."""
    once: dict[str, Label] = {}
    for label in labels:
        known = once.get(label.id)
        if known is None:
            once[label.id] = label
        else:
            counts = label if label.reviewed or not known.reviewed else known
            once[label.id] = replace(counts, at=min(label.at, known.at))
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
