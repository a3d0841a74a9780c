"""Terms, restriction and erasure of what is kept of a customer, each with its audit entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from bot.contracts import Publisher
from bot.desk.pokes import EVERYONE
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.logs import logger
from bot.masking import mask
from bot.model import Role, Staff
from bot.mongo import Mongo, Session
from bot.retention.clock import (
    DISPUTE,
    HOLD,
    MESSAGE,
    PRODUCT,
    PRODUCT_AFTER,
    RELATIONSHIP,
    Clock,
    Reason,
    longest,
    years_after,
)
from bot.retention.holds import Holds
from bot.retention.purging import Certificate, Purger
from bot.retention.terms import cuts
from bot.settings_retention import RetentionSettings
from bot.store.audit import AuditStore
from bot.store.links import LinkStore
from bot.store.retention import BY, ENDED, NONE, OPEN, RetentionStore

log = logger("retention")

RESTRICTED, ERASED = "restricted", "erased"
STATES = (OPEN, ENDED, NONE)
LONGEST_BASIS = 200
AFTER_TERM = "term over"
PURGE_EVERY = timedelta(days=7)
GONE = "There is no such customer."


class Disputes(Protocol):
    """Complaints of these customers: (case or conversation id, when it ended; None while it is open)."""

    def __call__(self, customers: Sequence[str]) -> Sequence[tuple[str, datetime | None]]: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request for deletion: `restricted` until `until` (None: as long as a reason stands that does
    not run out), or `erased` under `certificate`. `customers` are the identities that proofs tie together."""

    kind: str
    until: datetime | None
    certificate: str | None
    customers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """All identities of one customer, over since then."""

    customers: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class Retention:
    """Raises NotFound for an unknown customer, BadPayload and NotAllowed with a sentence; PyMongoError."""

    mongo: Mongo
    store: RetentionStore
    holds: Holds
    links: LinkStore
    audit: AuditStore
    live: Publisher
    settings: RetentionSettings
    purger: Purger
    disputes: Disputes
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def members(self, customer_id: str, session: Session | None = None) -> list[str]:
        """The identities that proofs say are this customer; a colleague's opinion ties no records together."""
        if not self.store.known(customer_id, session):
            raise NotFound(GONE)
        return sorted(self.links.proven(customer_id))

    def clock(self, customer_id: str) -> Clock:
        """When everything of this customer may go, and why not before."""
        return self.clock_of(self.members(customer_id))

    def clock_of(self, members: Sequence[str], session: Session | None = None) -> Clock:
        years, reasons = self.settings.years, []
        for name, at in self.store.latest(members, session).items():
            reasons.append(Reason(MESSAGE, years_after(at, years[name]), name))
        stated = self.store.stated(members, session)
        reasons.append(_relationship(stated, years["relationship"]))
        for one in stated:
            if one.product_until is not None:
                reasons.append(Reason(PRODUCT, one.product_until + PRODUCT_AFTER))
        for case, ended in self.disputes(members):
            reasons.append(Reason(DISPUTE, years_after(ended, years["disputes"]) if ended else None, case))
        reasons += [Reason(HOLD, None, hold.id) for hold in self.holds.store.blocking(members, session)]
        return longest(reasons)

    def state(
        self,
        staff: Staff,
        customer_id: str,
        relationship: str,
        ended_at: datetime | None = None,
        product_until: datetime | None = None,
    ) -> Clock:
        """The firm's statement: the relationship is open, ended at a time, or there never was one (`none`).

        Compliance only. Without a statement a relationship goes on, and the term does not run out.
        """
        if staff.role is not Role.COMPLIANCE:
            raise NotAllowed("Only a compliance officer states how long records are kept.")
        if relationship not in STATES:
            raise BadPayload(f"A relationship is one of: {', '.join(STATES)}.")
        if (relationship == ENDED) is not (ended_at is not None):
            raise BadPayload("Say when the relationship ended, and only where it has.")
        if ended_at is not None and ended_at > self.now():
            raise BadPayload("A relationship cannot have ended in the future.")
        self.members(customer_id)

        def work(session: Session) -> None:
            self.store.state(session, customer_id, relationship, ended_at, product_until, staff.id)
            detail: dict[str, Any] = {
                "relationship": relationship,
                "ended_at": ended_at.isoformat() if ended_at else None,
                "product_until": product_until.isoformat() if product_until else None,
            }
            self.audit.add(staff.id, "records:retention:state", f"customer:{customer_id}", detail, session)

        self.mongo.transaction(work)
        return self.clock(customer_id)

    def restrict(
        self, session: Session, actor: str, customer_id: str, basis: str, case_id: str | None
    ) -> Outcome:
        """Hide what is kept from all but compliance and auditors, in the caller's transaction.

        Open conversations end; if the customer writes again, it is to a new record that is not restricted. Twice is
        once. Call `tell` when the transaction has committed.
        """
        members = self.members(customer_id, session)
        until = self.clock_of(members, session).until
        why = _basis(basis)
        fresh = self.store.restrict(session, members, actor, why, case_id, self.now())
        lines = [(f"customer:{one}", {"basis": why, "case": case_id}) for one in fresh]
        self.audit.add_all(actor, "records:customer:restrict", lines, session)
        return Outcome(RESTRICTED, until, None, tuple(members))

    def request_deletion(self, actor: str, customer_id: str, basis: str, case_id: str | None) -> Outcome:
        """Erase where every clock has run out, else restrict until they have: the purge then erases."""
        why = _basis(basis)
        members = self.members(customer_id)
        if self.clock_of(members).over(self.now()):
            certificate = self.purger.customer(members, actor, why, self.clock_of, case_id)
            return Outcome(ERASED, None, certificate.id, tuple(members))
        outcome = self.mongo.transaction(
            lambda session: self.restrict(session, actor, customer_id, why, case_id)
        )
        self.tell(outcome)
        return outcome

    # -- the purge -------------------------------------------------------------------------------------------------

    def due(self) -> list[Due]:
        """Customers, by all their identities, whose last clock has run out."""
        found: dict[str, Due] = {}
        seen: set[str] = set()
        for customer in self.store.ended():
            if customer in seen:
                continue
            members = self.members(customer)
            seen.update(members)
            clock = self.clock_of(members)
            if clock.until is not None and clock.over(self.now()):
                found[members[0]] = Due(tuple(members), clock.until)
        return sorted(found.values(), key=lambda due: due.since)

    def aged(self) -> dict[str, int]:
        """How much that no customer is in is older than its term, by class."""
        counted = self.purger.store.aged(cuts(self.settings.years, self.now()))
        return {name: n for name, n in counted.items() if n}

    def purge(self, by: str) -> list[Certificate]:
        """Finish what was begun, then erase all that is due. One customer's trouble is told and is not the others'."""
        done = self.purger.resume()
        for due in self.due():
            try:
                done.append(self.purger.customer(due.customers, by, AFTER_TERM, self.clock_of))
            except Conflict as error:
                log.warning("purge_refused", reason=str(error))
        aged = self.purger.aged(cuts(self.settings.years, self.now()), by, AFTER_TERM)
        return [*done, *([aged] if aged else [])]

    def tick(self) -> list[Certificate]:
        """For the clock: weekly where the purge is switched on, and what was begun in any case."""
        if not self.settings.purge:
            return self.purger.resume()
        return self.purge(BY) if self.store.claim_week(self.now(), PURGE_EVERY) else []

    def tell(self, outcome: Outcome) -> None:
        """Open pages look again."""
        topics = [f"conversation:{one}" for one in self.store.conversations(outcome.customers)]
        self.live.publish([*topics, EVERYONE], {"customers": len(outcome.customers)})


def _relationship(stated: Sequence[Any], years: int) -> Reason:
    """The latest end; open where one is, or where nobody has said anything."""
    known = [one for one in stated if one.relationship is not None]
    if not known or any(one.relationship == OPEN for one in known):
        return Reason(RELATIONSHIP, None)
    ends = [one.ended_at for one in known if one.ended_at is not None]
    since = max(ends) if ends else max(one.stated_at for one in known)
    return Reason(RELATIONSHIP, years_after(since, years) if ends else since)


def _basis(basis: str) -> str:
    words = mask(" ".join(basis.split())).masked
    if not words or len(words) > LONGEST_BASIS:
        raise BadPayload(f"Give the legal basis, in at most {LONGEST_BASIS} characters.")
    return words
