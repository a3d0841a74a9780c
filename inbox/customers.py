"""The customer over all identities: profile, notes, tags, risk mark, history; linking and unlinking with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.desk.customers import LONGEST_NOTE, Person, Standing
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import Page
from bot.reasons import LONGEST_REASON
from bot.store.customers import Remark
from bot.store.timeline import Said, Stretch, Timeline
from inbox import auth, language, words
from inbox.auth import console, requires, staff
from inbox.permissions import AuditAction, Permission

bp = Blueprint("customers", __name__)

PROOFS: words.Words = {
    "signed_token": _l("Signed session of the app or site"),
    "account_link": _l("One-time link from a signed session"),
    "agent": _l("A colleague's judgement"),
}
RISKS: words.Words = {"none": _l("No mark"), "watch": _l("Take care"), "high": _l("High risk")}
BESIDE_NOTES = 3
"""The latest notes beside a conversation; all are on the customer's page."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one conversation in a row, oldest first; blocks stand latest first."""

    conversation: Stretch
    lines: list[Said]

    @property
    def day(self) -> str:
        return language.day(self.lines[-1].at)


@dataclass(frozen=True, slots=True)
class Noted:
    """A note with what replaced it, if anything did: what was written stays to be read."""

    note: Remark
    corrected_by: Remark | None


@dataclass(frozen=True, slots=True)
class Beside:
    """The person beside one of their conversations."""

    person: Person
    standing: Standing
    notes: list[Noted]


def blocks(timeline: Timeline) -> list[Block]:
    def of(line: Said) -> tuple[str, str]:
        return line.conversation_id, language.local_day(line.at)

    return [
        Block(timeline.conversations[conversation], list(reversed(list(lines))))
        for (conversation, _), lines in groupby(timeline.lines, of)
    ]


def noted(notes: Sequence[Remark]) -> list[Noted]:
    later = {note.corrects: note for note in reversed(notes) if note.corrects}
    return [Noted(note, later.get(note.id)) for note in notes]


def holding(person: Person) -> list[Noted]:
    """The notes that nothing has replaced."""
    return [one for one in noted(person.notes) if not one.corrected_by]


def beside(page: Page) -> Beside | None:
    """None where this person reads the conversation but serves the customer no more, and where nobody is known."""
    # Pages without a house behind them (a rehearsal of the console in a test) have no customers.
    customers = getattr(console(), "customers", None)
    if customers is None:
        return None
    try:
        person = customers.person(staff(), page.customer.id)
    except NotFound:
        return None
    return Beside(person, person.standings[page.customer.id], holding(person)[:BESIDE_NOTES])


def by(actor: str) -> str:
    """Who made or undid a link."""
    return "Teller" if actor.startswith("system:") else auth.person(actor)


@bp.app_context_processor
def _context() -> dict[str, object]:
    return {"person_beside": beside, "proofs": PROOFS, "risks": RISKS, "by": by, "holding": holding}


def _noted(person: Person, detail: dict[str, str], shown: Sequence[str] = ()) -> None:
    """Written before anything is shown, with every identity of the person."""
    subject, theirs = f"customer:{person.asked}", [face.id for face in person.faces]
    console().audit(staff().id, AuditAction.CUSTOMER_OPENED, subject, detail, shown=shown, customers=theirs)


def profile(customer_id: str, trouble: str | None = None, typed: str = "") -> str:
    customers, who = console().customers, staff()
    person = customers.person(who, customer_id)
    timeline = customers.timeline(who, customer_id, request.args.get("before"))
    # Written before anything is shown: a view that cannot be noted does not happen.
    _noted(person, {}, [*timeline.conversations])
    return render_template(
        "console/customer.html",
        person=person,
        notes=noted(person.notes),
        names={face.id: face.name for face in person.faces},
        blocks=blocks(timeline),
        more=timeline.more,
        trouble=trouble,
        typed=typed,
        longest_note=LONGEST_NOTE,
        longest=LONGEST_REASON,
    )


@bp.get("/inbox/customers/<customer_id>")
@requires(Permission.INBOX_READ)
def customer(customer_id: str) -> ResponseReturnValue:
    return profile(customer_id)


def _done(customer_id: str, said: str) -> ResponseReturnValue:
    flash(said, "success")
    return redirect(url_for("customers.customer", customer_id=customer_id), 303)


@bp.post("/inbox/customers/<customer_id>/notes")
@requires(Permission.CUSTOMER_WRITE)
def note(customer_id: str) -> ResponseReturnValue:
    text = request.form.get("text", "").replace("\r\n", "\n")
    try:
        console().customers.note(staff(), customer_id, text, request.form.get("corrects") or None)
    except BadPayload as error:
        return profile(customer_id, words.sentence(error), text), error.http_status
    return _done(customer_id, gettext("The note is kept."))


@bp.post("/inbox/customers/<customer_id>/tags")
@requires(Permission.CUSTOMER_WRITE)
def tags(customer_id: str) -> ResponseReturnValue:
    try:
        console().customers.tag(staff(), customer_id, request.form.get("tags", ""))
    except BadPayload as error:
        return profile(customer_id, words.sentence(error)), error.http_status
    return _done(customer_id, gettext("The tags are set."))


@bp.post("/inbox/customers/<customer_id>/risk")
@requires(Permission.CUSTOMER_WRITE)
def risk(customer_id: str) -> ResponseReturnValue:
    level, why = request.form.get("level", ""), request.form.get("reason", "")
    try:
        console().customers.mark(staff(), customer_id, level, why)
    except (BadPayload, NotAllowed) as error:
        return profile(customer_id, words.sentence(error)), error.http_status
    return _done(customer_id, gettext("The risk mark is set."))


@bp.get("/inbox/customers/<customer_id>/link")
@requires(Permission.CUSTOMER_LINK)
def link(customer_id: str) -> ResponseReturnValue:
    """Whom to link with; with `other`, both sides to compare before it is decided."""
    other = _id_of(request.args.get("other", ""))
    if not other:
        return _choose(customer_id)
    try:
        return _compare(customer_id, other)
    except (Conflict, NotFound) as error:
        return _choose(customer_id, words.sentence(error)), error.http_status


@bp.post("/inbox/customers/<customer_id>/link")
@requires(Permission.CUSTOMER_LINK)
def linked(customer_id: str) -> ResponseReturnValue:
    other, why = request.form.get("other", ""), request.form.get("reason", "")
    try:
        console().customers.link(staff(), customer_id, other, why)
    except BadPayload as error:
        return _compare(customer_id, other, words.sentence(error), why), error.http_status
    except (Conflict, NotFound) as error:
        return _choose(customer_id, words.sentence(error)), error.http_status
    return _done(customer_id, gettext("Linked. It can be undone on this page at any time."))


def _id_of(written: str) -> str:
    """An id, also from the address of a customer's page."""
    return written.strip().partition("?")[0].rstrip("/").rpartition("/")[2]


def _choose(customer_id: str, trouble: str | None = None) -> str:
    customers, who = console().customers, staff()
    person, candidates = customers.person(who, customer_id), customers.candidates(who, customer_id)
    _noted(person, {})
    listed = [one.customer_id for one in candidates]
    console().audit(who.id, AuditAction.CUSTOMERS_LISTED, f"customer:{customer_id}", {}, customers=listed)
    return render_template(
        "console/customer_link.html",
        person=person,
        candidates=candidates,
        other=None,
        trouble=trouble,
    )


def _compare(customer_id: str, other: str, trouble: str | None = None, typed: str = "") -> str:
    mine, theirs = console().customers.both(staff(), customer_id, other)
    _noted(mine, {"compared": other})
    _noted(theirs, {"compared": customer_id})
    return render_template(
        "console/customer_link.html",
        person=mine,
        candidates=[],
        other=theirs,
        trouble=trouble,
        typed=typed,
        longest=LONGEST_REASON,
    )


@bp.get("/inbox/customers/<customer_id>/links/<link_id>")
@requires(Permission.CUSTOMER_LINK)
def unlink(customer_id: str, link_id: str) -> ResponseReturnValue:
    return _part(customer_id, link_id)


@bp.post("/inbox/customers/<customer_id>/links/<link_id>")
@requires(Permission.CUSTOMER_LINK)
def unlinked(customer_id: str, link_id: str) -> ResponseReturnValue:
    why = request.form.get("reason", "")
    try:
        console().customers.unlink(staff(), customer_id, link_id, why)
    except (BadPayload, Conflict) as error:
        return _part(customer_id, link_id, words.sentence(error), why), error.http_status
    return _done(customer_id, gettext("Unlinked. What was said stays with each of them."))


def _part(customer_id: str, link_id: str, trouble: str | None = None, typed: str = "") -> str:
    person = console().customers.person(staff(), customer_id)
    found = next((one for one in person.links if one.id == link_id), None)
    if found is None:
        raise NotFound("There is no such link.")
    _noted(person, {"link": link_id})
    return render_template(
        "console/customer_unlink.html",
        person=person,
        tie=found,
        trouble=trouble,
        typed=typed,
        longest=LONGEST_REASON,
    )
