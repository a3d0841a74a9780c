"""Where the marks of a plot stand: bars, lines, points with their interval and lines of reference, in the units of an
SVG that `_plots.html` draws. Every plot carries its numbers as a table: for those who cannot see it, and the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from inbox.plots_scale import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Scale, even_scale, time_scale

SHORTEST_BAR = 1.5
LABELS = 6
CROWDED = 40

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

    @property
    def marks(self) -> Markup:
        """Bars and points. Written here, as a template that escapes thousands of numbers takes longer than all else."""
        radius = 3.2 if len(self.labels) < CROWDED else 1.8
        drawn = [
            f'<rect class="bar tone-{b.tone}" x="{b.x}" y="{b.y}" width="{b.width}" height="{b.height}">'
            f"<title>{escape(b.title)}</title></rect>"
            for b in self.bars
        ]
        drawn += [
            f'<line class="whisker" x1="{p.x}" x2="{p.x}" y1="{p.top}" y2="{p.bottom}"></line>'
            for p in self.points
            if p.top is not None
        ]
        drawn += [
            f'<circle class="point tone-{p.tone}" cx="{p.x}" cy="{p.y}" r="{radius}">'
            f"<title>{escape(p.title)}</title></circle>"
            for p in self.points
        ]
        return Markup("".join(drawn))  # noqa: S704 - numbers, and titles escaped above

    @property
    def rows(self) -> Markup:
        """The table's rows: the label, then for each series the value, its base, and the interval of a rate."""
        made = []
        for at, label in enumerate(self.labels):
            made.append(f'<tr><th scope="row">{escape(label)}</th>')
            for one in self.series:
                made.append(f"<td>{escape(self.shown(one.values[at]))}</td><td>{one.n[at]:,}</td>")
                if one.low:
                    low, high = one.low[at], one.high[at]
                    said = "–" if low is None else f"{self.shown(low)} – {self.shown(high)}"
                    made.append(f"<td>{escape(said)}</td>")
            made.append("</tr>")
        return Markup("".join(made))  # noqa: S704 - what is text is escaped above


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
