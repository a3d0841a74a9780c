"""What a customer asks about their own data, step by step: taken in, identified, proposed, agreed, done, answered.

A supervisor proposes and a compliance officer who did neither take it in nor propose agrees: four eyes. A refusal and
a longer term have their reasons written down, and the customer is told (個資法 3, 10, 11, 13).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.cases.room import AGREES, TAKES_IN, WRITES, Room, allowed, one_of, words
from bot.deadlines import due, local
from bot.errors import BadPayload, Conflict, NotAllowed
from bot.model import LOCALES, Staff
from bot.mongo import Session
from bot.store.case_values import DAYS, GRANTED, REFUSED, REQUESTS, Case, Kind, State, Step

WITHDRAWN = "withdrawn"
PROOFS = ("signed_session", "document", "call_back", "in_person")
"""How it was made sure that the person is the customer."""
WAYS = ("conversation", "letter", "email", "call", "in_person")
"""How the customer was answered."""
FIELDS = ("name", "language")
LONGEST_NAME = 60
BEFORE = (State.RECEIVED, State.IDENTIFIED)
TAKING_IN = "Your role takes no requests in."
WRITING = "Only a supervisor writes the decision of a request."


@dataclass(frozen=True, slots=True)
class Requests:
    """Raises as `Room` does. Each step is a line of the history and an audit entry, in one transaction."""

    room: Room

    def take_in(
        self,
        staff: Staff,
        kind: str,
        text: str,
        *,
        conversation_id: str | None = None,
        customer_id: str | None = None,
        received_on: date | None = None,
    ) -> Case:
        """From a conversation or a customer's page. Who wants no marketing, or be deleted, gets none from now on."""
        allowed(staff, TAKES_IN, TAKING_IN)
        asked = Kind(one_of(kind, [one.value for one in REQUESTS]))
        said = words(text, "Write down what the customer asks for.")
        received = self.room.received(received_on)
        customer = self.room.customer(staff, conversation_id, customer_id)
        talks = [conversation_id] if conversation_id else []
        detail = {"conversation": conversation_id} if conversation_id else {}

        def work(session: Session) -> Case:
            step = Step(staff.id, "taken_in", said, detail)
            case = self.room.store.open(session, asked, customer, step, received, talks)
            if asked in (Kind.STOP, Kind.DELETION):
                members = self.room.links.proven(customer)
                self.room.effects.stop_marketing(session, members, case.id, self.room.now())
                stopped = Step(staff.id, "marketing_stopped", detail={"identities": len(members)})
                case = self.room.store.change(session, case, stopped)
            return case

        return self.room.mongo.transaction(work)

    def identify(self, staff: Staff, case_id: str, how: str, text: str) -> Case:
        allowed(staff, TAKES_IN, TAKING_IN)
        case = self._case(staff, case_id, State.RECEIVED)
        step = Step(
            staff.id, "identified", words(text, "Say what was checked."), {"how": one_of(how, PROOFS)}
        )
        return self.room.write(case, step, {"state": State.IDENTIFIED.value, "identified": True})

    def extend(self, staff: Staff, case_id: str, reason: str) -> Case:
        """Once, by as much again, while the term still runs; the customer gets the reason in writing."""
        allowed(staff, WRITES, WRITING)
        case = self._case(staff, case_id)
        why = words(reason, "Write the reason: the customer gets it in writing.")
        if case.extended:
            raise Conflict("The term was made longer already: the law allows it once.")
        if not case.open or case.overdue(self.room.today()):
            raise Conflict("The term is over: it cannot be made longer any more.")
        last = due(local(case.received_at), 2 * DAYS[case.kind])
        step = Step(staff.id, "extended", why, {"due": last.isoformat()})
        return self.room.write(case, step, {"extended": True, "due": last.isoformat()})

    def propose(
        self, staff: Staff, case_id: str, outcome: str, reason: str, field: str = "", value: str = ""
    ) -> Case:
        """Grant or refuse, with the reason; a correction says what has to stand there. Raises Conflict where somebody
        is granted what they ask for before it is clear who they are."""
        allowed(staff, WRITES, WRITING)
        case = self._case(staff, case_id, *BEFORE)
        one_of(outcome, (GRANTED, REFUSED))
        why = words(reason, "Write the reason of the decision.")
        if outcome == GRANTED and not case.identified:
            raise Conflict("Check first who asks: nothing is granted to somebody unknown.")
        wanted = self._wanted(case, outcome, field, value)
        detail = {"outcome": outcome, **({"field": field} if wanted else {})}
        changes = {"state": State.PROPOSED.value, "outcome": outcome, "proposed_by": staff.id}

        def work(session: Session) -> Case:
            now = case
            if wanted:
                now = self.room.store.change(session, now, Step(staff.id, "wanted", wanted, {"field": field}))
            return self.room.store.change(session, now, Step(staff.id, "proposed", why, detail), changes)

        return self.room.mongo.transaction(work)

    def decide(self, staff: Staff, case_id: str, reason: str = "", *, agree: bool) -> Case:
        """Another person's proposal: agreed, or handed back with a reason."""
        allowed(staff, AGREES, "Only a compliance officer agrees to a decision.")
        case = self._case(staff, case_id, State.PROPOSED)
        if staff.id in (case.proposed_by, case.opened_by):
            raise NotAllowed("Nobody agrees to their own work: another compliance officer has to.")
        others: dict[str, Any] = {"proposed_by": {"$ne": staff.id}, "opened_by": {"$ne": staff.id}}
        if agree:
            step = Step(staff.id, "agreed", reason.strip(), {"outcome": case.outcome})
            changes: dict[str, Any] = {"state": State.AGREED.value, "agreed_by": staff.id}
            return self.room.write(case, step, changes, only=others)
        step = Step(staff.id, "handed_back", words(reason, "Say what has to be done differently."))
        before = State.IDENTIFIED if case.identified else State.RECEIVED
        changes = {"state": before.value, "outcome": None, "proposed_by": None}
        return self.room.write(case, step, changes, only=others)

    def answer(self, staff: Staff, case_id: str, how: str, text: str) -> Case:
        """The customer was told what became of it: the case is closed."""
        allowed(staff, TAKES_IN, TAKING_IN)
        case = self._case(staff, case_id, State.FULFILLED, State.AGREED)
        if case.state is State.AGREED and case.outcome != REFUSED:
            raise Conflict("Do first what was granted, then tell the customer.")
        step = Step(
            staff.id,
            "answered",
            words(text, "Write down what the customer was told."),
            {"how": one_of(how, WAYS)},
        )
        return self.room.write(case, step, self._closed())

    def withdraw(self, staff: Staff, case_id: str, text: str) -> Case:
        """The customer does not want it any more."""
        allowed(staff, WRITES, WRITING)
        case = self._case(staff, case_id, *BEFORE, State.PROPOSED, State.AGREED)
        step = Step(staff.id, "withdrawn", words(text, "Write down how the customer said so."))
        return self.room.write(case, step, {**self._closed(), "outcome": WITHDRAWN})

    def _case(self, staff: Staff, case_id: str, *states: State) -> Case:
        case = self.room.case(staff, case_id, *states)
        if case.complaint:
            raise Conflict("This step is not due now: look at how the case stands.")
        return case

    def _closed(self) -> dict[str, object]:
        return {"state": State.CLOSED.value, "closed_at": self.room.now()}

    @staticmethod
    def _wanted(case: Case, outcome: str, field: str, value: str) -> str:
        if case.kind is not Kind.CORRECTION or outcome != GRANTED:
            return ""
        wanted = value.strip()
        if one_of(field, FIELDS) == "language":
            return one_of(wanted, LOCALES)
        if not wanted or len(wanted) > LONGEST_NAME:
            raise BadPayload(f"A name has 1 to {LONGEST_NAME} characters.")
        return wanted
