"""How conversations are given out, as data: each change of it is a version and stands in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from bot.errors import BadPayload, Conflict, NotAllowed
from bot.model import Role, Staff
from bot.mongo import Mongo, Session
from bot.reasons import note_of_change
from bot.store.audit import AuditStore
from bot.store.desks import DeskStore

AUTO, PULL = "auto", "pull"
SETS = (Role.SUPERVISOR, Role.ADMIN)
_CHANGED = "Somebody changed the rules of assignment meanwhile; reload and look again."


@dataclass(frozen=True, slots=True)
class Rules:
    """Minutes are those in which people answer. Bands are priorities: 0 urgent, 1 high, all others.

    `unanswered`: so long may somebody who got a conversation leave it without a first reply. `relax`: after so long a
    wait colleagues without the skill are asked too. `ageing`: who waits so long moves up one priority. `starved`: who
    waits so long comes before everybody. `grace`: so long may a console be closed before its conversations go back.
    """

    assign: str = AUTO
    unanswered_urgent: int = 3
    unanswered_high: int = 5
    unanswered: int = 15
    relax_urgent: int = 1
    relax_high: int = 3
    relax: int = 5
    ageing: int = 10
    starved: int = 60
    grace: int = 5

    def unanswered_of(self, priority: int) -> int:
        return (self.unanswered_urgent, self.unanswered_high)[priority] if priority < 2 else self.unanswered

    def relax_of(self, priority: int) -> int:
        return (self.relax_urgent, self.relax_high)[priority] if priority < 2 else self.relax


MINUTES = tuple(one.name for one in fields(Rules) if one.name != "assign")
LEAST, MOST = 1, 240


@dataclass(frozen=True, slots=True)
class RulesVersion:
    """`number` 0 is what ships."""

    number: int
    rules: Rules
    by: str | None = None
    at: datetime | None = None
    note: str = ""


def checked(values: Mapping[str, Any]) -> Rules:
    """Raises BadPayload with what to mend."""
    if set(values) != {one.name for one in fields(Rules)} or values["assign"] not in (AUTO, PULL):
        raise BadPayload("Say how conversations are given out: automatically, or taken by hand.")
    for name in MINUTES:
        if not isinstance(values[name], int) or not LEAST <= values[name] <= MOST:
            raise BadPayload(f"Times are whole minutes from {LEAST} to {MOST}.")
    return Rules(**values)


@dataclass(frozen=True, slots=True)
class RulesBook:
    """Raises PyMongoError where the store is away."""

    mongo: Mongo
    store: DeskStore
    audit: AuditStore

    def in_force(self) -> RulesVersion:
        doc = self.store.rules()
        if doc is None:
            return RulesVersion(0, Rules())
        known = {one.name for one in fields(Rules)}
        rules = Rules(**{name: value for name, value in doc["rules"].items() if name in known})
        return RulesVersion(doc["_id"], rules, doc["by"], doc["at"], doc["note"])

    def set(self, staff: Staff, values: Mapping[str, Any], note: str, seen: int) -> RulesVersion:
        """In force within a second. `seen` is the number that the person had before their eyes.

        Raises NotAllowed, BadPayload, Conflict.
        """
        if staff.role not in SETS:
            raise NotAllowed("Supervisors and administrators set how conversations are given out.")
        rules, kept = checked(values), note_of_change(note)
        before = self.in_force()
        if before.number != seen:
            raise Conflict(_CHANGED)
        if rules == before.rules:
            raise BadPayload("Nothing was changed.")
        made = RulesVersion(seen + 1, rules, staff.id, datetime.now(UTC), kept)
        old, new = asdict(before.rules), asdict(rules)

        def work(session: Session) -> None:
            doc = {"_id": made.number, "rules": new, "by": made.by, "at": made.at, "note": made.note}
            if not self.store.add_rules(session, doc):
                raise Conflict(_CHANGED)
            changed = {name: [old[name], new[name]] for name in new if new[name] != old[name]}
            detail = {"version": made.number, "changed": changed, "reason": made.note}
            self.audit.add(staff.id, "routing:set", "routing", detail, session)

        self.mongo.transaction(work)
        return made
