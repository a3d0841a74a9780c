"""Who looked at whose data: what each role may know of it, and when somebody looks more than their work asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.errors import NotAllowed
from bot.hours import Timetable
from bot.model import Role, Staff
from bot.store.audit import AuditStore
from bot.store.staff import StaffStore
from bot.store.trail import Sought, Trace, TrailStore, cursor_of

OPENED = "inbox:conversation:open"
OWN = ("own", "waiting", "serving")
"""Purposes of an opening that the queue itself gives; the others are counted."""
OTHERS = "others"
SEARCHED = "records:access:search"
EXPORTED = "records:access:export"
MANY = "account:alert:many_opened"
OFF_HOURS = "account:alert:off_hours"
ALERTS = (MANY, OFF_HOURS)
ROWS = 50
MOST = 20_000
"""Lines of one file; more are asked for in shorter periods."""
_TEAM = (Role.AGENT, Role.SENIOR)
_ALL = (Role.COMPLIANCE, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class Traces:
    """A page of what was found; `more` is the cursor of what follows, None at its end."""

    rows: tuple[Trace, ...]
    more: str | None


@dataclass(frozen=True, slots=True)
class Trail:
    """Raises NotAllowed for a role that may not ask, PyMongoError when MongoDB is away."""

    store: TrailStore
    audit: AuditStore
    staff: StaffStore
    hours: Callable[[], Timetable] = Timetable
    opens_per_hour: int = 60

    def people(self, asking: Staff) -> list[Staff] | None:
        """Whose deeds this person may know; None: of everybody, commands and the system too."""
        if asking.role in _ALL:
            return None
        if asking.role is Role.SUPERVISOR:
            members = [one.staff for one in self.staff.members()]
            return [one for one in members if one.role in _TEAM or one.id == asking.id]
        if asking.role is Role.ADMIN:
            return [asking]
        raise NotAllowed("Your role may not see who looked at what.")

    def everybody(self) -> list[Staff]:
        return [one.staff for one in self.staff.members()]

    def search(self, asking: Staff, sought: Sought, after: str | None = None) -> Traces:
        """ROWS events. Stands in the log itself before anything is shown. Raises BadPayload for a wrong cursor."""
        within = self._within(asking, sought)
        found = self.store.find(within, ROWS + 1, after)
        self._note(asking, SEARCHED, sought)
        return Traces(tuple(found[:ROWS]), cursor_of(found[ROWS - 1]) if len(found) > ROWS else None)

    def export(self, asking: Staff, sought: Sought) -> Iterator[Trace]:
        """At most MOST events, the latest first; noted before the first of them."""
        within = self._within(asking, sought)
        self._note(asking, EXPORTED, sought)
        return self.store.each(within, MOST)

    def opened(self, staff: Staff, basis: str, now: datetime) -> None:
        """After a conversation was opened and noted: an alert where it is unusual, one of a kind an hour and person."""
        hour_ago = now - timedelta(hours=1)
        if basis not in OWN:
            count = self.store.recent(staff.id, OPENED, hour_ago, OTHERS)
            if count > self.opens_per_hour:
                self._alert(staff, MANY, hour_ago, {"opened": count, "limit": self.opens_per_hour})
        if not self.hours().of(None).open_at(now):
            self._alert(staff, OFF_HOURS, hour_ago, {})

    def alerts(self, asking: Staff, sought: Sought) -> tuple[Trace, ...]:
        """The latest ROWS alerts of the period about those whose deeds this person may know."""
        wanted = replace(self._within(asking, sought), kind="alert", touched=False, customer=None)
        return tuple(self.store.find(wanted, ROWS))

    def _alert(self, staff: Staff, action: str, since: datetime, detail: dict[str, int]) -> None:
        if not self.store.recent(staff.id, action, since):
            self.audit.add(staff.id, action, f"staff:{staff.id}", dict(detail))

    def _within(self, asking: Staff, sought: Sought) -> Sought:
        people = self.people(asking)
        return replace(sought, actors=None if people is None else tuple(one.id for one in people))

    def _note(self, asking: Staff, action: str, sought: Sought) -> None:
        detail = {
            "from": sought.first.isoformat(),
            "to": sought.last.isoformat(),
            "filters": [name for name in ("actor", "customer", "kind") if getattr(sought, name)],
            "touched": sought.touched,
        }
        self.audit.add(asking.id, action, "audit", detail)
