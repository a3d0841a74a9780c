"""Requests of data subjects and complaints: the list, a case with its next step as a form, the ledger."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.cases.ledger import ledger as written
from bot.cases.requests import PROOFS, WAYS
from bot.cases.room import LONGEST
from bot.cases.service import Cases
from bot.errors import BadPayload, ServiceError
from bot.store.case_values import REQUESTS, Case, Kind
from inbox import auth, cases_words, words
from inbox.auth import FirstThingsFirst, console, person, requires, staff
from inbox.permissions import AuditAction, Permission

bp = Blueprint("cases", __name__)

KINDS = {"complaint": (Kind.COMPLAINT,), "request": REQUESTS}
_T = dict[str, str]


def _cases() -> Cases:
    return console().cases


@bp.get("/cases")
@requires(Permission.REQUEST_READ)
def index() -> ResponseReturnValue:
    kind = request.args.get("kind", "")
    show = request.args.get("show", "open")
    kinds = KINDS.get(kind) or ((Kind(kind),) if kind in list(Kind) else ())
    found = _cases().listing(staff(), kinds, open_=show != "closed", late=show == "late")
    # Before anything is shown: a view that cannot be noted does not happen.
    about = sorted({case.customer for case in found})
    console().audit(staff().id, AuditAction.CASES_LISTED, "cases", {"n": len(found)}, customers=about)
    return render_template(
        "console/cases.html",
        found=found,
        kind=kind,
        show=show if show in cases_words.SHOWN else "open",
        today=_cases().room.today(),
        names=cases_words,
        person=person,
    )


@bp.get("/cases/complaints.csv")
@requires(Permission.COMPLAINTS_READ)
def ledger() -> ResponseReturnValue:
    """Complaints against their 30 days: ids and dates, no word of anybody's."""
    found = _cases().complaints_since(staff())
    about = sorted({case.customer for case in found})
    console().audit(staff().id, AuditAction.COMPLAINTS_EXPORTED, "cases", {"n": len(found)}, customers=about)
    answer = Response(written(found, _cases().room.today(), person), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="complaints.csv"'
    return answer


def _page(case_id: str, trouble: str | None = None, status: int = 200) -> ResponseReturnValue:
    case, events = _cases().one(staff(), case_id)
    console().audit(staff().id, AuditAction.CASE_OPENED, f"customer:{case.customer}", {"case": case.id})
    page = render_template(
        "console/case.html",
        case=case,
        events=events,
        today=_cases().room.today(),
        names=cases_words,
        person=person,
        proofs=PROOFS,
        ways=WAYS,
        longest=LONGEST,
        trouble=trouble,
        typed=request.form if trouble else {},
        client_id=secrets.token_hex(12),
        stopped=_cases().room.effects.marketing_stopped(case.customer),
    )
    return page, status


@bp.get("/cases/<case_id>")
@requires(Permission.REQUEST_READ)
def case(case_id: str) -> ResponseReturnValue:
    return _page(case_id)


@bp.get("/cases/new")
@requires(Permission.REQUEST_INTAKE)
def new() -> ResponseReturnValue:
    return _form()


def _form(trouble: str | None = None, status: int = 200) -> ResponseReturnValue:
    given = request.form if trouble else request.args
    conversation, customer = given.get("conversation", ""), given.get("customer", "")
    # Raises where it is not theirs to read, and notes nothing of it but the customer's id.
    found = _cases().room.customer(staff(), conversation or None, customer or None)
    console().audit(staff().id, AuditAction.CASE_BEGUN, f"customer:{found}", {})
    page = render_template(
        "console/case_new.html",
        conversation=conversation,
        customer=customer,
        kind=given.get("kind", "request"),
        names=cases_words,
        requests=REQUESTS,
        today=_cases().room.today(),
        longest=LONGEST,
        trouble=trouble,
        typed=given if trouble else {},
    )
    return page, status


def _opened(make: Callable[[date | None, str | None, str | None], Case]) -> ResponseReturnValue:
    form = request.form
    try:
        made = make(
            _day(form.get("received", "")), form.get("conversation") or None, form.get("customer") or None
        )
    except BadPayload as error:
        return _form(words.sentence(error), error.http_status)
    flash(gettext("The case is open. Its term ends on %(day)s.", day=made.due.isoformat()), "success")
    return redirect(url_for("cases.case", case_id=made.id), 303)


def _day(written_: str) -> date | None:
    if not written_.strip():
        return None
    try:
        return date.fromisoformat(written_.strip())
    except ValueError as error:
        raise BadPayload("Give the day like 2026-11-23.") from error


@bp.post("/cases/requests")
@requires(Permission.REQUEST_INTAKE)
def take_in() -> ResponseReturnValue:
    kind, text = request.form.get("kind", ""), request.form.get("text", "")
    return _opened(
        lambda day, talk, who: _cases().requests.take_in(
            staff(), kind, text, conversation_id=talk, customer_id=who, received_on=day
        )
    )


@bp.post("/cases/complaints")
@requires(Permission.COMPLAINT_WRITE)
def open_complaint() -> ResponseReturnValue:
    text = request.form.get("text", "")
    return _opened(
        lambda day, talk, who: _cases().complaints.open(
            staff(), text, conversation_id=talk, customer_id=who, received_on=day
        )
    )


def _done(case_id: str, act: Callable[[str], Case], done: str) -> ResponseReturnValue:
    """`act` with the text of the form; what is wrong stands above the form again."""
    try:
        act(request.form.get("text", ""))
    except ServiceError as error:
        return _page(case_id, words.sentence(error), error.http_status)
    flash(done, "success")
    return redirect(url_for("cases.case", case_id=case_id), 303)


@bp.post("/cases/<case_id>/identify")
@requires(Permission.REQUEST_INTAKE)
def identify(case_id: str) -> ResponseReturnValue:
    how = request.form.get("how", "")
    act = _cases().requests.identify
    return _done(case_id, lambda text: act(staff(), case_id, how, text), gettext("The check is recorded."))


@bp.post("/cases/<case_id>/extend")
@requires(Permission.REQUEST_WRITE)
def extend(case_id: str) -> ResponseReturnValue:
    act = _cases().requests.extend
    done = gettext("The term is longer. Send the customer the reason in writing.")
    return _done(case_id, lambda text: act(staff(), case_id, text), done)


@bp.post("/cases/<case_id>/propose")
@requires(Permission.REQUEST_WRITE)
def propose(case_id: str) -> ResponseReturnValue:
    form, act = request.form, _cases().requests.propose
    outcome, field, value = form.get("outcome", ""), form.get("field", ""), form.get("value", "")
    done = gettext("Proposed. A compliance officer has to agree.")
    return _done(case_id, lambda text: act(staff(), case_id, outcome, text, field, value), done)


@bp.post("/cases/<case_id>/<any(agree, back):answer>")
@requires(Permission.REQUEST_APPROVE)
def decide(case_id: str, answer: str) -> ResponseReturnValue:
    agree, act = answer == "agree", _cases().requests.decide
    done = gettext("Agreed.") if agree else gettext("Handed back.")
    return _done(case_id, lambda text: act(staff(), case_id, text, agree=agree), done)


@bp.post("/cases/<case_id>/fulfil")
@requires(Permission.REQUEST_WRITE)
def fulfil(case_id: str) -> ResponseReturnValue:
    return _done(
        case_id, lambda _: _cases().fulfilment.fulfil(staff(), case_id), gettext("Done. Tell the customer.")
    )


@bp.post("/cases/<case_id>/package")
@requires(Permission.REQUEST_WRITE)
def package(case_id: str) -> ResponseReturnValue:
    """The copy, after a second factor: everything of one customer in full."""
    try:
        auth.step_up()
    except FirstThingsFirst as error:
        flash(gettext("Confirm with your second factor first, then send it again."), "error")
        back = url_for("cases.case", case_id=case_id)
        return redirect(url_for(error.endpoint, next=back, why=error.code), 303)
    try:
        made = _cases().fulfilment.package(staff(), case_id)
    except ServiceError as error:
        return _page(case_id, words.sentence(error), error.http_status)
    answer = Response(made.data, mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return answer


@bp.post("/cases/<case_id>/answer")
@requires(Permission.REQUEST_INTAKE)
def answer(case_id: str) -> ResponseReturnValue:
    how, act = request.form.get("how", ""), _cases().requests.answer
    return _done(case_id, lambda text: act(staff(), case_id, how, text), gettext("The case is closed."))


@bp.post("/cases/<case_id>/withdraw")
@requires(Permission.REQUEST_WRITE)
def withdraw(case_id: str) -> ResponseReturnValue:
    act = _cases().requests.withdraw
    return _done(case_id, lambda text: act(staff(), case_id, text), gettext("The case is closed."))
