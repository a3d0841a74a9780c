"""The arithmetic of a bench: percentiles, medians over rounds, arrival times, quantiles of a histogram."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping, Sequence
from statistics import median

__all__ = ["arrivals", "buckets", "median", "percentile", "quantile", "ratio", "summary"]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0..1) of `values` do not exceed (nearest rank); NaN for none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def summary(values: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and max, in the unit of `values`."""
    return {
        "p50": percentile(values, 0.50),
        "p95": percentile(values, 0.95),
        "p99": percentile(values, 0.99),
        "max": max(values, default=math.nan),
    }


def ratio(value: float, base: float) -> float:
    """`value` in units of `base`; NaN where there is no base."""
    return value / base if base else math.nan


def arrivals(rate: float, seconds: float, seed: int) -> list[float]:
    """Seconds from the start at which messages arrive: Poisson, exactly `rate * seconds` of them, rising.

    Given their number, the arrivals of a Poisson process are independent and uniform.
    """
    own = random.Random(seed)
    return sorted(own.uniform(0.0, seconds) for _ in range(round(rate * seconds)))


_BUCKET = re.compile(r'^(?P<name>\w+)_bucket\{(?:[^}]*,)?le="(?P<le>[^"]+)"[^}]*\} (?P<count>\S+)$')


def buckets(text: str, name: str) -> dict[float, float]:
    """Cumulative counts by upper bound of the histogram `name` without other labels, from Prometheus text."""
    found: dict[float, float] = {}
    for line in text.splitlines():
        match = _BUCKET.match(line)
        if match and match["name"] == name:
            found[float(match["le"])] = float(match["count"])
    return found


def quantile(before: Mapping[float, float], after: Mapping[float, float], share: float) -> float:
    """As PromQL's histogram_quantile over what came between two readings; NaN for nothing.

    Linear within a bucket, so it is as coarse as the buckets are.
    """
    bounds = sorted(after)
    counts = [after[bound] - before.get(bound, 0.0) for bound in bounds]
    total = counts[-1] if counts else 0.0
    if total <= 0:
        return math.nan
    rank, low, below = share * total, 0.0, 0.0
    for bound, count in zip(bounds, counts, strict=True):
        if count >= rank:
            if math.isinf(bound):
                return low
            return low + (bound - low) * (rank - below) / (count - below) if count > below else bound
        low, below = bound, count
    return low
