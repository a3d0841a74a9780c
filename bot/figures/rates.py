"""A share is shown with what it was counted from, and how far chance alone could have moved it."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z = 1.959963984540054
"""The 97.5 % point of the normal distribution: intervals are of 95 %."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `n`; `share` and the interval `low`..`high` in 0..1, None where n is 0."""

    hits: int
    n: int

    @property
    def share(self) -> float | None:
        return self.hits / self.n if self.n else None

    @property
    def low(self) -> float | None:
        return _wilson(self.hits, self.n)[0] if self.n else None

    @property
    def high(self) -> float | None:
        return _wilson(self.hits, self.n)[1] if self.n else None


def _wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's score interval (E. B. Wilson, JASA 22, 1927), as advised for all n by Brown, Cai and DasGupta
    (Interval estimation for a binomial proportion, Statistical Science 16, 2001). Raises ValueError for no count."""
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} of {n} is no share")
    share, z2 = hits / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # At the ends the formula is exact; its rounding is not.
    low = 0.0 if hits == 0 else middle - half
    high = 1.0 if hits == n else middle + half
    return max(0.0, low), min(1.0, high)
