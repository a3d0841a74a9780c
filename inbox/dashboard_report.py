"""The figures of a period: what stands on /dashboard and in its file, out of the cells of its days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext

from bot.figures.cell import HOURS, Cell
from bot.figures.rates import Rate
from bot.figures.service import Money, Period
from inbox import dashboard_tiles as tiles
from inbox import plots
from inbox.dashboard_plots import drawn
from inbox.dashboard_tiles import Tile
from inbox.plots import Number
from inbox.plots_week import Week
from inbox.plots_week import week as week_of

PROMPT_SHARE = 0.9
"""Of the conversations of an hour, that it counts as covered."""


@dataclass(frozen=True, slots=True)
class Agent:
    name: str
    lines: int
    days: int


@dataclass(frozen=True, slots=True)
class Report:
    tiles: tuple[Tile, ...]
    drawn: tuple[plots.Plot, ...]
    week: Week
    reasons: tuple[tuple[str, int], ...]
    agents: tuple[Agent, ...]
    pending: int
    unanswered: int
    total: Cell


def report(
    period: Period,
    money: Money | None,
    labels: Mapping[date, str],
    weekdays: Sequence[str],
    reason_of: Mapping[str, str],
    names: Mapping[str, str] | None,
) -> Report:
    """`labels` name every day of the period; `money` None where a filter hides other channels' calls; `names` None
    for those who may not see who of the staff did how much."""
    total, agent_days = Cell(), 0
    for cell in period.days.values():
        total.merge(cell)
        agent_days += len(cell.agents)
    covered, shares, counts = _covered(period)
    found: list[Tile | None] = [
        tiles.by_bot(total),
        tiles.by_people(total),
        tiles.alone(total),
        tiles.closing(total),
        tiles.load(total, agent_days),
        tiles.csat(total),
    ]
    found += [tiles.hours(covered), tiles.cost(total, money), tiles.audit(total), tiles.hand_offs(total)]
    return Report(
        tiles=tuple(one for one in found if one is not None),
        drawn=drawn(period, total, labels, money),
        week=week_of(shares, counts, weekdays),
        reasons=tuple((reason_of.get(name, name), n) for name, n in total.reasons.most_common()),
        agents=_agents(period, names) if names is not None else (),
        pending=total.pending,
        unanswered=round(sum(total.waits)) - total.people_first.n,
        total=total,
    )


def agents_of(period: Period) -> list[str]:
    return sorted({staff for cell in period.days.values() for staff in cell.agents})


def _covered(period: Period) -> tuple[Rate, list[list[Number]], list[list[int]]]:
    begun = [[0] * HOURS for _ in range(7)]
    prompt = [[0] * HOURS for _ in range(7)]
    for day, cell in period.days.items():
        for hour in range(HOURS):
            begun[day.weekday()][hour] += round(cell.begun[hour])
            prompt[day.weekday()][hour] += round(cell.prompt[hour])
    shares: list[list[Number]] = [
        [soon / n if n else None for soon, n in zip(a, b, strict=True)]
        for a, b in zip(prompt, begun, strict=True)
    ]
    known = [share for row in shares for share in row if share is not None]
    return Rate(sum(share >= PROMPT_SHARE for share in known), len(known)), shares, begun


def _agents(period: Period, names: Mapping[str, str]) -> tuple[Agent, ...]:
    found = [
        Agent(
            names.get(staff) or gettext("somebody who has left"),
            sum(cell.agents.get(staff, 0) for cell in period.days.values()),
            sum(staff in cell.agents for cell in period.days.values()),
        )
        for staff in agents_of(period)
    ]
    return tuple(sorted(found, key=lambda one: (-one.lines, one.name)))
