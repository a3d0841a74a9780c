"""A complaint as a case: received, taken, replied to, told of the 評議中心, closed (金保法 13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from bot.agent_actions import Desk
from bot.cases.requests import WAYS
from bot.cases.room import COMPLAINTS, Room, allowed, one_of, words
from bot.contracts import Finder
from bot.errors import Conflict, NotFound
from bot.model import Staff
from bot.mongo import Session
from bot.rendering import locale_of, render
from bot.store.case_values import OUTCOMES, TOLD_OTHERWISE, TOLD_SENT, Case, Kind, State, Step
from bot.store.records import Draft

NOTICE = "ombudsman"
OPEN = (State.RECEIVED, State.REPLIED)
WRITING = "Only senior agents and supervisors work on complaints."


@dataclass(frozen=True, slots=True)
class Complaints:
    """Raises as `Room` does."""

    room: Room
    desk: Desk
    finder: Finder
    locale: str

    def open(
        self,
        staff: Staff,
        text: str,
        *,
        conversation_id: str | None = None,
        customer_id: str | None = None,
        received_on: date | None = None,
    ) -> Case:
        """By hand: a letter, a call, or a conversation that nobody took for a complaint."""
        allowed(staff, COMPLAINTS, WRITING)
        said = words(text, "Write down what the complaint is about.")
        received = self.room.received(received_on)
        customer = self.room.customer(staff, conversation_id, customer_id)
        talks = [conversation_id] if conversation_id else []
        step = Step(staff.id, "opened", said, {"conversation": conversation_id} if conversation_id else {})
        return self.room.mongo.transaction(
            lambda session: self.room.store.open(session, Kind.COMPLAINT, customer, step, received, talks)
        )

    def take(self, staff: Staff, case_id: str) -> Case:
        case = self._case(staff, case_id)
        return self.room.write(case, Step(staff.id, "taken"), {"owner": staff.id})

    def note(self, staff: Staff, case_id: str, text: str) -> Case:
        case = self._case(staff, case_id)
        return self.room.write(case, Step(staff.id, "noted", words(text, "Write the note first.")), {})

    def reply(self, staff: Staff, case_id: str, how: str, text: str) -> Case:
        """What the firm answered, and by which way. A second reply is another line."""
        case = self._case(staff, case_id)
        said = words(text, "Write down what the customer was told.")
        step = Step(staff.id, "replied", said, {"how": one_of(how, WAYS)})
        return self.room.write(case, step, {"state": State.REPLIED.value, "replied": True})

    def tell(self, staff: Staff, case_id: str, conversation_id: str, client_id: str) -> Case:
        """Send the approved text on the 評議中心 in one of the case's conversations, byte for byte."""
        case = self._case(staff, case_id)
        if conversation_id not in case.conversations:
            raise NotFound("This conversation does not belong to the case.")
        conversation = self.desk.access.replying(staff, conversation_id)
        page = self.desk.page(staff, conversation_id)
        said = (m.text for m in reversed(page.messages) if m.author == "customer" and m.kind == "text")
        locale = locale_of(next(said, ""), page.customer.language, self.locale)
        channels: Mapping[Any, Any] = self.desk.channels
        try:
            part = self.finder.notice(NOTICE)
            rendered = render([part], (), locale, self.finder, channels[conversation.channel].capabilities)[0]
        except KeyError as error:
            raise Conflict("The text on the ombudsman is not in force: approve it under Notices.") from error
        draft = Draft(
            author=f"staff:{staff.id}",
            text=rendered.text,
            at=datetime.now(UTC),
            approved=rendered.refs,
            client_id=client_id,
        )
        made: list[Case] = []

        def note(session: Session) -> None:
            detail = {"message": draft.id, "conversation": conversation_id, "version": part.version}
            step = Step(staff.id, "told", detail=detail)
            made[:] = [self.room.store.change(session, case, step, {"told": TOLD_SENT})]

        self.desk.say(staff, conversation, draft, detail={"notice": NOTICE}, also=note)
        return made[0] if made else self.room.store.get(staff, case_id)

    def told_otherwise(self, staff: Staff, case_id: str, reason: str) -> Case:
        """By letter or otherwise, or why it need not be said."""
        case = self._case(staff, case_id)
        why = words(reason, "Say how the customer was told of the ombudsman, or why not.")
        return self.room.write(case, Step(staff.id, "told_otherwise", why), {"told": TOLD_OTHERWISE})

    def close(self, staff: Staff, case_id: str, outcome: str, text: str) -> Case:
        case = self._case(staff, case_id)
        ended = one_of(outcome, OUTCOMES)
        if not case.replied:
            raise Conflict("Record the reply first: a complaint without one is not handled.")
        if case.told is None:
            raise Conflict("Send the text on the ombudsman first, or say how the customer was told.")
        step = Step(staff.id, "closed", words(text, "Write how it ended."), {"outcome": ended})
        changes = {"state": State.CLOSED.value, "closed_at": self.room.now(), "outcome": ended}
        return self.room.write(case, step, changes)

    def _case(self, staff: Staff, case_id: str) -> Case:
        allowed(staff, COMPLAINTS, WRITING)
        case = self.room.case(staff, case_id, *OPEN)
        if not case.complaint:
            raise Conflict("This step is not due now: look at how the case stands.")
        return case
