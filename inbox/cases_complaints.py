"""Working on a complaint: taken, noted, replied to, told of the 評議中心, closed."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox.auth import console, requires, staff
from inbox.cases import _done, bp
from inbox.permissions import Permission


@bp.post("/cases/<case_id>/take")
@requires(Permission.COMPLAINT_WRITE)
def take(case_id: str) -> ResponseReturnValue:
    return _done(
        case_id, lambda _: console().cases.complaints.take(staff(), case_id), gettext("It is yours.")
    )


@bp.post("/cases/<case_id>/note")
@requires(Permission.COMPLAINT_WRITE)
def note(case_id: str) -> ResponseReturnValue:
    act = console().cases.complaints.note
    return _done(case_id, lambda text: act(staff(), case_id, text), gettext("The note is kept."))


@bp.post("/cases/<case_id>/reply")
@requires(Permission.COMPLAINT_WRITE)
def reply(case_id: str) -> ResponseReturnValue:
    how, act = request.form.get("how", ""), console().cases.complaints.reply
    done = gettext("The reply is recorded.")
    return _done(case_id, lambda text: act(staff(), case_id, how, text), done)


@bp.post("/cases/<case_id>/tell")
@requires(Permission.COMPLAINT_WRITE)
def tell(case_id: str) -> ResponseReturnValue:
    form, act = request.form, console().cases.complaints.tell
    talk, client_id = form.get("conversation", ""), form.get("client_id", "")
    return _done(case_id, lambda _: act(staff(), case_id, talk, client_id), gettext("The text was sent."))


@bp.post("/cases/<case_id>/told")
@requires(Permission.COMPLAINT_WRITE)
def told(case_id: str) -> ResponseReturnValue:
    act = console().cases.complaints.told_otherwise
    return _done(case_id, lambda text: act(staff(), case_id, text), gettext("It is recorded."))


@bp.post("/cases/<case_id>/close")
@requires(Permission.COMPLAINT_WRITE)
def close(case_id: str) -> ResponseReturnValue:
    outcome, act = request.form.get("outcome", ""), console().cases.complaints.close
    done = gettext("The complaint is closed.")
    return _done(case_id, lambda text: act(staff(), case_id, outcome, text), done)
