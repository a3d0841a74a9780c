"""The hours of a week as a map of seven rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from inbox.plots import Number, Tick
from inbox.plots_scale import WIDTH


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
