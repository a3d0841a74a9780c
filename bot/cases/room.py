"""What requests and complaints stand on: who may do what, words that are checked, and the customer that is meant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from bot.deadlines import local
from bot.desk.access import Access
from bot.desk.customers import Customers
from bot.errors import BadPayload, Conflict, NotAllowed
from bot.hours import TAIPEI
from bot.model import Role, Staff
from bot.mongo import Mongo, Session
from bot.store.case_effects import CaseEffects
from bot.store.case_values import Case, State, Step
from bot.store.cases import CaseStore
from bot.store.links import LinkStore

TAKES_IN = (Role.AGENT, Role.SENIOR, Role.SUPERVISOR)
WRITES = (Role.SUPERVISOR,)
AGREES = (Role.COMPLIANCE,)
COMPLAINTS = (Role.SENIOR, Role.SUPERVISOR)
SHORTEST, LONGEST = 2, 2000
OLDEST = timedelta(days=366)
"""A letter that is entered later than this was not received through this house."""


@dataclass(frozen=True, slots=True)
class Room:
    """Methods raise NotAllowed, NotFound, BadPayload and Conflict with a sentence to show; PyMongoError."""

    mongo: Mongo
    store: CaseStore
    effects: CaseEffects
    links: LinkStore
    access: Access
    customers: Customers
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def today(self) -> date:
        return local(self.now())

    def customer(self, staff: Staff, conversation_id: str | None, customer_id: str | None) -> str:
        """Of the conversation or page that the case is opened from; only where this person may read it."""
        if conversation_id:
            return self.access.page(staff, conversation_id).conversation.customer_id
        return self.customers.person(staff, customer_id or "").asked

    def received(self, on: date | None) -> datetime:
        """When it came: now, or on an earlier day, as a letter may."""
        now = self.now()
        if on is None or on == local(now):
            return now
        if on > local(now):
            raise BadPayload("Nothing can have been received in the future.")
        at = datetime.combine(on, time(0), TAIPEI)
        if now - at > OLDEST:
            raise BadPayload("Give a day within the last year.")
        return at

    def case(self, staff: Staff, case_id: str, *states: State) -> Case:
        """One that is in one of `states`."""
        found = self.store.get(staff, case_id)
        if states and found.state not in states:
            raise Conflict("This step is not due now: look at how the case stands.")
        return found

    def write(
        self,
        case: Case,
        step: Step,
        changes: Mapping[str, object],
        *,
        only: Mapping[str, object] | None = None,
        also: Callable[[Session], None] | None = None,
    ) -> Case:
        """The next line of the history with what it changes, and `also`, in one transaction."""

        def work(session: Session) -> Case:
            if also is not None:
                also(session)
            return self.store.change(session, case, step, changes, only=only)

        return self.mongo.transaction(work)


def allowed(staff: Staff, roles: Collection[Role], sentence: str) -> None:
    if staff.role not in roles:
        raise NotAllowed(sentence)


def words(written: str, missing: str) -> str:
    """Tidied. Raises BadPayload with `missing` where there are none."""
    said = written.strip()
    if len(said) < SHORTEST:
        raise BadPayload(missing)
    if len(said) > LONGEST:
        raise BadPayload(f"The text is longer than {LONGEST} characters.")
    return said


def one_of(code: str, codes: Collection[str]) -> str:
    if code not in codes:
        raise BadPayload("Choose one of the list.")
    return code
