"""What a sample says of all replies: the share found right, how far chance reaches, and the share with weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.figures.rates import Rate
from kb.bounds import upper_bound


@dataclass(frozen=True, slots=True)
class Result:
    """Of `n` drawn, `reviewed` are settled and `passed` were right. `low`..`high`: Wilson's 95 % interval of the pass
    rate. `at_most`: Clopper-Pearson's one-sided 95 % bound on the share of faults; 0 of 100 is 2.95 %, the rule of
    three. `weighted`: the pass rate with each stratum in its share of all replies, None until each that was drawn from
    has a verdict. All shares 0..1."""

    n: int
    reviewed: int
    passed: int
    rate: float | None
    low: float | None
    high: float | None
    at_most: float | None
    weighted: float | None

    @property
    def complete(self) -> bool:
        return self.reviewed == self.n


def result(verdicts: Iterable[tuple[str, bool | None]], strata: Mapping[str, tuple[int, int]]) -> Result:
    """`verdicts`: (stratum, right, or None while it is open) of each that was drawn."""
    n = 0
    counts: dict[str, list[int]] = {}
    for stratum, right in verdicts:
        n += 1
        if right is not None:
            done = counts.setdefault(stratum, [0, 0])
            done[0] += 1
            done[1] += right
    reviewed, passed = (sum(pair[at] for pair in counts.values()) for at in (0, 1))
    rate = Rate(passed, reviewed)
    return Result(
        n=n,
        reviewed=reviewed,
        passed=passed,
        rate=rate.share,
        low=rate.low,
        high=rate.high,
        at_most=upper_bound(reviewed - passed, reviewed) if reviewed else None,
        weighted=_weighted(counts, strata),
    )


def _weighted(counts: Mapping[str, list[int]], strata: Mapping[str, tuple[int, int]]) -> float | None:
    drawn = {name: there for name, (there, places) in strata.items() if places}
    if not drawn or any(name not in counts for name in drawn):
        return None
    total = sum(drawn.values())
    return sum(there * counts[name][1] / counts[name][0] for name, there in drawn.items()) / total
