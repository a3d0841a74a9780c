"""The fake's desk and its live fan-out: the rules of who sees and does what, over a dict of pages."""

from __future__ import annotations

import itertools
import queue
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.errors import AdviceWarning, BadPayload, Conflict, NotAllowed, NotFound, Unavailable
from bot.model import OPEN, Message, Page, Role, Row, Staff, Status
from bot.store.reading import EVERYTHING, Wanted
from bot.store.rows import Listing
from bot.store.shared import Moment

COMPLAINTS = {"complaint"}
WARNING = "This reads as personal advice. Reword it, or say why it may be sent: the reason is kept."
WATCHERS = {Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR}


class FakeLive:
    """Fan-out over queues; `close` ends every stream, as a shutdown does."""

    def __init__(self) -> None:
        self._ears: list[tuple[set[str], queue.Queue[dict[str, Any] | str]]] = []

    def listen(
        self, topics: Sequence[str], timeout: float, beat: float | None = None
    ) -> Iterator[dict[str, Any] | None]:
        ear: tuple[set[str], queue.Queue[dict[str, Any] | str]] = (set(topics), queue.Queue())
        self._ears.append(ear)
        try:
            while True:
                try:
                    said = ear[1].get(timeout=timeout)
                except queue.Empty:
                    yield None
                    continue
                if isinstance(said, str):
                    return
                yield said
        finally:
            self._ears.remove(ear)

    def publish(self, topic: str, data: dict[str, Any]) -> None:
        for topics, ear in list(self._ears):
            if topic in topics:
                ear.put(data)

    def close(self) -> None:
        for _, ear in list(self._ears):
            ear.put("closed")

    @property
    def listening(self) -> int:
        return len(self._ears)


class FakeDesk:
    """The rules of who sees what, as the real desk has them, over a dict of pages."""

    def __init__(self, pages: dict[str, Page], live: FakeLive) -> None:
        self.pages = pages
        self._live = live
        self._ids = itertools.count(1)
        self._sent: dict[tuple[str, str], str] = {}
        self.overrides: list[tuple[str, str, str]] = []
        self.down = False

    def _visible(self, staff: Staff, page: Page) -> bool:
        conversation = page.conversation
        if staff.role is Role.ADMIN:
            return False
        if conversation.reason in COMPLAINTS and staff.role is Role.AGENT:
            return False
        if staff.role in WATCHERS:
            return True
        others = conversation.assignee not in {None, staff.id}
        return not others and conversation.status is not Status.BOT

    def _in(self, staff: Staff, page: Page, view: str) -> bool:
        status = page.conversation.status
        if view == "mine":
            return status is Status.ASSIGNED and page.conversation.assignee == staff.id
        return status in OPEN if view == "all" else status == view

    def rows(self, staff: Staff, view: str) -> list[Row]:
        if self.down:
            raise Unavailable("MongoDB is away.")
        found = [p.row for p in self.pages.values() if self._visible(staff, p) and self._in(staff, p, view)]
        if view == "waiting":
            return sorted(found, key=lambda r: (r.priority, r.waiting_since or r.last_at))
        return sorted(found, key=lambda r: r.last_at or datetime.now(UTC), reverse=True)

    def moment(self, staff: Staff) -> Moment:
        return Moment(0.0, None, None)

    def listing(
        self,
        staff: Staff,
        view: str,
        wanted: Wanted = EVERYTHING,
        after: str | None = None,
        moment: Moment | None = None,
    ) -> Listing:
        rows = [row for row in self.rows(staff, view) if wanted.skill in (None, row.skill)]
        return Listing(tuple(rows), None)  # type: ignore[arg-type]

    def skills(self, staff: Staff, moment: Moment | None = None) -> dict[str, int]:
        return dict(Counter(row.skill or "general" for row in self.rows(staff, "waiting")))

    def counts(self, staff: Staff, moment: Moment | None = None) -> dict[str, int]:
        return {v: len(self.rows(staff, v)) for v in ("mine", "waiting", "assigned", "bot", "all")}

    def page(self, staff: Staff, conversation_id: str, *, last: int | None = None) -> Page:
        page = self.pages.get(conversation_id)
        if page is None:
            raise NotFound("There is no such conversation.")
        if not self._visible(staff, page):
            raise NotAllowed("This conversation is not for your role.")
        return page

    def change(self, conversation_id: str, message: Message | None = None, **changes: Any) -> None:
        page = self.pages[conversation_id]
        row_fields = {k: v for k, v in changes.items() if k in Row.__dataclass_fields__}
        conversation_fields = {
            k: v for k, v in changes.items() if k in page.conversation.__dataclass_fields__
        }
        messages = (*page.messages, message) if message else page.messages
        if message and message.author != "system":
            row_fields |= {"preview": message.text, "last_at": message.at}
        self.pages[conversation_id] = replace(
            page,
            row=replace(page.row, **row_fields),
            conversation=replace(page.conversation, **conversation_fields),
            messages=messages,
        )
        for topic in ("inbox", f"conversation:{conversation_id}"):
            self._live.publish(topic, {"conversation": conversation_id})

    def say(self, conversation_id: str, author: str, text: str, **more: Any) -> Message:
        page = self.pages[conversation_id]
        seq = len(page.messages) + 1
        return Message(
            id=f"n{next(self._ids)}",
            conversation_id=conversation_id,
            seq=seq + 1000,
            pos=0,
            author=author,
            text=text,
            at=datetime.now(UTC),
            **more,
        )

    def customer_writes(self, conversation_id: str, text: str) -> None:
        message = self.say(conversation_id, "customer", text)
        self.change(conversation_id, message, unread=self.pages[conversation_id].row.unread + 1)

    def hand_off(self, conversation_id: str, reason: str = "human_request", priority: int = 5) -> None:
        self.change(
            conversation_id,
            status=Status.WAITING,
            reason=reason,
            priority=priority,
            waiting_since=datetime.now(UTC),
        )

    def take(self, staff: Staff, conversation_id: str) -> None:
        page = self.page(staff, conversation_id)
        theirs = page.conversation.assignee not in {None, staff.id} and staff.role is not Role.SUPERVISOR
        if theirs or page.conversation.status is Status.RESOLVED:
            raise Conflict("A colleague has taken this conversation.")
        self.change(
            conversation_id,
            self.say(conversation_id, "system", f"由 {staff.name} 接手"),
            status=Status.ASSIGNED,
            assignee=staff.id,
            assignee_id=staff.id,
            assignee_name=staff.name,
            unread=0,
        )

    def _own(self, staff: Staff, conversation_id: str) -> Page:
        page = self.page(staff, conversation_id)
        if page.conversation.assignee != staff.id or page.conversation.status is not Status.ASSIGNED:
            raise Conflict("Take the conversation first.")
        return page

    def reply(
        self,
        staff: Staff,
        conversation_id: str,
        text: str,
        client_id: str,
        *,
        assisted: bool = False,
        reason: str | None = None,
    ) -> str:
        self._own(staff, conversation_id)
        if "拒收" in text:
            raise BadPayload("This text cannot be sent.")
        if "適合您" in text:
            if reason is None or len(reason) < 3:
                raise AdviceWarning(WARNING, ("it suits you",))
            self.overrides.append((staff.id, conversation_id, reason))
        key = (conversation_id, client_id)
        if key not in self._sent:
            message = self.say(
                conversation_id, f"staff:{staff.id}", text, delivery="sent", client_id=client_id
            )
            self._sent[key] = message.id
            self.change(conversation_id, message)
        return self._sent[key]

    def _release(self, conversation_id: str, status: Status) -> None:
        self.change(conversation_id, status=status, assignee=None, assignee_id=None, assignee_name=None)

    def resolve(self, staff: Staff, conversation_id: str) -> None:
        self._own(staff, conversation_id)
        self._release(conversation_id, Status.RESOLVED)

    def back_to_bot(self, staff: Staff, conversation_id: str) -> None:
        self._own(staff, conversation_id)
        self._release(conversation_id, Status.BOT)
