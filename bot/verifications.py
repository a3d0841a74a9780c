"""The page of seals: the calendar, the copies, and the verification that people start there and a worker does.

A verification is a run (bot/runs.py): one at a time, its progress and result in MongoDB. Its result stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.errors import Conflict, NotFound
from bot.model import Staff
from bot.mongo import Doc, Mongo, Session
from bot.queue import JobQueue
from bot.records import days
from bot.records.shipping import as_bytes
from bot.records.verify import verify
from bot.runs import DEAD_AFTER, Run, run_of
from bot.settings_records import RecordSettings
from bot.store import runs as states
from bot.store.audit import AuditStore
from bot.store.chains import ChainStore
from bot.store.records import new_id, whole_ms
from bot.store.runs import OneIsOpen, RunStore
from bot.store.seals import SealStore

VERIFY = "verify"
CALENDAR = 90

Step = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Square:
    """A day of the calendar. `state`: sealed, empty (sealed, nothing happened), missing (over, and no seal), running
    (not over yet) or before (older than the first record). `copies`: place -> when it arrived, None: it did not."""

    day: date
    state: str
    total: int = 0
    late: int = 0
    key_id: str = ""
    copies: Mapping[str, datetime | None] | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """What stands at the top: seals there are, the last one, the key it was signed with, and the places of copies."""

    seals: int
    last: Mapping[str, Any] | None
    places: tuple[str, ...]
    sizes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Verifications:
    """What console, worker and commands share. Methods raise PyMongoError."""

    mongo: Mongo
    runs: RunStore
    audit: AuditStore
    queue: JobQueue
    chains: ChainStore
    seals: SealStore
    settings: RecordSettings

    # -- the page -----------------------------------------------------------------------------------------------------

    def overview(self) -> Overview:
        return Overview(self.seals.number(), self.seals.latest(), self._places(), self.chains.sizes())

    def calendar(self, now: datetime | None = None) -> list[Square]:
        """The last CALENDAR days, the oldest first; today is the last."""
        now = now or datetime.now(UTC)
        today = now.astimezone(days.TAIPEI).date()
        first = today - timedelta(days=CALENDAR - 1)
        made = {seal["_id"]: seal for seal in self.seals.since(first.isoformat())}
        copies, over, begun = self.seals.copies(made), days.last_over(now), self._begun()
        return [
            self._square(day, made.get(day.isoformat()), copies.get(day.isoformat(), {}), over, begun)
            for day in (first + timedelta(days=n) for n in range(CALENDAR))
        ]

    def shipped(self, day: str) -> bytes | None:
        """The seal of a day as it is copied, None where there is none."""
        seal = self.seals.seal(day)
        return None if seal is None else as_bytes(seal)

    def _square(
        self, day: date, seal: Doc | None, copies: Mapping[str, Any], over: date, begun: date | None
    ) -> Square:
        if seal is None:
            if begun is None or day < begun:
                return Square(day, "before")
            return Square(day, "missing" if day <= over else "running")
        arrived = {place: copies.get(place, {}).get("at") for place in self._places()}
        state = "sealed" if seal["total"] else "empty"
        return Square(day, state, seal["total"], len(seal["late"]), seal["key_id"], arrived)

    def _places(self) -> tuple[str, ...]:
        there = (("folder", self.settings.folder), ("webhook", self.settings.webhook))
        return tuple(name for name, setting in there if setting is not None)

    def _begun(self) -> date | None:
        firsts = (days.day_of(self.seals.first_id(name)) for name in ("audit", "messages"))
        return min((day for day in firsts if day is not None), default=None)

    # -- a verification -----------------------------------------------------------------------------------------------

    def start(self, staff: Staff) -> Run:
        """Raises Conflict while one is open."""
        now = whole_ms(datetime.now(UTC))
        self.runs.bury(now - DEAD_AFTER, now)
        run: Doc = {"_id": new_id(), "kind": VERIFY, "plan": {}, "by": staff.id, "at": now}

        def work(session: Session) -> None:
            self.runs.add(run, session)
            self.audit.add(staff.id, "records:verify:start", f"run:{run['_id']}", {}, session)

        try:
            self.mongo.transaction(work)
        except OneIsOpen as error:
            raise Conflict("One is at work already: wait for it, or cancel it.") from error
        self.queue.begin_run(run["_id"])
        return run_of({**run, "state": states.WAITING})

    def cancel(self, staff: Staff, run_id: str) -> None:
        """The worker notices within a second. Raises NotFound, and Conflict where it came to its end."""
        self.run(run_id)

        def work(session: Session) -> bool:
            ended = self.runs.end(run_id, states.CANCELLED, whole_ms(datetime.now(UTC)), session=session)
            if ended:
                self.audit.add(staff.id, "records:verify:cancel", f"run:{run_id}", {}, session)
            return ended

        if not self.mongo.transaction(work):
            raise Conflict("It has come to its end already.")

    def newest(self) -> Run | None:
        """The last one that was started, whatever became of it."""
        found = self.runs.latest(VERIFY, 1)
        return run_of(found[0]) if found else None

    def run(self, run_id: str) -> Run:
        """Raises NotFound."""
        doc = self.runs.run(run_id)
        if doc is None or doc["kind"] != VERIFY:
            raise NotFound("There is no such run.")
        return run_of(doc)

    def perform(self, step: Step) -> tuple[Doc, list[Doc]]:
        """The worker's: figures and no items. What `step` raises stops it."""
        report = verify(self.chains, self.seals, folder=self.settings.folder, step=step)
        bad = asdict(report.bad[0]) if report.bad else None
        names = ("records", "seals", "sealed_until", "seconds")
        return {"ok": report.ok, "bad": bad, **{name: getattr(report, name) for name in names}}, []
