"""One field in full, for a minute, for a reason: the audit entry is written first, and without it there is no view.

A field is one masked piece of one message, or the firm's own id of a customer. Who may is decided by the permission at
the page's door and by who may read the conversation; the second factor is the page's (inbox/reveal.py). What was a code
or a password cannot be shown: it was destroyed at intake, and what looks like one is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bot.desk.access import Access
from bot.desk.customers import Customers
from bot.errors import BadPayload, NotAllowed, NotFound, ServiceError, TooMany
from bot.masking import mask, pieces
from bot.model import Staff
from bot.mongo import Mongo, Session
from bot.reasons import LONGEST_REASON
from bot.store.audit import AuditStore
from bot.store.reveals import Line, RevealStore
from bot.vault import Vault

SHOWN: Final = "inbox:field:reveal"
DENIED: Final = "inbox:field:reveal_denied"
ALERT: Final = "inbox:field:reveal_alert"
REASONS: Final = ("identify", "request", "complaint", "fraud", "audit", "other")
FIRM_ID: Final = "FIRM_ID"
OPEN_S: Final = 60
HOUR: Final = timedelta(hours=1)
GONE: Final = "There is no such field, or it is not yours to read."


@dataclass(frozen=True, slots=True)
class Field:
    """One masked piece. `key` names it in a form; it holds nothing of it."""

    key: str
    type: str
    masked: str


@dataclass(frozen=True, slots=True)
class Shown:
    """`value` in full, for OPEN_S seconds."""

    type: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reveals:
    """Raises NotFound, NotAllowed, BadPayload, TooMany; PyMongoError where it could not be noted: nothing is shown.

    `per_hour`: how many fields one person may see in an hour.
    """

    mongo: Mongo
    store: RevealStore
    access: Access
    customers: Customers
    audit: AuditStore
    per_hour: int

    def fields(self, staff: Staff, conversation_id: str, message_id: str) -> list[Field]:
        """The masked pieces of a message, in its order. Raises NotFound where there are none to show."""
        line = self._line(staff, conversation_id, message_id, f"message:{message_id}")
        found = [(span, shown) for span, shown in pieces(line.text) if span.type != "SECRET"]
        if not found:
            raise NotFound(GONE)
        return [Field(f"{span.start}-{span.end}", span.type, shown) for span, shown in found]

    def firm_id(self, staff: Staff, customer_id: str) -> Field:
        """The firm's own id of a customer, masked. Raises NotFound where none is proven."""
        return Field(FIRM_ID, FIRM_ID, mask(self._firm_id(staff, customer_id)).masked)

    def show(
        self, staff: Staff, conversation_id: str, message_id: str, key: str, reason: str, why: str
    ) -> Shown:
        """One piece of one message in full, after it was noted."""
        subject = f"message:{message_id}"
        line = self._line(staff, conversation_id, message_id, subject)
        spans = {f"{span.start}-{span.end}": span for span, _ in pieces(line.text)}
        span = spans.get(key)
        about = {"conversation": conversation_id, "customer": line.customer_id}
        if span is None:
            raise self._denied(staff, subject, about, "no_field", NotFound(GONE))
        about["field"] = span.type
        if span.type == "SECRET":
            error = NotAllowed("A code or a password is never shown.")
            raise self._denied(staff, subject, about, "secret", error)
        self._note(staff, subject, about, reason, why)
        return Shown(span.type, line.text[span.start : span.end])

    def show_firm_id(self, staff: Staff, customer_id: str, reason: str, why: str) -> Shown:
        """The firm's own id of a customer in full, after it was noted."""
        value = self._firm_id(staff, customer_id)
        self._note(staff, f"customer:{customer_id}", {"customer": customer_id, "field": FIRM_ID}, reason, why)
        return Shown(FIRM_ID, value)

    def refused(self, staff: Staff, subject: str, result: str) -> None:
        """A try that the page stopped (a wrong code); kept as the others are."""
        self.audit.add(staff.id, DENIED, subject, {"result": result})

    def _line(self, staff: Staff, conversation_id: str, message_id: str, subject: str) -> Line:
        about = {"conversation": conversation_id}
        try:
            self.access.page(staff, conversation_id)
        except NotFound as error:
            raise self._denied(staff, subject, about, "not_readable", error) from None
        line = self.store.line(staff, conversation_id, message_id)
        if line is None:
            raise self._denied(staff, subject, about, "no_message", NotFound(GONE))
        return line

    def _firm_id(self, staff: Staff, customer_id: str) -> str:
        subject = f"customer:{customer_id}"
        try:
            person = self.customers.person(staff, customer_id)
        except NotFound as error:
            raise self._denied(
                staff, subject, {"customer": customer_id, "field": FIRM_ID}, "not_readable", error
            ) from None
        value = person.standings[customer_id].firm_id
        if value is None:
            raise NotFound(GONE)
        return value

    def _note(self, staff: Staff, subject: str, about: Mapping[str, Any], reason: str, why: str) -> None:
        """The entry, or an error. Counting and writing are one transaction: two tries at once are not both the last."""
        words = why.strip()
        if reason not in REASONS or not words or len(words) > LONGEST_REASON:
            error = BadPayload("Choose a reason and say in a few words why you need it.")
            raise self._denied(staff, subject, about, "no_reason", error)
        detail = {**about, "reason": reason, "why": mask(words).masked}

        def work(session: Session) -> bool:
            since = datetime.now(UTC) - HOUR
            if self.store.count(staff.id, SHOWN, since, session) >= self.per_hour:
                self.audit.add(staff.id, ALERT, subject, {**detail, "limit": self.per_hour}, session)
                return False
            self.audit.add(staff.id, SHOWN, subject, {**detail, "result": "shown"}, session)
            return True

        if not self.mongo.transaction(work):
            raise TooMany("You have looked at too many fields within an hour. It was reported.")

    def _denied(
        self, staff: Staff, subject: str, about: Mapping[str, Any], result: str, error: ServiceError
    ) -> ServiceError:
        self.audit.add(staff.id, DENIED, subject, {**about, "result": result})
        return error


def reveals_of(
    mongo: Mongo, vault: Vault, access: Access, customers: Customers, audit: AuditStore, per_hour: int
) -> Reveals:
    return Reveals(mongo, RevealStore(mongo, vault), access, customers, audit, per_hour)
