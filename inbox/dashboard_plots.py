"""The plots of /dashboard: by day, and by hour of the day, with the case's levels as lines of reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from flask_babel import gettext

from bot.ai.prices import MICRO
from bot.figures.cell import HOURS, Cell
from bot.figures.rates import Rate
from bot.figures.service import Money, Period
from inbox import dashboard_words as say
from inbox import plots
from inbox.plots import Number


def drawn(
    period: Period, total: Cell, labels: Mapping[date, str], money: Money | None
) -> tuple[plots.Plot, ...]:
    return (*(_daily(period, labels, money) if len(labels) > 1 else ()), *_hourly(period, total))


def _daily(period: Period, labels: Mapping[date, str], money: Money | None) -> tuple[plots.Plot, ...]:
    cells = [period.days.get(day, Cell()) for day in labels]
    names, short = [day.isoformat() for day in labels], list(labels.values())
    closed = [Rate(round(sum(c.alone)) - c.back, round(sum(c.closed))) for c in cells]
    rated = [Rate(c.scores["4"] + c.scores["5"], sum(c.scores.values())) for c in cells]
    load = [sum(c.customer) / len(c.agents) if c.agents else None for c in cells]

    def one(key: str, title: str, series: Sequence[plots.Series], case: str, **how: object) -> plots.Plot:
        shown, unit, scale = _AXES[str(how.get("axis", "count"))]
        given = say.references(case) if case else ()
        return plots.plot(
            key, title, names, series, shown, unit=unit, references=given, scale=scale, short=short
        )

    made = [
        one(
            "first_daily",
            gettext("First reply, mean by day"),
            (
                _line(gettext("bot"), [c.bot_first.mean for c in cells], [c.bot_first.n for c in cells], 1),
                _line(
                    gettext("people"),
                    [c.people_first.mean for c in cells],
                    [c.people_first.n for c in cells],
                    2,
                ),
            ),
            "first",
            axis="time",
        ),
        one(
            "alone_daily",
            gettext("Resolved by the bot, net, by day"),
            (_rates(gettext("net"), closed),),
            "alone",
            axis="share",
        ),
        one(
            "load_daily",
            gettext("Customers' messages per agent, by day"),
            (_bars(gettext("messages"), load, [len(c.agents) for c in cells]),),
            "load",
        ),
        one(
            "csat_daily",
            gettext("Satisfied customers, by day"),
            (_rates(gettext("4 or 5 of 5"), rated),),
            "csat",
            axis="share",
        ),
        one(
            "messages_daily",
            gettext("Messages by day"),
            (
                _bars(
                    gettext("customers"),
                    [sum(c.customer) for c in cells],
                    [round(sum(c.customer)) for c in cells],
                ),
                _bars(gettext("bot"), [sum(c.bot) for c in cells], [round(sum(c.bot)) for c in cells], 2),
                _bars(
                    gettext("people"),
                    [sum(c.people) for c in cells],
                    [round(sum(c.people)) for c in cells],
                    3,
                ),
            ),
            "",
        ),
    ]
    if money is not None and any(c.calls for c in cells):
        costs = _bars(gettext("NT$ a day"), [c.cost / MICRO for c in cells], [c.calls for c in cells])
        made.append(
            one(
                "cost_daily",
                gettext("Model cost by day (goal: a thirtieth of the month's)"),
                (costs,),
                "cost",
                axis="money",
            )
        )
    return tuple(made)


def _hourly(period: Period, total: Cell) -> tuple[plots.Plot, ...]:
    names = [f"{hour:02d}:00" for hour in range(HOURS)]
    short = [f"{hour:02d}" for hour in range(HOURS)]
    worked = sum(any(cell.agents) for cell in period.days.values())
    pairs = ((total.bot_first_s, total.bot_first_n), (total.people_first_s, total.people_first_n))
    means = [[s / n if n else None for s, n in zip(sums, ns, strict=True)] for sums, ns in pairs]
    active = [hour / worked if worked else None for hour in total.active]
    series = (
        _line(gettext("bot"), means[0], [round(n) for n in total.bot_first_n], 1),
        _line(gettext("people"), means[1], [round(n) for n in total.people_first_n], 2),
    )
    begun = _bars(gettext("conversations"), total.begun, [round(n) for n in total.begun])
    busy = _bars(gettext("agents"), active, [worked] * HOURS)
    shown, unit, scale = _AXES["time"]
    return (
        plots.plot(
            "first_hourly",
            gettext("First reply, mean by hour of the day"),
            names,
            series,
            shown,
            unit=unit,
            scale=scale,
            references=say.references("first"),
            short=short,
        ),
        plots.plot(
            "begun",
            gettext("Conversations begun, by hour of the day"),
            names,
            (begun,),
            say.count,
            unit="count",
            short=short,
        ),
        plots.plot(
            "staffing",
            gettext("Agents at work, by hour of the day"),
            names,
            (busy,),
            say.mean,
            unit="count",
            references=say.references("staffing"),
            short=short,
            note=gettext("Mean over the %(n)s days on which anybody worked.", n=worked),
        ),
    )


_AXES = {
    "count": (say.count, "count", "even"),
    "time": (say.duration, "s", "time"),
    "share": (say.level_share, "share", "share"),
    "money": (say.money, "NT$", "even"),
}


def _line(name: str, values: Sequence[Number], n: Sequence[int], tone: int) -> plots.Series:
    return plots.Series(name, values, n, tone=tone)


def _bars(name: str, values: Sequence[Number], n: Sequence[int], tone: int = 1) -> plots.Series:
    return plots.Series(name, values, n, look="bar", tone=tone)


def _rates(name: str, rates: Sequence[Rate]) -> plots.Series:
    return plots.Series(
        name,
        [one.share for one in rates],
        [one.n for one in rates],
        low=[one.low for one in rates],
        high=[one.high for one in rates],
    )
