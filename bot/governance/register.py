"""The register of AI systems: what people answer for, in versions; the log of changes; drills of the switch.

金管會 guideline on AI (2024-06-20): an inventory with purpose, owner and risk factors; human control and an emergency
stop; monitoring after launch. What can be read off the running system is (`systems`); the rest is compliance's word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.governance.systems import System
from bot.masking import mask
from bot.model import Role, Staff
from bot.mongo import Doc, Mongo, Session
from bot.store.audit import AuditStore
from bot.store.governance import GovernanceStore, Known
from bot.store.records import new_id, whole_ms

FACTORS = ("service", "personal_data", "autonomy", "complexity", "stakeholders", "remedy")
"""Of the guideline, part 1: direct customer service, personal data, autonomy, complexity, reach, and redress."""
LEVELS = ("low", "medium", "high")
EVERY = timedelta(days=365)
LONGEST_OWNER, LONGEST_TEXT = 100, 2000
CHANGES = (
    *("ai:switch:off", "ai:switch:on", "ai:drill"),
    *("auto_answer:limit", "auto_answer:on", "auto_answer:off"),
    *("rules:approve", "rules:submit", "rules:reject"),
    *("governance:settings:change", "governance:inventory:write"),
)
SHOWN = 100
NOTICES = ("greeting", "choose_person", "handoff_ai_off")
CLOCK = "system:clock"

Notice = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One system with what was said of it last; `said` None: nobody has yet. `overdue`: its review is."""

    system: System
    said: Doc | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class Register:
    """`systems()` reads what runs; `notices()` the approved notices of NOTICES. Methods raise PyMongoError."""

    mongo: Mongo
    store: GovernanceStore
    audit: AuditStore
    systems: Callable[[], Sequence[System]]
    notices: Callable[[], Sequence[Notice]]
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def inventory(self) -> list[Entry]:
        said = self.store.latest()
        today = self.now().date()
        return [
            Entry(one, found, found is None or date.fromisoformat(found["reviewed_on"]) + EVERY < today)
            for one in self.systems()
            for found in [said.get(one.id)]
        ]

    def entry(self, system_id: str) -> Entry:
        """Raises NotFound."""
        found = next((one for one in self.inventory() if one.system.id == system_id), None)
        if found is None:
            raise NotFound("There is no such system.")
        return found

    def history(self, system_id: str) -> list[Doc]:
        """The latest first."""
        return self.store.history(system_id)

    def enter(self, staff: Staff, system_id: str, form: Mapping[str, str], seen: int) -> Doc:
        """The next version of what is said of a system; `seen` is the one that stood in the form, 0 for none.

        Raises NotAllowed, NotFound, BadPayload, Conflict where somebody was quicker.
        """
        if staff.role is not Role.COMPLIANCE:
            raise NotAllowed("Only compliance writes the inventory.")
        system = self.entry(system_id).system
        doc: Doc = {
            "_id": f"{system_id}@{seen + 1}",
            "system": system_id,
            "version": seen + 1,
            **_checked(form, self.now().date()),
            "fingerprint": system.fingerprint,
            "by": staff.id,
            "at": whole_ms(self.now()),
        }

        def work(session: Session) -> None:
            self.store.add(doc, session)
            detail = {name: doc[name] for name in ("version", "owner", "factors", "reviewed_on")}
            self.audit.add(staff.id, "governance:inventory:write", f"ai:{system_id}", detail, session)

        try:
            self.mongo.transaction(work)
        except Known as error:
            raise Conflict("A colleague has written this entry meanwhile: look again.") from error
        return doc

    def changes(self) -> list[Doc]:
        """What was changed of rules, thresholds, models and the switch, out of the audit chain, the latest first."""
        return self.store.changes(CHANGES, SHOWN)

    def note_settings(self) -> list[str]:
        """The clock's: what of the systems is not as it was when it looked last, put into the audit chain; their ids.
        Settings of the environment change with a restart, and nobody signs in for that."""
        now = {one.id: one.fingerprint for one in self.systems()}
        before = self.store.settings()
        if before == now:
            return []
        known = before or {}
        changed = sorted(one for one in {*now, *known} if now.get(one) != known.get(one))

        def work(session: Session) -> None:
            if not self.store.keep_settings(before, now, session):
                return
            for one in changed:
                was, is_ = known.get(one, {}), now.get(one, {})
                differs = {
                    name: [was.get(name), is_.get(name)]
                    for name in sorted({*was, *is_})
                    if was.get(name) != is_.get(name)
                }
                detail = {"changed": differs, "first": before is None}
                self.audit.add(CLOCK, "governance:settings:change", f"ai:{one}", detail, session)

        self.mongo.transaction(work)
        return changed

    def drilled(self, actor: str, outcome: Mapping[str, Any]) -> Doc:
        """Keeps what a drill found."""
        doc: Doc = {"_id": new_id(), "at": whole_ms(self.now()), "by": actor, **outcome}

        def work(session: Session) -> None:
            self.store.add_drill(doc, session)
            self.audit.add(actor, "ai:drill", f"switch:{outcome['account']}", dict(outcome), session)

        self.mongo.transaction(work)
        return doc

    def drills(self) -> list[Doc]:
        """The latest first."""
        return self.store.drills(10)


def _checked(form: Mapping[str, str], today: date) -> Doc:
    owner = " ".join(form.get("owner", "").split())
    if not 2 <= len(owner) <= LONGEST_OWNER:
        raise BadPayload("Name an owner: a person or a department.")
    factors = {name: form.get(f"factor_{name}", "") for name in FACTORS}
    if any(level not in LEVELS for level in factors.values()):
        raise BadPayload("Say of each risk factor whether it is low, medium or high.")
    assessment = form.get("assessment", "").strip()
    if not 3 <= len(assessment) <= LONGEST_TEXT:
        raise BadPayload(f"The assessment has 3 to {LONGEST_TEXT} characters.")
    try:
        reviewed_on = date.fromisoformat(form.get("reviewed_on", ""))
    except ValueError as error:
        raise BadPayload("Give the day of the review as YYYY-MM-DD.") from error
    if reviewed_on > today + timedelta(days=1):
        raise BadPayload("A review cannot be in the future.")
    return {
        "owner": mask(owner).masked,
        "factors": factors,
        "assessment": mask(assessment).masked,
        "reviewed_on": reviewed_on.isoformat(),
    }
