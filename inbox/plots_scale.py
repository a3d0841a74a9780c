"""Axes of a plot: its size, round levels, and where a value stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 460, 240
LEFT, RIGHT, TOP, BOTTOM = 58, 10, 14, 30


@dataclass(frozen=True, slots=True)
class Scale:
    """Values to y; `log` for durations, where a second and an hour both have to be seen."""

    low: float
    high: float
    log: bool = False

    def y(self, value: float) -> float:
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        share = (at - low) / (high - low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 2)


TIMES = (
    0.1,
    0.3,
    1,
    3,
    10,
    30,
    60,
    180,
    600,
    1800,
    3600,
    10_800,
    36_000,
    86_400,
    259_200,
    864_000,
    2_592_000,
)
"""Levels of a logarithmic axis of seconds that people have words for."""


def time_scale(values: Sequence[float]) -> tuple[Scale, list[float]]:
    found = [value for value in values if value > 0] or [1.0]
    low = max((level for level in TIMES if level <= min(found)), default=TIMES[0])
    high = min((level for level in TIMES if level >= max(found)), default=TIMES[-1])
    if low == high:
        high = TIMES[min(TIMES.index(high) + 1, len(TIMES) - 1)]
    levels = [level for level in TIMES if low <= level <= high]
    return Scale(low, high, log=True), levels[:: max(1, -(-len(levels) // 6))]


def even_scale(values: Sequence[float], most: float | None = None) -> tuple[Scale, list[float]]:
    """From 0 to a round number at or above all values; `most` where the scale has an end, as a share has."""
    top = max(values, default=0.0) or 1.0
    if most is not None:
        top = most
    step = 10 ** math.floor(math.log10(top / 4))
    step *= next(times for times in (1, 2, 2.5, 5, 10) if top <= step * times * 5)
    count = math.ceil(round(top / step, 6))
    return Scale(0.0, step * count), [step * n for n in range(count + 1)]
