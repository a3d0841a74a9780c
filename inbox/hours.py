"""Service hours: the week, national holidays, exceptions, and the skills that keep hours of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.errors import ServiceError
from bot.hours import spoken
from bot.hours_document import LONGEST_REASON, Document, Year, calendar, today, uncovered
from bot.reasons import LONGEST_NOTE
from inbox import auth, language, words
from inbox.auth import console, requires, staff
from inbox.hours_form import ALWAYS, OWN, USUAL, Form, form_of, read, readable
from inbox.permissions import Permission

bp = Blueprint("hours", __name__)

DAYS = (
    *(_l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday")),
    *(_l("Friday"), _l("Saturday"), _l("Sunday")),
)
MODES: words.Words = {
    USUAL: _l("As everybody"),
    ALWAYS: _l("Round the clock, holidays too"),
    OWN: _l("Hours of its own"),
}
CALENDARS: words.Words = {"": _l("None"), "taiwan": _l("Taiwan, government offices")}
AHEAD = 12


@dataclass(frozen=True, slots=True)
class Day:
    """A day that differs from its weekday, for the list of what comes. `hours` is empty where it is closed."""

    day: date
    name: str
    hours: str
    kind: str


def page(form: Form | None = None, trouble: str | None = None) -> str:
    book = console().hours
    version = book.in_force()
    table, now = book.current(), datetime.now(UTC)
    here = today(language.zone())
    base = table.base
    opens = base.next_opening(now)
    years = calendar(version.document["calendar"]) if version.document["calendar"] else ()
    return render_template(
        "console/hours.html",
        version=version,
        versions=book.versions(10),
        form=form or form_of(version.document),
        days=DAYS,
        modes=MODES,
        calendars=CALENDARS,
        skills=words.SKILLS,
        open_now=base.open_at(now),
        opens=spoken(opens, base.zone, language.chosen()) if opens else None,
        coming=_coming(version.document, years, here)[:AHEAD],
        years=[year for year in years if year.number >= here.year],
        uncovered=uncovered(version.document, here),
        trouble=trouble,
        typed=request.form.get("note", ""),
        by=auth.person,
        readable=readable,
        longest=LONGEST_NOTE,
        longest_reason=LONGEST_REASON,
    )


def _coming(document: Document, years: tuple[Year, ...], here: date) -> list[Day]:
    chinese = language.chosen() == "zh-TW"
    found = {
        one.day: Day(
            one.day,
            one.name if chinese else one.name_en,
            ", ".join(document["week"][one.works_for.weekday()]) if one.works_for else "",
            "workday" if one.works_for else "substitute" if one.substitute else "holiday",
        )
        for year in years
        for one in year.days
    }
    for one in document["exceptions"]:
        day = date.fromisoformat(one["date"])
        found[day] = Day(day, one["reason"], ", ".join(one["spans"]), "exception")
    return [found[day] for day in sorted(found) if day >= here]


@bp.get("/admin/hours")
@requires(Permission.SCHEDULE_READ)
def index() -> ResponseReturnValue:
    return page()


@bp.post("/admin/hours")
@requires(Permission.SCHEDULE_WRITE)
def change() -> ResponseReturnValue:
    """The change is audited where it is made, in one transaction with it."""
    form = read(request.form)
    seen = request.form.get("seen", -1, type=int)
    try:
        console().hours.set(staff(), form.document(), request.form.get("note", ""), seen)
    except ServiceError as error:
        return page(form, words.sentence(error)), error.http_status
    flash(gettext("The new service hours are in force within seconds."), "success")
    return redirect(url_for("hours.index"), 303)
