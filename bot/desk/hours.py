"""The service hours of the firm: which version is in force, in every process within seconds, and how one is made."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from bot.errors import BadPayload, Conflict, NotAllowed
from bot.hours import Hours, Timetable
from bot.hours_document import DEFAULT, Document, check, timetable
from bot.logs import logger
from bot.model import Role, Staff
from bot.mongo import Mongo, PyMongoError, Session
from bot.reasons import note_of_change
from bot.store.audit import AuditStore
from bot.store.hours import HoursStore

LOOK_S = 2.0
"""So old is what a process knows of the hours at most."""
SETS = (Role.SUPERVISOR, Role.ADMIN)

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Version:
    """`number` 0 is what ships, made by nobody."""

    number: int
    document: Document
    by: str | None = None
    at: datetime | None = None
    note: str = ""


SHIPPED = Version(0, DEFAULT)


@dataclass(slots=True)
class _Known:
    number: int
    table: Timetable
    looked: float


@dataclass(frozen=True, slots=True)
class HoursBook:
    """`current` is for those who decide and never raises; the others raise PyMongoError where the store is away."""

    mongo: Mongo
    store: HoursStore
    audit: AuditStore
    zone: tzinfo
    _known: list[_Known] = field(default_factory=list, repr=False)

    def current(self) -> Timetable:
        """The timetable in force, looked for every LOOK_S seconds; the last known one where the store is away."""
        known, now = self._known[0] if self._known else None, time.monotonic()
        if known is not None and now - known.looked < LOOK_S:
            return known.table
        try:
            version = self.in_force()
            if known is None or version.number != known.number:
                known = _Known(version.number, timetable(version.document, self.zone), now)
            else:
                known.looked = now
        except (PyMongoError, BadPayload) as error:
            log.warning("hours_not_followed", error=type(error).__name__)
            # One caller pays for a store that hangs, not everybody in turn.
            known = known or _Known(-1, timetable(DEFAULT, self.zone), now)
            known.looked = now
        self._known[:] = [known]
        return known.table

    def of(self, skill: str | None) -> Hours:
        return self.current().of(skill)

    def in_force(self) -> Version:
        found = self.store.newest()
        return _version(found) if found else SHIPPED

    def versions(self, limit: int = 20) -> list[Version]:
        """The newest first, what ships last."""
        found = [_version(one) for one in self.store.versions(limit)]
        return [*found, SHIPPED] if len(found) < limit else found

    def set(self, staff: Staff, document: object, note: str, seen: int) -> Version:
        """A new version, in force at once. `seen` is the number that the person had before their eyes.

        Raises NotAllowed, BadPayload (what to mend), Conflict where another version came first.
        """
        if staff.role not in SETS:
            raise NotAllowed("Supervisors and administrators set the service hours.")
        normal = check(document)
        kept = note_of_change(note)
        before = self.in_force()
        if before.number != seen:
            raise Conflict("Somebody changed the service hours meanwhile; reload and look again.")
        if normal == before.document:
            raise BadPayload("Nothing was changed.")
        made = Version(before.number + 1, normal, staff.id, datetime.now(UTC), kept)

        def work(session: Session) -> None:
            at = made.at or datetime.now(UTC)
            self.store.add(session, made.number, made.document, staff.id, at, made.note)
            detail: dict[str, Any] = {"from": before.number, "to": made.number, "reason": made.note}
            detail["changed"] = sorted(key for key in normal if normal[key] != before.document[key])
            self.audit.add(staff.id, "hours:set", "hours", detail, session)

        self.mongo.transaction(work)
        self.forget()
        return made

    def forget(self) -> None:
        """Look anew at the next question."""
        self._known.clear()


def _version(doc: dict[str, Any]) -> Version:
    return Version(doc["_id"], doc["document"], doc["by"], doc["at"], doc["note"])
