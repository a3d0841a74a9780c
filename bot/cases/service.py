"""Requests and complaints as one value, and the clock's look at terms that are over."""

from __future__ import annotations

from dataclasses import dataclass

from bot.at_hand import AtHand
from bot.cases.complaints import Complaints
from bot.cases.copy import Copy
from bot.cases.fulfilment import Fulfilment
from bot.cases.requests import Requests
from bot.cases.room import Room
from bot.desk.customers import Customers
from bot.errors import Conflict
from bot.model import Staff
from bot.mongo import Mongo
from bot.retention.service import Retention
from bot.store.case_effects import CaseEffects
from bot.store.case_values import Case, Event, Kind, Step
from bot.store.cases import CaseStore
from bot.store.customer_copy import CustomerCopy
from bot.store.links import LinkStore
from bot.vault import Vault

CLOCK = "system:clock"


@dataclass(frozen=True, slots=True)
class Cases:
    """Lists and pages of cases are read here; what is done with one is in its parts."""

    room: Room
    requests: Requests
    fulfilment: Fulfilment
    complaints: Complaints

    def listing(
        self, staff: Staff, kinds: tuple[Kind, ...] = (), *, open_: bool | None = True, late: bool = False
    ) -> list[Case]:
        before = self.room.today() if late else None
        return self.room.store.listing(staff, kinds, open_=open_, due_before=before)

    def one(self, staff: Staff, case_id: str) -> tuple[Case, list[Event]]:
        """Raises NotFound also where this person may not read it."""
        case = self.room.store.get(staff, case_id)
        return case, self.room.store.events(case_id)

    def complaints_since(self, staff: Staff, limit: int = 10_000) -> list[Case]:
        """For the ledger, open and closed ones, those that this person may read."""
        return self.room.store.listing(staff, (Kind.COMPLAINT,), open_=None, limit=limit)

    def tick(self) -> int:
        """For the clock: each term that is over is told of once, in the history and in the audit log."""
        told = 0
        for case in self.room.store.late(self.room.today()):
            try:
                step = Step(CLOCK, "overdue", detail={"due": case.due.isoformat()})
                self.room.write(case, step, {"warned": True})
                told += 1
            except Conflict:
                continue  # somebody works on it this moment; the next look finds it
        return told


def cases_of(
    mongo: Mongo, vault: Vault, at_hand: AtHand, customers: Customers, retention: Retention
) -> Cases:
    desk = at_hand.desk
    room = Room(
        mongo,
        CaseStore(mongo, vault),
        CaseEffects(mongo, vault),
        LinkStore(mongo, vault),
        desk.access,
        customers,
    )
    requests = Requests(room)
    copies = Copy(CustomerCopy(mongo, vault))
    return Cases(
        room,
        requests,
        Fulfilment(room, requests, retention, copies),
        Complaints(room, desk, at_hand.knowledge, at_hand.locale),
    )
