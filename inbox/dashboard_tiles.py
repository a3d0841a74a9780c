"""The numbers of /dashboard, each with its base, and a rate with its interval."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext

from bot.ai.prices import MICRO
from bot.figures.cell import Cell
from bot.figures.rates import Rate
from bot.figures.service import Money
from bot.figures.sketch import Sketch
from inbox import dashboard_words as say
from inbox.plots import Number
from kb.bounds import upper_bound


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with what it was counted from. `unit`: s, share, count, NT$. `low`, `high`: of a rate."""

    name: str
    value: Number
    shown: str
    unit: str
    n: int
    low: Number = None
    high: Number = None

    @property
    def interval(self) -> str:
        if self.low is None:
            return ""
        if self.high is None:
            return str(gettext("at least %(low)s with 95 %% certainty", low=say.share(self.low)))
        return f"{say.share(self.low)} – {say.share(self.high)}"


@dataclass(frozen=True, slots=True)
class Tile:
    """`figures[0]` is the large one. `what`: what the base counts. `lacking`: said instead where there is nothing."""

    key: str
    label: str
    figures: tuple[Figure, ...]
    what: str
    case: str
    lacking: str


def rate(name: str, hits: int, n: int) -> Figure:
    one = Rate(hits, n)
    return Figure(name, one.share, say.share(one.share), "share", n, one.low, one.high)


def _times(sketch: Sketch) -> tuple[Figure, ...]:
    values = (
        (gettext("mean"), sketch.mean),
        (gettext("half within"), sketch.quantile(0.5)),
        (gettext("95 % within"), sketch.quantile(0.95)),
    )
    return tuple(Figure(str(name), value, say.duration(value), "s", sketch.n) for name, value in values)


def by_bot(total: Cell) -> Tile:
    what = gettext("conversations that the bot replied in")
    lacking = gettext("No conversation began in these days.")
    return Tile(
        "bot_first",
        gettext("First reply by the bot"),
        _times(total.bot_first),
        what,
        say.compared("first"),
        lacking,
    )


def by_people(total: Cell) -> Tile:
    waits = round(sum(total.waits))
    open_ = waits - total.people_first.n
    more = Figure(gettext("not answered by a person"), float(open_), say.count(open_), "count", waits)
    return Tile(
        "people_first",
        gettext("First reply by people"),
        (*_times(total.people_first), more),
        gettext("hand-offs that a person answered"),
        say.compared("first"),
        gettext("No hand-off of these days has been answered."),
    )


def alone(total: Cell) -> Tile:
    closed, alone = round(sum(total.closed)), round(sum(total.alone))
    return Tile(
        "alone",
        gettext("Resolved by the bot, net"),
        (
            rate(gettext("net"), alone - total.back, closed),
            rate(gettext("gross"), alone, closed),
            rate(gettext("came back within 24 h"), total.back, alone),
        ),
        gettext("conversations closed"),
        say.compared("alone"),
        gettext("No conversation was closed in these days."),
    )


def closing(total: Cell) -> Tile:
    pairs = ((gettext("by people"), total.closed_people), (gettext("by the bot"), total.closed_alone))
    figures = [
        Figure(gettext("%(who)s, %(what)s", who=who, what=name), value, say.duration(value), "s", sketch.n)
        for who, sketch in pairs
        for name, value in (
            (gettext("half within"), sketch.quantile(0.5)),
            (gettext("95 % within"), sketch.quantile(0.95)),
        )
    ]
    if not total.closed_people.n:
        figures = figures[2:] + figures[:2]
    what, lacking = gettext("conversations closed"), gettext("No conversation was closed in these days.")
    return Tile("closing", gettext("Time to resolution"), tuple(figures), what, "", lacking)


def load(total: Cell, agent_days: int) -> Tile:
    names = (gettext("customers' messages"), gettext("written by the agent"))
    figures = tuple(
        Figure(str(name), value, say.mean(value), "count", agent_days)
        for name, lines in zip(names, (total.customer, total.people), strict=True)
        for value in [sum(lines) / agent_days if agent_days else None]
    )
    what, lacking = gettext("agents × days"), gettext("No agent wrote in these days.")
    return Tile("load", gettext("Messages per agent and day"), figures, what, say.compared("load"), lacking)


def csat(total: Cell) -> Tile:
    given = sum(total.scores.values())
    good = total.scores["4"] + total.scores["5"]
    figures = (
        rate(gettext("4 or 5 of 5"), good, given),
        rate(gettext("answered"), given, max(total.asked, given)),
    )
    what, lacking = gettext("ratings"), gettext("No customer has rated in these days.")
    return Tile("csat", gettext("Satisfied customers"), figures, what, say.compared("csat"), lacking)


def hours(covered: Rate) -> Tile:
    figure = rate(gettext("covered"), covered.hits, covered.n)
    what, lacking = (
        gettext("of the week's 168 hours had conversations"),
        gettext("No conversation began in these days."),
    )
    return Tile("covered", gettext("Hours covered"), (figure,), what, say.compared("covered"), lacking)


def cost(total: Cell, money: Money | None) -> Tile | None:
    if money is None:
        return None
    spent = total.cost / MICRO
    figures = [
        Figure(
            gettext("in these days"), spent if total.calls else None, say.money(spent), "NT$", total.calls
        ),
        Figure(gettext("this month"), money.spent, say.money(money.spent), "NT$", total.calls),
    ]
    if money.budget is not None:
        figures.append(
            Figure(gettext("monthly budget"), money.budget, say.money(money.budget), "NT$", total.calls)
        )
    what, lacking = gettext("calls"), gettext("The firm's model was not called in these days.")
    return Tile("cost", gettext("Model cost"), tuple(figures), what, say.compared("cost"), lacking)


def audit(total: Cell) -> Tile:
    n, wrong = total.audited, total.audited - total.right
    value = total.right / n if n else None
    low = 1 - upper_bound(wrong, n) if n else None
    figure = Figure(gettext("right"), value, say.share(value), "share", n, low)
    what, lacking = (
        gettext("replies read by people"),
        gettext("No reviews yet: the weekly audit has not begun, and compliance has read no reply."),
    )
    return Tile("audit", gettext("Replies found right"), (figure,), what, say.compared("audit"), lacking)


def hand_offs(total: Cell) -> Tile:
    n, begun = sum(total.reasons.values()), round(sum(total.begun))
    per = n / begun if begun else None
    figures = (
        Figure(gettext("hand-offs"), float(n), say.count(n), "count", begun),
        Figure(
            gettext("per 100 conversations"), per and per * 100, say.mean(per and per * 100), "count", begun
        ),
    )
    what, lacking = gettext("conversations begun"), gettext("No conversation began in these days.")
    return Tile("hand_offs", gettext("Hand-offs to people"), figures, what, "", lacking)
