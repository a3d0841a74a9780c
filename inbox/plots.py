"""Where the marks of a plot stand: bars, lines, points with their interval and lines of reference, in the units of an
SVG that `_plots.html` draws. Every plot carries its numbers as a table: for those who cannot see it, and the file."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT = 460, 240
LEFT, RIGHT, TOP, BOTTOM = 58, 10, 14, 30
SHORTEST_BAR = 1.5
LABELS = 6

Number = float | None


@dataclass(frozen=True, slots=True)
class Series:
    """`values` by position; None where nothing was counted. `n` what each was counted from; `low`, `high` its interval.

    `look`: bar, or line with a point each. `tone` 1..3 picks its colour and dash.
    """

    name: str
    values: Sequence[Number]
    n: Sequence[int]
    look: str = "line"
    tone: int = 1
    low: Sequence[Number] = ()
    high: Sequence[Number] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A level to compare with: `tone` before or after."""

    value: float
    label: str
    tone: str


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    tone: int
    title: str


@dataclass(frozen=True, slots=True)
class Point:
    """`top`, `bottom`: its interval, None without."""

    x: float
    y: float
    tone: int
    title: str
    top: float | None
    bottom: float | None


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Level:
    y: float
    label: str
    tone: str
    text_y: float


@dataclass(frozen=True, slots=True)
class Plot:
    """`lines` are (tone, points of a polyline). `rows` of the table: the position's label, then for each series the
    value, its base and its interval."""

    key: str
    title: str
    series: tuple[Series, ...]
    labels: tuple[str, ...]
    unit: str
    shown: Callable[[Number], str]
    bars: tuple[Bar, ...] = ()
    points: tuple[Point, ...] = ()
    lines: tuple[tuple[int, str], ...] = ()
    levels: tuple[Level, ...] = ()
    y_ticks: tuple[Tick, ...] = ()
    x_ticks: tuple[Tick, ...] = ()
    references: tuple[Reference, ...] = ()
    note: str = ""

    @property
    def empty(self) -> bool:
        return all(value is None for one in self.series for value in one.values) or not any(
            n for one in self.series for n in one.n
        )


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


def plot(
    key: str,
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    shown: Callable[[Number], str],
    *,
    unit: str,
    references: Sequence[Reference] = (),
    scale: str = "even",
    short: Sequence[str] = (),
    note: str = "",
) -> Plot:
    """`scale`: even, share (0..1) or time. `short`: the labels as they stand below the axis."""
    values = [value for one in series for value in one.values if value is not None]
    values += [value for one in series for value in one.high if value is not None and scale != "share"]
    values += [one.value for one in references]
    axis, levels = (
        time_scale(values) if scale == "time" else even_scale(values, 1.0 if scale == "share" else None)
    )
    step = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    return Plot(
        key=key,
        title=title,
        series=tuple(series),
        labels=tuple(labels),
        unit=unit,
        shown=shown,
        bars=tuple(_bars(series, labels, axis, step, shown)),
        points=tuple(_points(series, labels, axis, step, shown)),
        lines=tuple(_lines(series, axis, step)),
        levels=_spread(
            [Level(axis.y(one.value), one.label, one.tone, axis.y(one.value) - 4) for one in references]
        ),
        y_ticks=tuple(Tick(axis.y(level), shown(level)) for level in levels),
        x_ticks=_x_ticks(short or labels, step),
        references=tuple(references),
        note=note,
    )


def _said(one: Series, at: int, label: str, shown: Callable[[Number], str]) -> str:
    return f"{label}: {one.name} {shown(one.values[at])} (n = {one.n[at]})"


def _bars(
    series: Sequence[Series], labels: Sequence[str], axis: Scale, step: float, shown: Callable[[Number], str]
) -> list[Bar]:
    drawn = [one for one in series if one.look == "bar"]
    width = step / max(1, len(drawn))
    found = []
    for nth, one in enumerate(drawn):
        for at, value in enumerate(one.values):
            if value:
                y = min(axis.y(value), HEIGHT - BOTTOM - SHORTEST_BAR)
                x = LEFT + at * step + nth * width
                found.append(
                    Bar(
                        round(x + 0.08 * width, 2),
                        y,
                        round(0.84 * width, 2),
                        round(HEIGHT - BOTTOM - y, 2),
                        one.tone,
                        _said(one, at, labels[at], shown),
                    )
                )
    return found


def _points(
    series: Sequence[Series], labels: Sequence[str], axis: Scale, step: float, shown: Callable[[Number], str]
) -> list[Point]:
    found = []
    for one in series:
        if one.look != "line":
            continue
        for at, value in enumerate(one.values):
            if value is not None:
                low, high = (bound[at] if bound else None for bound in (one.low, one.high))
                found.append(
                    Point(
                        _middle(at, step),
                        axis.y(value),
                        one.tone,
                        _said(one, at, labels[at], shown),
                        None if high is None else axis.y(high),
                        None if low is None else axis.y(low),
                    )
                )
    return found


def _lines(series: Sequence[Series], axis: Scale, step: float) -> list[tuple[int, str]]:
    """A gap where nothing was counted: a line across it would claim that something was."""
    found: list[tuple[int, str]] = []
    for one in series:
        if one.look != "line":
            continue
        run: list[str] = []
        for at, value in enumerate([*one.values, None]):
            if value is not None:
                run.append(f"{_middle(at, step)},{axis.y(value)}")
                continue
            if len(run) > 1:
                found.append((one.tone, " ".join(run)))
            run = []
    return found


def _x_ticks(labels: Sequence[str], step: float) -> tuple[Tick, ...]:
    every = max(1, -(-len(labels) // LABELS))
    return tuple(Tick(_middle(at, step), label) for at, label in enumerate(labels) if at % every == 0)


def _spread(levels: list[Level]) -> tuple[Level, ...]:
    """Labels that would stand on each other, or outside, stand apart."""
    placed: list[Level] = []
    for one in sorted(levels, key=lambda level: level.y):
        text_y = max(one.text_y, TOP + 2, placed[-1].text_y + 15 if placed else 0)
        placed.append(Level(one.y, one.label, one.tone, round(text_y, 2)))
    return tuple(placed)


def _middle(at: int, step: float) -> float:
    return round(LEFT + (at + 0.5) * step, 2)


@dataclass(frozen=True, slots=True)
class HeatCell:
    """An hour of the week. `level` 0..4 and `share` are None where nothing was counted."""

    x: float
    y: float
    width: float
    height: float
    level: int | None
    name: str
    share: Number
    n: int


@dataclass(frozen=True, slots=True)
class Week:
    """Hours of the week as a map: `rows` and `columns` are its labels."""

    cells: tuple[HeatCell, ...] = ()
    rows: tuple[Tick, ...] = ()
    columns: tuple[Tick, ...] = ()
    height: int = field(default=0)


def week(shares: Sequence[Sequence[Number]], counts: Sequence[Sequence[int]], names: Sequence[str]) -> Week:
    """Seven rows of 24 shares (0..1), and what each was counted from; `names` of the days."""
    width, tall, left, top = (WIDTH - 46) / 24, 24, 40, 8
    cells = tuple(
        HeatCell(
            round(left + hour * width, 2),
            top + day * tall,
            round(width - 1.5, 2),
            tall - 2,
            None if share is None else min(4, int(share * 4.0 + 1e-9)),
            f"{names[day]} {hour:02d}:00",
            share,
            counts[day][hour],
        )
        for day, row in enumerate(shares)
        for hour, share in enumerate(row)
    )
    rows = tuple(Tick(top + day * tall + 16, name) for day, name in enumerate(names))
    columns = tuple(Tick(round(left + hour * width, 2), f"{hour:02d}") for hour in range(0, 24, 4))
    return Week(cells, rows, columns, top + 7 * tall + 24)
