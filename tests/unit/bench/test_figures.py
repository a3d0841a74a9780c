"""The bench's arithmetic: a wrong percentile would be worse than none."""

from __future__ import annotations

import itertools
import math

import pytest

from tests.bench.figures import arrivals, buckets, percentile, quantile, ratio, summary

PROMETHEUS = """\
# TYPE teller_decide_seconds histogram
teller_decide_seconds_bucket{le="0.01"} 10.0
teller_decide_seconds_bucket{le="0.1"} 90.0
teller_decide_seconds_bucket{le="+Inf"} 100.0
teller_decide_seconds_sum 4.2
other_bucket{le="0.01"} 7.0
"""


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_percentile_is_the_nearest_rank_whatever_the_order(share: float, expected: float) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_few_values_and_none() -> None:
    assert percentile([7.0], 0.99) == 7.0
    assert percentile([1.0, 2.0], 0.5) == 1.0
    assert math.isnan(percentile([], 0.5))
    assert math.isnan(summary([])["max"])


def test_ratio_without_a_base() -> None:
    assert ratio(3.0, 2.0) == 1.5
    assert math.isnan(ratio(1.0, 0.0))


def test_arrivals_are_as_many_as_the_rate_says_rising_and_repeatable() -> None:
    times = arrivals(50, 20, seed=1)
    assert len(times) == 1000
    assert times == sorted(times) == arrivals(50, 20, seed=1)
    assert times[0] >= 0
    assert times[-1] <= 20
    assert times != arrivals(50, 20, seed=2)


def test_arrivals_are_poisson_not_even() -> None:
    """Gaps of a Poisson process are exponential: their deviation is about their mean."""
    times = arrivals(100, 100, seed=3)
    gaps = [b - a for a, b in itertools.pairwise(times)]
    mean = sum(gaps) / len(gaps)
    deviation = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert 0.9 < deviation / mean < 1.1


def test_buckets_of_one_histogram_only() -> None:
    assert buckets(PROMETHEUS, "teller_decide_seconds") == {0.01: 10.0, 0.1: 90.0, math.inf: 100.0}


def test_quantile_of_what_came_between_two_readings() -> None:
    after = buckets(PROMETHEUS, "teller_decide_seconds")
    assert quantile({}, after, 0.5) == pytest.approx(0.01 + 0.09 * 40 / 80)
    assert quantile({}, after, 0.95) == 0.1
    assert quantile({0.01: 10.0, 0.1: 10.0, math.inf: 10.0}, after, 0.05) == pytest.approx(
        0.01 + 0.09 * 4.5 / 80
    )
    assert math.isnan(quantile(after, after, 0.5))
