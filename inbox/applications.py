"""How the customer's applications stand at the firm, looked up on request; and what they said of the service.

Looked up by a click and not with the page: each look-up stands in the audit log, and a slow system of the firm's must
not keep a conversation from opening.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from bot.errors import NotFound
from bot.model import Conversation
from bot.store.ratings import Rating
from inbox import words
from inbox.auth import console, requires, staff
from inbox.permissions import Permission

bp = Blueprint("applications", __name__)

STATUSES: words.Words = {
    "received": _l("Received"),
    "in_review": _l("In review"),
    "documents_missing": _l("Documents missing"),
    "approved": _l("Passed the review"),
    "completed": _l("Completed"),
    "rejected": _l("Turned down"),
    "withdrawn": _l("Withdrawn"),
}
KINDS: words.Words = {
    "loan": _l("Loan"),
    "claim": _l("Claim"),
    "card": _l("Card"),
    "account": _l("Account"),
}
STEPS: words.Words = {
    "upload_documents": _l("Hand in documents"),
    "sign_contract": _l("Sign the contract"),
    "visit_branch": _l("Visit a branch"),
    "confirm_identity": _l("Confirm the identity"),
    "wait": _l("Nothing to do but wait"),
}
SCORES: words.Words = {
    "5": _l("Very satisfied"),
    "4": _l("Satisfied"),
    "3": _l("Neutral"),
    "2": _l("Dissatisfied"),
    "1": _l("Very dissatisfied"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """`rating` is None where nobody was asked; `connected`: there is a system of the firm's to ask."""

    rating: Rating | None
    connected: bool


def facts(conversation: Conversation) -> Facts:
    """What the service knows beside a conversation, without asking anybody outside."""
    # Pages without a house behind them (a rehearsal of the console in a test) have neither.
    ratings = getattr(console(), "ratings", None)
    rating = ratings.of([conversation.id]).get(conversation.id) if ratings is not None else None
    return Facts(rating, getattr(console(), "applications", None) is not None)


@bp.app_context_processor
def _facts() -> dict[str, object]:
    return {"service_facts": facts, "rating_words": SCORES}


@bp.get("/inbox/<conversation_id>/applications")
@requires(Permission.INBOX_READ)
def of_conversation(conversation_id: str) -> ResponseReturnValue:
    """The applications of the customer of a conversation that this person may read."""
    page = console().desk.page(staff(), conversation_id)
    desk = console().applications
    if desk is None:
        raise NotFound("No system of the firm's is connected that knows applications.")
    found = desk.of_customer(staff(), page.customer.id)
    return render_template(
        "console/applications.html",
        opened_page=page,
        found=found,
        statuses=STATUSES,
        kinds=KINDS,
        steps=STEPS,
    )
