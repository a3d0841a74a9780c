"""Durations in buckets of fixed logarithmic width, so that those of many days merge into exact counts.

A percentile read off a bucket is within `ERROR` of the true one, above and below; count, sum and so the mean are exact.
The bucket rule is DDSketch's (Masson, Rim, Lee: DDSketch, a fast and fully-mergeable quantile sketch with
relative-error guarantees, VLDB 2019, section 2.1).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

ERROR = 0.02
"""Relative."""
SHORTEST_S = 0.001
"""What is shorter shares one bucket, read as 0."""
_GAMMA = (1 + ERROR) / (1 - ERROR)
_LOG = math.log(_GAMMA)
_ZERO = -10_000


@dataclass(slots=True)
class Sketch:
    """`buckets` counts by exponent; `total` in seconds."""

    n: int = 0
    total: float = 0.0
    buckets: Counter[int] = field(default_factory=Counter)

    def add(self, seconds: float) -> None:
        """Below zero, as two clocks may have it, counts as zero."""
        value = max(0.0, seconds)
        self.n += 1
        self.total += value
        self.buckets[_ZERO if value <= SHORTEST_S else math.ceil(math.log(value) / _LOG)] += 1

    def merge(self, other: Sketch) -> None:
        self.n += other.n
        self.total += other.total
        for exponent, n in other.buckets.items():
            self.buckets[exponent] += n

    @property
    def mean(self) -> float | None:
        """Seconds; None where nothing was measured."""
        return self.total / self.n if self.n else None

    def quantile(self, share: float) -> float | None:
        """The smallest duration that at least `share` (0..1] of all do not exceed (nearest rank), within ERROR."""
        if not self.n:
            return None
        rank, seen = max(1, math.ceil(share * self.n)), 0
        for exponent in sorted(self.buckets):
            seen += self.buckets[exponent]
            if seen >= rank:
                break
        return 0.0 if exponent == _ZERO else float(2 * _GAMMA**exponent / (_GAMMA + 1))

    def document(self) -> dict[str, Any]:
        return {"n": self.n, "s": round(self.total, 3), "b": {str(k): v for k, v in self.buckets.items()}}

    @classmethod
    def of(cls, doc: dict[str, Any] | None) -> Sketch:
        if not doc:
            return cls()
        return cls(doc["n"], doc["s"], Counter({int(k): v for k, v in doc["b"].items()}))
