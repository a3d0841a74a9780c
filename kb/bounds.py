"""Bounds on a rate of error, from counts alone: one for a single look, one that holds however often one looks.

`upper_bound` is Clopper-Pearson's, for a report that is made once. `lasting_bound` is for figures that are looked at
again with every label: it holds at all those moments at once, because a bet against each rate it leaves out would have
multiplied its stake by 1 / (1 - certainty), which a fair game allows no oftener than that, whenever one stops
(Ville's inequality; Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, 2024).
"""

from __future__ import annotations

import math
from collections.abc import Callable

CERTAINTY = 0.95
BETS = ((0.5, 0.0), (0.2, 0.15), (0.2, 0.4), (0.1, 0.75))
"""(share of the stake, true rate it bets on, as a part of the rate it bets against). The first loses all at the first
fault, the others are for classes that are not spotless. Any bets are sound: they decide how many labels it takes."""
_STEPS = 60


def upper_bound(wrong: int, n: int, certainty: float = CERTAINTY) -> float:
    """Clopper-Pearson: the error rate above which so few wrong ones in n would be a chance under 1 - certainty.

    One-sided and exact, for one look; 1.0 where nothing was seen. 0 in 598 is 0.5 %, as 0 in 299 is 1 %.
    """
    _checked(wrong, n)
    if wrong == n:
        return 1.0
    return _lowest(wrong / n, lambda rate: at_most(wrong, n, rate) <= 1 - certainty)


def at_most(wrong: int, n: int, rate: float) -> float:
    """The chance of `wrong` or fewer among n at this error rate (the binomial distribution), 0 < rate < 1."""
    term = n * math.log1p(-rate)
    odds = math.log(rate) - math.log1p(-rate)
    terms = [term]
    for k in range(wrong):
        term += math.log(n - k) - math.log(k + 1) + odds
        terms.append(term)
    return math.fsum(map(math.exp, terms))


def lasting_bound(wrong: int, n: int, certainty: float = CERTAINTY) -> float:
    """The error rate that is passed, at any of the looks there ever are, with a chance of at most 1 - certainty.

    1.0 where nothing was seen. 0 in 675 is 0.5 %: what looking again costs against `upper_bound`.
    """
    _checked(wrong, n)
    if wrong == n:
        return 1.0
    return _lowest(wrong / n, lambda rate: _won(wrong, n, rate, certainty))


def enough(wrong: int, limit: float, certainty: float = CERTAINTY) -> int:
    """The smallest n at which this many wrong ones keep the lasting bound within `limit`."""
    low, high = wrong, max(1, 2 * wrong)
    while not _won(wrong, high, limit, certainty):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _won(wrong, middle, limit, certainty) else (middle, high)
    return high


def stake(wrong: int, n: int, rate: float) -> float:
    """The logarithm of what a stake of 1 against an error of `rate` or more has become; 0 < rate < 1.

    Each bet is the ratio of two likelihoods, so in the mean it does not grow where the true rate is `rate` or more.
    """
    parts = [
        math.log(share)
        + (wrong * math.log(part) if wrong else 0.0)
        + (n - wrong) * (math.log1p(-part * rate) - math.log1p(-rate))
        for share, part in BETS
        if part or not wrong
    ]
    most = max(parts)
    return most + math.log(math.fsum(math.exp(one - most) for one in parts))


def percent(share: float) -> str:
    """Two digits, rounded up: a bound must not look better than it is."""
    return f"{math.ceil(round(share * 1e4, 6)) / 100:.2f} %"


def _lowest(low: float, ruled_out: Callable[[float], bool]) -> float:
    """The lowest rate above `low` that is ruled out, as all above it are; by halving."""
    high = 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if ruled_out(middle) else (middle, high)
    return high


def _won(wrong: int, n: int, rate: float, certainty: float) -> bool:
    return stake(wrong, n, rate) >= -math.log1p(-certainty)


def _checked(wrong: int, n: int) -> None:
    if not 0 <= wrong <= n:
        raise ValueError(f"{wrong} wrong of {n} is no count")
