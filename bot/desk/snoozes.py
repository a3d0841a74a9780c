"""Putting a conversation off: it stays whose it is, leaves their list, and comes back by clock or by customer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import partial

from bot.desk.access import Access
from bot.desk.change import Changes
from bot.desk.standing import AWAKE
from bot.errors import BadPayload
from bot.hours import Timetable
from bot.model import Conversation, Staff
from bot.mongo import Session
from bot.store.snoozes import SnoozeStore

LEAST = timedelta(minutes=1)
LONGEST_DAYS = 90
MORNING, EVENING = time(9), time(18)
LOOK_DAYS = 30
"""The longest holidays end within."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`name`: hour, tonight, morning (tomorrow at nine), workday (the next day people work, as it begins)."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Snoozes:
    access: Access
    changes: Changes
    store: SnoozeStore
    hours: Callable[[], Timetable]
    zone: tzinfo

    def choices(self, conversation: Conversation, now: datetime | None = None) -> tuple[Choice, ...]:
        """What is offered at that moment, soonest first; each moment once."""
        now = now or datetime.now(UTC)
        local = now.astimezone(self.zone)
        today, tomorrow = local.date(), local.date() + timedelta(days=1)
        found = [Choice("hour", _minute(now + timedelta(hours=1)))]
        tonight = datetime.combine(today, EVENING, self.zone).astimezone(UTC)
        if tonight - now > timedelta(hours=1):
            found.append(Choice("tonight", tonight))
        found.append(Choice("morning", datetime.combine(tomorrow, MORNING, self.zone).astimezone(UTC)))
        hours = self.hours().of(conversation.skill)
        for day in (tomorrow + timedelta(days=n) for n in range(LOOK_DAYS)):
            spans = hours.spans(day)
            if spans:
                found.append(Choice("workday", datetime.combine(day, spans[0][0], self.zone).astimezone(UTC)))
                break
        known: dict[datetime, Choice] = {}
        for one in found:
            known.setdefault(one.at, one)
        return tuple(sorted(known.values(), key=lambda one: one.at))

    def until(self, staff: Staff, conversation_id: str, at: datetime) -> None:
        """Put it off until `at` (aware), to the minute. Raises BadPayload for a moment that is past or far away."""
        conversation = self.access.replying(staff, conversation_id)
        now, moment = datetime.now(UTC), _minute(at.astimezone(UTC))
        if moment < now + LEAST:
            raise BadPayload("Choose a moment that is still to come.")
        if moment > now + timedelta(days=LONGEST_DAYS):
            raise BadPayload(f"A conversation is put off for at most {LONGEST_DAYS} days.")
        changes = {"snoozed_until": moment, "asleep": True, "news": None}
        detail = {"until": moment.isoformat()}
        self.changes.apply(staff.id, conversation, "conversation:snooze", changes, read=True, detail=detail)

    def wake(self, staff: Staff, conversation_id: str) -> None:
        """Back into their list now."""
        conversation = self.access.replying(staff, conversation_id)
        self.changes.apply(staff.id, conversation, "conversation:wake", AWAKE)

    def tick(self, now: datetime | None = None) -> int:
        """Tell the owners of those whose time is up; how many. The lists know without it; open pages do not."""
        at, woken = now or datetime.now(UTC), 0
        for conversation in self.store.due(at):
            if self.changes.mongo.transaction(partial(self._wake, conversation, at)):
                self.changes.tell(conversation, {})
                woken += 1
        return woken

    def _wake(self, conversation: Conversation, at: datetime, session: Session) -> bool:
        if not self.store.wake(session, conversation, at):
            return False
        self.changes.audit.add("system:clock", "conversation:snooze_over", conversation.id, {}, session)
        return True


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
