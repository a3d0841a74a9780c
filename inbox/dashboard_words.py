"""How figures are said: durations, shares, counts; what each one means; and the case's levels to compare with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from inbox import words
from inbox.language import chosen
from inbox.plots import Number, Reference

NOTHING = "–"

# What a figure is, in a sentence or two; docs/figures.md is the long form and has the same names.
HOW: words.Words = {
    "bot_first": _l(
        "From the customer's first line of a conversation to the bot's first line after it: an answer, a question back "
        "or a notice. Counts on the day of the customer's line. Percentiles are exact to 2 percent."
    ),
    "people_first": _l(
        "From a hand-off to the first line that a person writes, nights and weekends included. Counts on the day of "
        "the hand-off; who nobody has written to yet is counted beside it, not in it."
    ),
    "alone": _l(
        "Of the conversations closed in these days, those that were never handed over and that no person took, wrote "
        "in or closed. Net leaves out those whose customer began another conversation within 24 hours of the closing."
    ),
    "closing": _l(
        "From the customer's first line to the closing. The bot closes after a day of silence, so of its conversations "
        "the time to the last line counts. Counts on the day of the closing."
    ),
    "load": _l(
        "The case's way of counting: customers' lines, by whoever answered, for each agent who wrote at least one line "
        "on that day. Below: the lines that agents wrote themselves."
    ),
    "csat": _l(
        "Ratings of 4 and 5 among all that were given. The rate of response is of those who were asked."
    ),
    "covered": _l(
        "Of the hours of a week in which conversations began, those in which at least 90 percent of them got an answer "
        "or a notice within 60 seconds."
    ),
    "cost": _l(
        "What the firm's own model was paid for in these days, from the ledger of calls, for all channels. The rest of "
        "the service's cost is not Teller's to know."
    ),
    "audit": _l(
        "Of the bot's replies of these days that the weekly audit or compliance has read, those found right. The "
        "interval is exact (Clopper-Pearson), one-sided with 95 percent certainty."
    ),
    "hand_offs": _l("Each time the bot gives a conversation to people; the reason is the rule that decided."),
    "staffing": _l("How many agents wrote at least one line in that hour, in the mean over the days chosen."),
    "begun": _l("Conversations by the hour of the customer's first line, in the firm's time."),
}


@dataclass(frozen=True, slots=True)
class Level:
    """The case's figure before Teller and after, as text and as numbers of the plot's unit."""

    before: str | LazyString
    after: str | LazyString
    numbers: tuple[float | None, float | None]


# A level that is a range is drawn at its middle.
CASE = {
    "first": Level(_l("10-15 min"), _l("30 s"), (750.0, 30.0)),
    "alone": Level("0 %", "62 %", (0.0, 0.62)),
    "load": Level("250", "750", (250.0, 750.0)),
    "csat": Level("72 %", "89 %", (0.72, 0.89)),
    "covered": Level("60 %", "100 %", (0.60, 1.0)),
    "staffing": Level("20", "15", (20.0, 15.0)),
    "cost": Level("", "NT$8,000-12,000", (None, 10_000 / 30)),
    "audit": Level("95 %", "99.5 %", (0.95, 0.995)),
}


def references(name: str) -> tuple[Reference, ...]:
    level = CASE[name]
    texts = (gettext("before %(level)s", level=level.before), gettext("goal %(level)s", level=level.after))
    return tuple(
        Reference(value, text, tone)
        for value, text, tone in zip(level.numbers, texts, ("before", "after"), strict=True)
        if value is not None
    )


def compared(name: str) -> str:
    """Both levels in a line."""
    level = CASE[name]
    if not level.before:
        return str(gettext("goal %(level)s", level=level.after))
    return str(gettext("before %(before)s, goal %(after)s", before=level.before, after=level.after))


def duration(seconds: Number) -> str:
    if seconds is None:
        return NOTHING
    if seconds < 100:
        return _units(chosen())[0].format(_plain(seconds, 1 if seconds < 10 else 0))
    if seconds < 5400:
        return _units(chosen())[1].format(_plain(seconds / 60, 1 if seconds < 600 else 0))
    if seconds < 172_800:
        return _units(chosen())[2].format(_plain(seconds / 3600, 1))
    return _units(chosen())[3].format(_plain(seconds / 86_400, 1))


@cache
def _units(_language: str) -> tuple[str, ...]:
    """Seconds to days as the language of this request says them: a page says hundreds."""
    said = (
        gettext("%(n)s s", n="{}"),
        gettext("%(n)s min", n="{}"),
        gettext("%(n)s h", n="{}"),
        gettext("%(n)s d", n="{}"),
    )
    return tuple(str(one) for one in said)


def share(value: Number) -> str:
    if value is None:
        return NOTHING
    percent = value * 100
    # 99.96 % must not be shown as 100 %: only what is whole is whole.
    digits = 0 if percent in (0, 100) else 1
    return f"{min(percent, 99.9) if digits and percent > 99.9 else percent:.{digits}f} %"


def level_share(value: Number) -> str:
    """On an axis."""
    return NOTHING if value is None else f"{value * 100:.0f} %"


def count(value: Number) -> str:
    return NOTHING if value is None else _plain(value, 0)


def mean(value: Number) -> str:
    return NOTHING if value is None else _plain(value, 1)


def money(value: Number) -> str:
    return NOTHING if value is None else f"NT${_plain(value, 0 if value >= 100 else 2)}"


def _plain(value: float, digits: int) -> str:
    """Both languages group by thousands with a comma."""
    rounded = round(value, digits)
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:,.{digits}f}"
