"""/dashboard: the figures of a period, for one channel account and skill or all; and the same numbers as a file."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l

from bot.figures.day import ALL
from bot.figures.rates import Rate
from bot.figures.service import Period
from bot.model import ChannelAccount
from inbox import dashboard_words, words
from inbox.auth import can, console, requires, staff
from inbox.dashboard_report import Report, agents_of, report
from inbox.language import chosen, zone
from inbox.permissions import AuditAction, Permission

bp = Blueprint("dashboard", __name__)

PERIODS: words.Words = {
    "today": _l("Today"),
    "7": _l("7 days"),
    "30": _l("30 days"),
    "90": _l("90 days"),
    "own": _l("Own dates"),
}
DEFAULT = "7"
LONGEST = 400
NEVER_HANDED = "-"
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for. `skill`: ALL, a skill, or empty for conversations that were never handed over."""

    period: str
    first: date
    last: date
    account: str
    skill: str
    fault: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The same again, as an address has it."""
        own = {"from": self.first.isoformat(), "to": self.last.isoformat()} if self.period == "own" else {}
        skill = NEVER_HANDED if not self.skill else self.skill
        kept = {"account": self.account, "skill": skill}
        return {"period": self.period, **own, **{name: one for name, one in kept.items() if one != ALL}}


def choice() -> Choice:
    """Out of the address; what it says wrongly is told, and the usual shown."""
    asked = request.args
    today = datetime.now(zone()).date()
    account, skill = asked.get("account") or ALL, asked.get("skill") or ALL
    skill = "" if skill == NEVER_HANDED else skill
    period = asked.get("period", DEFAULT)
    if period == "own":
        try:
            first, last = (date.fromisoformat(asked.get(name, "")) for name in ("from", "to"))
        except ValueError:
            fault = gettext("Give both days of your own dates.")
            return Choice(DEFAULT, *_last(int(DEFAULT), today), account, skill, fault)
        if not first <= last <= first + timedelta(days=LONGEST - 1):
            fault = gettext(
                "The first day comes before the last, with at most %(n)s days together.", n=LONGEST
            )
            return Choice(DEFAULT, *_last(int(DEFAULT), today), account, skill, fault)
        return Choice(period, first, last, account, skill)
    if period not in PERIODS:
        period = DEFAULT
    return Choice(period, *_last(1 if period == "today" else int(period), today), account, skill)


def _last(days: int, today: date) -> tuple[date, date]:
    return today - timedelta(days=days - 1), today


@bp.get("/dashboard")
@requires(Permission.FIGURES_READ)
def index() -> ResponseReturnValue:
    asked = choice()
    if asked.fault:
        flash(asked.fault, "error")
    figures, found = console().figures, _report(asked)
    if found.agents:
        console().audit(staff().id, AuditAction.STAFF_FIGURES_OPENED, "figures", {})
    return render_template(
        "console/dashboard.html",
        asked=asked,
        periods=PERIODS,
        accounts=_accounts(),
        skills=_skills(),
        as_of=figures.as_of(),
        today=asked.last >= datetime.now(zone()).date(),
        found=found,
        how=dashboard_words.HOW,
        compared=dashboard_words.compared,
        share=dashboard_words.share,
    )


@bp.get("/dashboard/figures.csv")
@requires(Permission.FIGURES_READ)
def export() -> ResponseReturnValue:
    """What the page shows, number by number; audited before it is handed out."""
    asked = choice()
    found, as_of = _report(asked), console().figures.as_of()
    detail: dict[str, Any] = {"from": asked.first.isoformat(), "to": asked.last.isoformat()}
    detail |= {"account": asked.account, "skill": asked.skill, "agents": bool(found.agents)}
    console().audit(staff().id, AuditAction.FIGURES_EXPORTED, "figures", detail)
    file = io.StringIO()
    writer = csv.writer(file)
    for row in rows(found, asked, as_of.at):
        writer.writerow([_guarded(value) for value in row])
    name = f"figures-{asked.first}-{asked.last}.csv"
    return Response(
        # The mark by which Excel knows the encoding.
        "\ufeff" + file.getvalue(),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def rows(found: Report, asked: Choice, at: datetime | None) -> list[list[Any]]:
    """A header, then a number a row: part, what, name, value, unit, base, interval."""
    made: list[list[Any]] = [
        ["part", "figure", "name", "value", "unit", "n", "low", "high"],
        ["about", "period", "from", asked.first.isoformat(), "date", "", "", ""],
        ["about", "period", "to", asked.last.isoformat(), "date", "", "", ""],
        ["about", "as of", "", at.isoformat(timespec="seconds") if at else "", "time", "", "", ""],
        ["about", "channel account", "", _account_name(asked.account), "name", "", "", ""],
        ["about", "skill", "", asked.skill or "none", "name", "", "", ""],
    ]
    for tile in found.tiles:
        made += [
            ["figure", tile.label, one.name, one.value, one.unit, one.n, one.low, one.high]
            for one in tile.figures
        ]
    for plot in found.drawn:
        for one in plot.series:
            for at_, label in enumerate(plot.labels):
                low, high = (bound[at_] if bound else None for bound in (one.low, one.high))
                value = one.values[at_]
                made.append([plot.title, label, one.name, value, plot.unit, one.n[at_], low, high])
        made += [
            [plot.title, one.label, one.tone, one.value, plot.unit, "", "", ""] for one in plot.references
        ]
    for cell in found.week.cells:
        one_hour = Rate(round((cell.share or 0) * cell.n), cell.n)
        made.append(["week", cell.name, "", cell.share, "share", cell.n, one_hour.low, one_hour.high])
    made += [["reason", name, "", n, "count", "", "", ""] for name, n in found.reasons]
    made += [["agent", one.name, "messages", one.lines, "count", one.days, "", ""] for one in found.agents]
    return made


def _guarded(value: Any) -> Any:
    """A cell that a spreadsheet would compute begins with an apostrophe instead (OWASP, CSV injection)."""
    if value is None:
        return ""
    if isinstance(value, float):
        return round(value, 6)
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _report(asked: Choice) -> Report:
    figures = console().figures
    period = figures.period(asked.first, asked.last, asked.account, asked.skill)
    whole = asked.account == ALL and asked.skill == ALL
    names = console().staff.names(agents_of(period)) if can(Permission.FIGURES_STAFF) else None
    return report(
        period,
        figures.money() if whole else None,
        _labels(period),
        _weekdays(),
        {name: str(word) for name, word in words.REASONS.items()},
        names,
    )


def _labels(period: Period) -> dict[date, str]:
    days = [period.first + timedelta(days=n) for n in range((period.last - period.first).days + 1)]
    return {day: f"{day.month}/{day.day}" for day in days}


def _weekdays() -> list[str]:
    width = "narrow" if chosen() == "zh-TW" else "abbreviated"
    named = get_locale().days["format"][width]
    return [str(named[day]) for day in range(7)]


def _accounts() -> list[ChannelAccount]:
    return sorted(console().accounts.list(), key=lambda one: (one.channel, one.name))


def _account_name(account: str) -> str:
    found = None if account == ALL else console().accounts.get(account)
    return found.name if found else account


def _skills() -> list[tuple[str, str]]:
    """(as the address has it, as people say it)."""
    known = console().figures.skills()
    named = [(one, str(words.said(words.SKILLS, one))) for one in known if one]
    return named + ([(NEVER_HANDED, str(gettext("Never handed over")))] if "" in known else [])
