"""Legal holds: one compliance officer proposes, another agrees; both for placing and for lifting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot import reasons
from bot.errors import Conflict, NotAllowed, NotFound
from bot.model import Role, Staff
from bot.mongo import Mongo, Session
from bot.store.audit import AuditStore
from bot.store.holds import BLOCKING, STANDING, Hold, HoldStore
from bot.store.retention import RetentionStore


@dataclass(frozen=True, slots=True)
class Holds:
    """Raises NotAllowed for anybody but compliance and for who would agree with themselves, NotFound, Conflict where
    somebody was quicker or the records are being erased, BadPayload without a reason."""

    mongo: Mongo
    store: HoldStore
    records: RetentionStore
    audit: AuditStore

    def all(self) -> list[Hold]:
        return self.store.all()

    def propose(self, staff: Staff, customer_id: str, reason: str) -> Hold:
        """Keeps what there is from this moment; a second person makes it stand."""
        why = reasons.reason(reason)
        if not self.records.known(customer_id):
            raise NotFound("There is no such customer.")
        if self.store.blocking([customer_id]):
            raise Conflict("There is a hold on this customer already.")

        def work(session: Session) -> Hold:
            self.records.touch(session, [customer_id])
            return self.store.propose(session, customer_id, staff.id, why)

        return self._act(staff, "records:hold:propose", work)

    def propose_lifting(self, staff: Staff, customer_id: str, reason: str) -> Hold:
        """Of the customer's standing hold. Raises NotFound where there is none."""
        why = reasons.reason(reason)
        standing = [hold for hold in self.store.blocking([customer_id]) if hold.state == STANDING]
        if not standing:
            raise NotFound("No hold stands on this customer.")
        return self._act(
            staff,
            "records:hold:propose_lifting",
            lambda session: self.store.propose_lifting(session, standing[0].id, staff.id, why),
        )

    def decide(self, staff: Staff, hold_id: str, *, agree: bool) -> Hold:
        """What was proposed happens, or does not."""

        def work(session: Session) -> Hold:
            hold = self.store.decide(session, hold_id, staff.id, agree=agree)
            if hold.state in BLOCKING:
                self.records.touch(session, [hold.customer])
            return hold

        return self._act(staff, f"records:hold:{'agree' if agree else 'refuse'}", work)

    def _act(self, staff: Staff, action: str, change: Callable[[Session], Hold]) -> Hold:
        if staff.role is not Role.COMPLIANCE:
            raise NotAllowed("Only a compliance officer places or lifts a hold.")

        def work(session: Session) -> Hold:
            hold = change(session)
            detail = {"customer": hold.customer, "state": hold.state}
            self.audit.add(staff.id, action, f"hold:{hold.id}", detail, session)
            return hold

        return self.mongo.transaction(work)
