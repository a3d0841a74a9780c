"""Terms, holds and what was destroyed: read by compliance and auditors, holds decided by two officers."""

from __future__ import annotations

import json
from collections.abc import Callable

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.errors import ServiceError
from bot.retention.clock import Clock
from bot.retention.purging import Certificate
from bot.retention.terms import AGE, CUSTOMER, KEPT, terms
from inbox import auth, words
from inbox.auth import FirstThingsFirst, console, person, requires, staff
from inbox.permissions import AuditAction, Permission

bp = Blueprint("retention", __name__)

LISTED = 100
CLASSES: words.Words = {
    "messages": _l("Messages"),
    "notes": _l("Notes"),
    "customer_notes": _l("Notes about customers"),
    "ratings": _l("Ratings"),
    "files": _l("Files in conversations"),
    "relationship": _l("After the relationship ends"),
    "disputes": _l("After a dispute ends"),
    "customers": _l("Names and identities"),
    "conversations": _l("What was decided on conversations"),
    "threads": _l("Channel identities"),
    "links": _l("Links between identities"),
    "link_tokens": _l("Link codes"),
    "file_parts": _l("Content of files"),
    "events": _l("Events of platforms"),
    "outbox": _l("Deliveries"),
    "labels": _l("Judgements of replies"),
    "corrections": _l("Corrections after recalls"),
    "assignments": _l("Assignments"),
    "drafts": _l("Drafts of replies"),
    "keys": _l("Data keys"),
    "model_calls": _l("Calls of the model"),
    "availability": _l("Hours on duty"),
    "audit": _l("Audit log"),
    "seals": _l("Seals"),
    "certificates": _l("Certificates of destruction"),
    "holds": _l("Legal holds"),
    "retention": _l("Statements and restrictions"),
    "figures": _l("Figures"),
    "recalls": _l("Recalls"),
    "audit_weeks": _l("Weekly audits"),
    "audit_populations": _l("Replies a sample was drawn from"),
    "audit_items": _l("Audited replies"),
    "audit_proofs": _l("Proofs over all replies"),
    "ai_inventory": _l("Register of AI systems"),
    "ai_drills": _l("Drills of the AI switch"),
    "cases": _l("Requests and complaints"),
    "packs": _l("Packs for the examiner"),
    "case_events": _l("What was written in cases"),
}
GOES: words.Words = {
    CUSTOMER: _l("with the customer, when the longest clock is over"),
    AGE: _l("by itself, when it is older"),
    KEPT: _l("never: nobody is in it, or it proves the rest"),
}
REASONS: words.Words = {
    "message": _l("Last record"),
    "relationship": _l("Relationship with the firm"),
    "product": _l("Life of a product, and three months"),
    "dispute": _l("Complaint or dispute"),
    "hold": _l("Legal hold"),
}
HOLD_STATES: words.Words = {
    "proposed": _l("Proposed, waits for a second officer"),
    "standing": _l("Stands"),
    "lifting": _l("Lifting waits for a second officer"),
    "lifted": _l("Lifted"),
    "refused": _l("Refused"),
}


def _shown(status: int = 200, **filled: str) -> ResponseReturnValue:
    house, customer = console().retention, request.args.get("customer", "").strip()
    # Before anything is shown: a view that cannot be noted does not happen.
    seen = f"customer:{customer}" if customer else "retention"
    console().audit(staff().id, AuditAction.RETENTION_OPENED, seen, {})
    clock: Clock | None = None
    if customer:
        try:
            clock = house.clock(customer)
        except ServiceError as error:
            flash(words.sentence(error), "error")
    page = render_template(
        "console/retention.html",
        terms=terms(house.settings.years),
        purge=house.settings.purge,
        classes=CLASSES,
        goes=GOES,
        reasons=REASONS,
        states=HOLD_STATES,
        holds=house.holds.all(),
        due=house.due(),
        begun=len(house.purger.store.open()),
        restrictions=house.store.restrictions(LISTED),
        certificates=[Certificate.of(doc) for doc in house.purger.store.certificates(LISTED)],
        customer=customer,
        clock=clock,
        filled=filled,
        person=person,
    )
    return page, status


@bp.get("/records/retention")
@requires(Permission.RETENTION_READ)
def index() -> ResponseReturnValue:
    return _shown()


def _decided(act: Callable[[], object], done: str) -> ResponseReturnValue:
    """`act` after a second factor; a form that had to wait for one is sent again."""
    try:
        auth.step_up()
    except FirstThingsFirst as error:
        flash(gettext("Confirm with your second factor first, then send it again."), "error")
        return redirect(url_for(error.endpoint, next=url_for("retention.index"), why=error.code), 303)
    try:
        act()
    except ServiceError as error:
        flash(words.sentence(error), "error")
        return _shown(error.http_status, **{name: request.form.get(name, "") for name in ("reason", "of")})
    flash(done, "success")
    return redirect(url_for("retention.index"), 303)


@bp.post("/records/retention/holds")
@requires(Permission.HOLD_WRITE)
def propose() -> ResponseReturnValue:
    of, reason = request.form.get("of", "").strip(), request.form.get("reason", "")
    return _decided(
        lambda: console().retention.holds.propose(staff(), of, reason),
        gettext(
            "Proposed. From now on nothing of this customer is destroyed; a second officer has to agree."
        ),
    )


@bp.post("/records/retention/holds/<hold_id>/lift")
@requires(Permission.HOLD_WRITE)
def lift(hold_id: str) -> ResponseReturnValue:
    def act() -> object:
        holds = console().retention.holds
        customer = holds.store.get(hold_id).customer
        return holds.propose_lifting(staff(), customer, request.form.get("reason", ""))

    return _decided(act, gettext("Proposed. The hold stands until a second officer agrees."))


@bp.post("/records/retention/holds/<hold_id>/<any(agree, refuse):answer>")
@requires(Permission.HOLD_WRITE)
def decide(hold_id: str, answer: str) -> ResponseReturnValue:
    agree = answer == "agree"
    return _decided(
        lambda: console().retention.holds.decide(staff(), hold_id, agree=agree),
        gettext("Agreed.") if agree else gettext("Refused."),
    )


@bp.get("/records/retention/certificates/<certificate_id>")
@requires(Permission.RETENTION_READ)
def certificate(certificate_id: str) -> ResponseReturnValue:
    """The certificate as a file. Its digest stands in the audit log too."""
    found = console().retention.purger.store.certificate(certificate_id)
    if found is None:
        abort(404)
    subject = f"certificate:{certificate_id}"
    console().audit(staff().id, AuditAction.CERTIFICATE_DOWNLOADED, subject, {})
    written = json.dumps(Certificate.of(found).plain(), ensure_ascii=False, indent=2, sort_keys=True)
    answer = Response(written + "\n", mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{certificate_id}.certificate.json"'
    return answer
