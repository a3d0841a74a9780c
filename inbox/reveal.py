"""One masked field in full: the form that asks why and for a fresh code, and the value for a minute.

The value travels in the answer to a form that was posted, never in an address, and no answer may be kept. A script
shows it in the conversation (inbox/static/reveal.js); without one it is a page that leaves by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.desk.reveal import FIRM_ID, OPEN_S, REASONS, Field, Shown
from bot.errors import BadPayload, ServiceError
from bot.masking import mask
from inbox import auth, seen, words
from inbox.account import attempts
from inbox.auth import STEP_UP_S, console, requires, staff
from inbox.permissions import AuditAction, Permission
from inbox.problems import too_often

bp = Blueprint("reveal", __name__)

FIELDS: words.Words = {
    "TW_ID": _l("National ID"),
    "ARC_NEW": _l("Resident certificate"),
    "ARC_OLD": _l("Resident certificate"),
    "COMPANY_TAX_ID": _l("Company number"),
    "PASSPORT": _l("Passport"),
    "CREDIT_CARD": _l("Payment card"),
    "BANK_ACCOUNT": _l("Bank account"),
    "MOBILE": _l("Mobile phone"),
    "LANDLINE": _l("Telephone"),
    "EMAIL": _l("E-mail"),
    "ADDRESS": _l("Address"),
    "BIRTHDAY": _l("Birthday"),
    "LINE_ID": _l("LINE ID"),
    "NHI_CARD": _l("Health insurance card"),
    "CAR_PLATE": _l("Number plate"),
    FIRM_ID: _l("The firm's customer number"),
}
WHYS: words.Words = {
    "identify": _l("To identify the customer"),
    "request": _l("To do what the customer asks for"),
    "complaint": _l("To handle a complaint"),
    "fraud": _l("To stop a fraud or a loss"),
    "audit": _l("Audit or an authority's request"),
    "other": _l("Something else"),
}


@bp.app_context_processor
def _context() -> dict[str, object]:
    return {"masked_id": lambda value: mask(value).masked}


def fresh() -> bool:
    """Whether a second factor was given within the last five minutes."""
    at = auth.present().seat.stepped_at
    return at is not None and 0 <= time.time() - at.timestamp() <= STEP_UP_S


def _form(action: str, back: str, fields: Sequence[Field], fault: str | None = None) -> str:
    here = auth.present()
    return render_template(
        "console/reveal.html",
        action=action,
        back=back,
        fields=fields,
        names=FIELDS,
        whys={code: WHYS[code] for code in REASONS},
        needs_code=not fresh(),
        enrolled=here.enrolled,
        fault=fault,
        chosen=request.form,
        seconds=OPEN_S,
    )


def _second_factor(subject: str) -> ResponseReturnValue | None:
    """Takes the code where one is needed; an answer where it may not go on. Raises BadPayload."""
    here = auth.present()
    if fresh():
        return None
    if not here.enrolled:
        console().reveals.refused(here.staff, subject, "no_second_factor")
        raise BadPayload("Set up a second factor first: My account shows how.")
    if wait := attempts().allow_code(here.staff.id):
        console().reveals.refused(here.staff, subject, "too_many_codes")
        return too_often(wait)
    now = time.time()
    if not console().door.factors.accept(here.staff.id, request.form.get("code", ""), now):
        console().audit(here.staff.id, AuditAction.STEP_UP_FAILED, f"staff:{here.staff.id}", {})
        console().reveals.refused(here.staff, subject, "wrong_code")
        raise BadPayload("This code is not right, or was used already. Take the next one.")
    attempts().forget_code(here.staff.id)
    console().audit(here.staff.id, AuditAction.STEPPED_UP, f"staff:{here.staff.id}", {})
    auth.renamed(console().door.sessions.stepped(here.seat, now))
    return None


def _answer(
    subject: str, action: str, back: str, fields: Callable[[], Sequence[Field]], show: Callable[[], Shown]
) -> ResponseReturnValue:
    try:
        stopped = _second_factor(subject)
        if stopped is not None:
            return stopped
        shown = show()
    except ServiceError as error:
        if auth.wants_fragment():
            return {"error": words.sentence(error)}, error.http_status
        if not isinstance(error, BadPayload):
            raise
        return _form(action, back, fields(), words.sentence(error)), error.http_status
    name = words.said(FIELDS, shown.type)
    if auth.wants_fragment():
        return {"name": name, "value": shown.value, "seconds": OPEN_S, "close": gettext("Close")}
    page = render_template("console/revealed.html", name=name, value=shown.value, back=back, seconds=OPEN_S)
    return page, 200, {"Refresh": f"{OPEN_S}; url={back}"}


@bp.get("/inbox/<conversation_id>/lines/<message_id>/reveal")
@requires(Permission.REVEAL)
def line(conversation_id: str, message_id: str) -> ResponseReturnValue:
    found = console().reveals.fields(staff(), conversation_id, message_id)
    seen.conversation(console().desk.page(staff(), conversation_id), again=True)
    return _form(*_places(conversation_id, message_id), found)


@bp.post("/inbox/<conversation_id>/lines/<message_id>/reveal")
@requires(Permission.REVEAL)
def show_line(conversation_id: str, message_id: str) -> ResponseReturnValue:
    who, asked = staff(), request.form
    return _answer(
        f"message:{message_id}",
        *_places(conversation_id, message_id),
        lambda: console().reveals.fields(who, conversation_id, message_id),
        lambda: console().reveals.show(
            who,
            conversation_id,
            message_id,
            asked.get("field", ""),
            asked.get("reason", ""),
            asked.get("why", ""),
        ),
    )


@bp.get("/inbox/customers/<customer_id>/reveal")
@requires(Permission.REVEAL)
def firm_id(customer_id: str) -> ResponseReturnValue:
    field = console().reveals.firm_id(staff(), customer_id)
    console().audit(staff().id, AuditAction.CUSTOMER_OPENED, f"customer:{customer_id}", {"form": "reveal"})
    return _form(*_customer_places(customer_id), [field])


@bp.post("/inbox/customers/<customer_id>/reveal")
@requires(Permission.REVEAL)
def show_firm_id(customer_id: str) -> ResponseReturnValue:
    who, asked = staff(), request.form
    return _answer(
        f"customer:{customer_id}",
        *_customer_places(customer_id),
        lambda: [console().reveals.firm_id(who, customer_id)],
        lambda: console().reveals.show_firm_id(
            who, customer_id, asked.get("reason", ""), asked.get("why", "")
        ),
    )


def _places(conversation_id: str, message_id: str) -> tuple[str, str]:
    """Where the form goes, and where one comes back to."""
    return (
        url_for("reveal.show_line", conversation_id=conversation_id, message_id=message_id),
        url_for("inbox.conversation", conversation_id=conversation_id),
    )


def _customer_places(customer_id: str) -> tuple[str, str]:
    return (
        url_for("reveal.show_firm_id", customer_id=customer_id),
        url_for("customers.customer", customer_id=customer_id),
    )
