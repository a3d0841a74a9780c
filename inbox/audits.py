"""The weekly audit: this week's seed, the samples with their reports, and the proof over all that was said."""

from __future__ import annotations

import json
from collections.abc import Sequence

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.errors import ServiceError
from bot.quality.drawn import COMMITTED, WeekReport
from bot.quality.paper import paper
from bot.quality.result import Result
from inbox import audit_words as say
from inbox import dashboard_words, language, plots, words
from inbox.auth import console, person, requires, staff
from inbox.permissions import AuditAction, Permission

bp = Blueprint("audits", __name__)

LISTED = 30


def _trend(weeks: Sequence[tuple[str, Result]]) -> plots.Plot:
    """The pass rate of each week's sample, with its interval and the case's levels."""
    rates = [one for _, one in weeks]
    series = plots.Series(
        gettext("right"),
        [one.rate for one in rates],
        [one.reviewed for one in rates],
        low=[one.low for one in rates],
        high=[one.high for one in rates],
    )
    return plots.plot(
        "audit_trend",
        gettext("Replies found right, by week"),
        [week for week, _ in weeks],
        (series,),
        dashboard_words.level_share,
        unit="share",
        scale="share",
        references=dashboard_words.references("audit"),
    )


@bp.get("/audit")
@requires(Permission.AUDIT_READ)
def index() -> ResponseReturnValue:
    house = console().quality
    draws = house.audits.draws(LISTED)
    found = [(one, house.audits.report(one.id).result) for one in draws]
    trend = sorted((one.week, result) for one, result in found if one.kind == COMMITTED)
    return render_template(
        "console/audits.html",
        week=house.audits.this_week(),
        settings=house.audits.settings,
        found=found,
        trend=_trend(trend) if trend else None,
        proofs=house.proving.latest()[:5],
        how=dashboard_words.HOW,
        share=dashboard_words.share,
        say=say,
        person=person,
    )


@bp.get("/audit/samples/<draw>")
@requires(Permission.AUDIT_READ)
def sample(draw: str) -> ResponseReturnValue:
    house = console().quality
    report = house.audits.report(draw)
    return render_template(
        "console/audit_sample.html",
        report=report,
        disputed=house.reviewing.disputed(staff(), draw),
        may_sign=house.reviewing.complete(draw),
        share=dashboard_words.share,
        say=say,
        person=person,
    )


@bp.post("/audit/samples/<draw>/sign")
@requires(Permission.AUDIT_SIGN)
def sign(draw: str) -> ResponseReturnValue:
    try:
        console().quality.reviewing.sign(staff(), draw)
        flash(gettext("Signed. The figures of this report stand as they are."), "success")
    except ServiceError as error:
        flash(words.sentence(error), "error")
    return redirect(url_for("audits.sample", draw=draw), 303)


@bp.get("/audit/samples/<draw>/report.json")
@requires(Permission.AUDIT_READ)
def as_json(draw: str) -> ResponseReturnValue:
    """The report as a file: figures, what is needed to draw again, findings. No word of anybody's."""
    report = console().quality.audits.report(draw)
    _exported(draw, "json")
    text = json.dumps(document(report), ensure_ascii=False, indent=2, default=str)
    return _file(text.encode(), "application/json", f"audit-{draw}.json")


@bp.get("/audit/samples/<draw>/report.pdf")
@requires(Permission.AUDIT_READ)
def as_pdf(draw: str) -> ResponseReturnValue:
    report = console().quality.audits.report(draw)
    _exported(draw, "pdf")
    made = paper(report, language.chosen(), console().settings.timezone, person)
    return _file(made, "application/pdf", f"audit-{draw}.pdf")


def document(report: WeekReport) -> dict[str, object]:
    drawn = report.draw
    return {
        "draw": drawn.id,
        "week": drawn.week,
        "kind": drawn.kind,
        "state": drawn.state,
        "drawn_at": drawn.at,
        "size": drawn.size,
        "population": drawn.population,
        **drawn.proof,
        "strata": {name: {"population": there, "drawn": n} for name, (there, n) in drawn.strata.items()},
        "signed_by": drawn.signed_by,
        "signed_at": drawn.signed_at,
        **console().quality.audits.figures(report),
        "findings": [
            {
                "item": one["_id"],
                "message": one["message"],
                "cites": [f"{ref['kind']}:{ref['id']}@{ref['version']}" for ref in one["refs"]],
                **one["finding"],
            }
            for one in report.findings
        ],
    }


def _exported(draw: str, form: str) -> None:
    console().audit(staff().id, AuditAction.AUDIT_EXPORTED, f"audit-week:{draw}", {"form": form})


def _file(data: bytes, kind: str, name: str) -> Response:
    answer = Response(data, mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
