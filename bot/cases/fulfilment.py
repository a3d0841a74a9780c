"""What is done once a request is granted: stopped, corrected, deleted or restricted, copied."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.cases.requests import WRITING, Requests
from bot.cases.room import WRITES, Room, allowed
from bot.errors import Conflict
from bot.model import Staff
from bot.mongo import Session
from bot.retention.service import ERASED, Outcome
from bot.store.case_values import GRANTED, Case, Kind, State, Step

BASIS = "個資法第11條第3項，當事人請求刪除"


class Deletes(Protocol):
    """The part of `bot.retention.service.Retention` that a request needs."""

    def request_deletion(self, actor: str, customer_id: str, basis: str, case_id: str | None) -> Outcome: ...


class Copies(Protocol):
    """The package of the own data of these identities: a ZIP, and how many lines of each kind are in it."""

    def __call__(self, members: list[str], made_at: datetime) -> tuple[bytes, dict[str, int]]: ...


@dataclass(frozen=True, slots=True)
class Package:
    name: str
    data: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """Raises as `Room` does."""

    room: Room
    requests: Requests
    retention: Deletes
    copies: Copies

    def fulfil(self, staff: Staff, case_id: str) -> Case:
        """Corrects, deletes or restricts, or notes that what was to be stopped is stopped. Twice is once."""
        allowed(staff, WRITES, WRITING)
        case = self._granted(staff, case_id)
        acts: dict[Kind, Callable[[Staff, Case], Case]] = {
            Kind.STOP: self._stop,
            Kind.CORRECTION: self._correct,
            Kind.DELETION: self._delete,
        }
        if case.kind not in acts:
            raise Conflict("A copy is done by making its package.")
        return acts[case.kind](staff, case)

    def package(self, staff: Staff, case_id: str) -> Package:
        """The customer's own data. That it was made, by whom, and its SHA-256 are written before it is given out."""
        allowed(staff, WRITES, WRITING)
        case = self._granted(staff, case_id, State.FULFILLED)
        if case.kind is not Kind.COPY:
            raise Conflict("This step is not due now: look at how the case stands.")
        data, counts = self.copies(self.room.links.proven(case.customer), self.room.now())
        digest = hashlib.sha256(data).hexdigest()
        detail: dict[str, Any] = {"package": digest, "bytes": len(data), **counts}
        self.room.write(case, Step(staff.id, "export", detail=detail), {"state": State.FULFILLED.value})
        return Package(f"copy-{case.id}.zip", data, digest)

    def _granted(self, staff: Staff, case_id: str, *also: State) -> Case:
        case = self.room.case(staff, case_id, State.AGREED, *also)
        if case.complaint or case.outcome != GRANTED:
            raise Conflict("This request was not granted.")
        return case

    def _stop(self, staff: Staff, case: Case) -> Case:
        members = self.room.links.proven(case.customer)

        def stop(session: Session) -> None:
            self.room.effects.stop_marketing(session, members, case.id, self.room.now())

        step = Step(staff.id, "stopped", detail={"identities": len(members)})
        return self.room.write(case, step, {"state": State.FULFILLED.value}, also=stop)

    def _correct(self, staff: Staff, case: Case) -> Case:
        wanted = self.room.store.full(case.id, "wanted")
        field = next(
            e.detail["field"] for e in reversed(self.room.store.events(case.id)) if e.step == "wanted"
        )

        def work(session: Session) -> Case:
            before = self.room.effects.correct(session, case.customer, field, wanted or "")
            step = Step(staff.id, "corrected", f"{before} → {wanted}", {"field": field})
            return self.room.store.change(session, case, step, {"state": State.FULFILLED.value})

        return self.room.mongo.transaction(work)

    def _delete(self, staff: Staff, case: Case) -> Case:
        # Erased before and not noted, as after a crash in between: there is nothing left to ask for.
        known = self.room.effects.erased_under(case.id)
        outcome = (
            Outcome(ERASED, None, known, (case.customer,))
            if known
            else self.retention.request_deletion(staff.id, case.customer, BASIS, case.id)
        )
        members = list(outcome.customers) or [case.customer]
        done = {
            "state": State.FULFILLED.value,
            "until": outcome.until,
            "certificate": outcome.certificate,
            "restricted": True,
        }
        detail: dict[str, Any] = {
            "became": outcome.kind,
            "until": outcome.until.isoformat() if outcome.until else None,
            "certificate": outcome.certificate,
        }
        step = Step(staff.id, "erased" if outcome.kind == ERASED else "restricted", detail=detail)
        return self.room.write(
            case, step, done, also=lambda session: self.room.effects.hide(session, members)
        )
