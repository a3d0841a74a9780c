"""The life of the hand-off rules as versions: drafted, tried, reviewed, approved by another, in force everywhere.

    draft ──submit──► in_review ──approve──► approved ──(the next approval)──► retired
      ▲                  │  └──reject──► rejected
      └──ask for changes─┘                    a newer draft makes an open one `replaced`

Version 0 are the files that ship. One version is open at a time, and it is made of the one in force, so that an
approval never takes back what another brought in. What a document may say, `workshop` knows.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.errors import BadPayload, Conflict, NotAllowed, NotFound, ServiceError
from bot.logs import logger
from bot.masking import mask
from bot.model import Role, Staff
from bot.mongo import Doc, Mongo, PyMongoError, Session
from bot.policy_version import Document, Feature, Version, Workshop, version_of
from bot.store import policies as states
from bot.store.audit import AuditStore
from bot.store.policies import PolicyStore
from bot.store.records import new_id, whole_ms
from bot.wordings import private

WRITES = (Role.SENIOR, Role.SUPERVISOR, Role.COMPLIANCE)
LONGEST_NOTE = 2000
SHOWN = 200
"""Lines of a kind that a trial keeps; all of them are counted."""
SILENT = timedelta(seconds=60)
"""A trial that gave no sign of life for so long may be begun anew."""
RUNNING, DONE, FAILED = "running", "done", "failed"

log = logger(__name__)

__all__ = ["Document", "Feature", "Policies", "Version", "Workshop"]


@dataclass(frozen=True, slots=True)
class Policies:
    """What console, command line and workers share. Methods raise PyMongoError when the store is away."""

    mongo: Mongo
    store: PolicyStore
    audit: AuditStore
    workshop: Workshop

    # -- reading --------------------------------------------------------------------------------------------------

    @property
    def features(self) -> tuple[Feature, ...]:
        return self.workshop.features

    def in_force(self) -> int:
        return self.store.state()[1]

    def revision(self) -> int:
        return self.store.state()[0]

    def versions(self, limit: int = 50) -> list[Version]:
        """Latest first; the trials without their lines."""
        return [version_of(doc) for doc in self.store.versions(limit)]

    def version(self, number: int) -> Version:
        """Raises NotFound; version 0 has no author."""
        doc = self.store.version(number)
        if doc is None:
            raise NotFound("There is no such version of the rules.")
        return version_of(doc)

    def open_one(self) -> Version | None:
        doc = self.store.open_one()
        return version_of(doc) if doc else None

    def document(self, number: int) -> Document:
        """The rules of a version. Raises NotFound, Conflict where they are not what was written."""
        if number == 0:
            return self.workshop.shipped()
        found = self.store.text(number)
        if found is None:
            raise NotFound("There is no such version of the rules.")
        text, sha256 = found
        if hashlib.sha256(text.encode()).hexdigest() != sha256:
            raise Conflict("These rules do not match their hash: they were changed outside the review.")
        return json.loads(text)  # type: ignore[no-any-return]

    # -- the author -----------------------------------------------------------------------------------------------

    def draft(self, staff: Staff, document: object, note: str, seen: int | None = None) -> Version:
        """A new version, in the place of the open one if there is any.

        `seen` is the open version the author had before him, 0 for none; None takes whatever is open. Raises
        NotAllowed, BadPayload; Conflict where a colleague saved meanwhile.
        """
        _must_write(staff)
        words = _masked(note, "Say what is changed and why: the reviewer reads it first.")
        made = self.workshop.checked(document)
        text = self.workshop.spelled(made)
        in_force = self.in_force()
        before = self.document(in_force)
        if text == self.workshop.spelled(before):
            raise BadPayload("Nothing differs from the rules in force.")
        known = {line for lines in before["examples"].values() for line in lines}
        if any(private(line) for lines in made["examples"].values() for line in lines if line not in known):
            raise BadPayload("An example holds personal data: write it in your own words.")

        def work(session: Session) -> Doc:
            number = self.store.number(session)
            open_one = self.store.open_one(session)
            if seen is not None and seen != (open_one["_id"] if open_one else 0):
                raise Conflict("Somebody else saved a version while you were writing.")
            if self.store.state(session)[1] != in_force:
                raise Conflict("Other rules came into force meanwhile: start from those.")
            if open_one is not None:
                self.store.change(open_one["_id"], open_one["state"], {"state": states.REPLACED}, session)
            doc: Doc = {
                "_id": number,
                "document": text,
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
                "based_on": in_force,
                "author": staff.id,
                "authors": [*dict.fromkeys([*(open_one["authors"] if open_one else ()), staff.id])],
                "at": _now(),
                "note": words,
                "state": states.DRAFT,
            }
            self.store.add(doc, session)
            self._log(staff, "draft", doc, session)
            return doc

        return version_of(self.mongo.transaction(work))

    def submit(self, staff: Staff, number: int) -> Version:
        """To compliance. Raises NotAllowed, NotFound, Conflict."""
        _must_write(staff)
        return self._step(staff, number, states.DRAFT, states.IN_REVIEW, "submit", {"comment": None})

    # -- the reviewer ---------------------------------------------------------------------------------------------

    def approve(self, staff: Staff, number: int, sha256: str) -> Version:
        """In force from now on, everywhere within seconds; it compiles and its examples have been read, or it is not.

        `sha256` is what the approver read. Raises NotAllowed, NotFound, Conflict, BadPayload.
        """
        one = self._decidable(staff, number, sha256)
        if staff.id in one.authors:
            raise NotAllowed("The author never approves his own rules.")
        self.workshop.checked(self.document(number))
        if one.trial.get("state") != DONE or one.trial.get("against") != self.in_force():
            raise Conflict("Its examples have not been read against the rules in force yet: do that first.")

        def work(session: Session) -> None:
            before = self.store.state(session)[1]
            if before != one.based_on:
                raise Conflict("Other rules came into force meanwhile: start from those.")
            self._decide(staff, one, states.APPROVED, None, "approve", session)
            if before:
                self.store.change(before, states.APPROVED, {"state": states.RETIRED}, session)
            self.store.put_in_force(number, session)

        self.mongo.transaction(work)
        return self.version(number)

    def ask_for_changes(self, staff: Staff, number: int, sha256: str, comment: str) -> Version:
        """Back to the author. Raises NotAllowed, NotFound, Conflict, BadPayload without a comment."""
        return self._sent_back(staff, number, sha256, comment, states.DRAFT, "changes")

    def reject(self, staff: Staff, number: int, sha256: str, comment: str) -> Version:
        """For good. Raises as `ask_for_changes`."""
        return self._sent_back(staff, number, sha256, comment, states.REJECTED, "reject")

    def _sent_back(
        self, staff: Staff, number: int, sha256: str, comment: str, state: str, verb: str
    ) -> Version:
        one = self._decidable(staff, number, sha256)
        words = _masked(comment, "Say what the author should change.")
        self.mongo.transaction(lambda session: self._decide(staff, one, state, words, verb, session))
        return self.version(number)

    def _decidable(self, staff: Staff, number: int, sha256: str) -> Version:
        if staff.role is not Role.COMPLIANCE:
            raise NotAllowed("Only a compliance officer decides about rules.")
        one = self.version(number)
        if one.state != states.IN_REVIEW:
            raise Conflict("This version is not in review.")
        if one.sha256 != sha256:
            raise Conflict("These are not the rules you read: read them first.")
        return one

    def _decide(
        self, staff: Staff, one: Version, state: str, comment: str | None, verb: str, session: Session
    ) -> None:
        fields: Doc = {"state": state, "comment": comment, "decided_by": staff.id, "decided_at": _now()}
        if not self.store.change(one.number, states.IN_REVIEW, fields, session):
            raise Conflict("This version is not in review.")
        detail = {"comment": comment} if comment else {}
        if state == states.APPROVED:
            detail = {name: one.trial[name] for name in ("lines", "misread_count", "changed_count")}
        self._log(staff, verb, _named(one), session, detail)

    def _step(self, staff: Staff, number: int, state: str, to: str, verb: str, fields: Doc) -> Version:
        one = self.version(number)

        def work(session: Session) -> None:
            if not self.store.change(number, state, {**fields, "state": to}, session):
                raise Conflict("Somebody was quicker: look at the version again.")
            self._log(staff, verb, _named(one), session)

        self.mongo.transaction(work)
        return self.version(number)

    def _log(
        self, staff: Staff, verb: str, doc: Mapping[str, Any], session: Session, more: Doc | None = None
    ) -> None:
        detail = {"version": doc["_id"], "sha256": doc["sha256"], "based_on": doc["based_on"], **(more or {})}
        self.audit.add(staff.id, f"rules:{verb}", f"rules:{doc['_id']}", detail, session)

    # -- trying -----------------------------------------------------------------------------------------------------

    def begin_trial(self, number: int) -> bool:
        """Reads all examples in the background; False where that is being done. Raises NotFound."""
        token = self._claim(number)
        if token is None:
            return False
        threading.Thread(target=self._try, args=(number, token), name="rules-trial", daemon=True).start()
        return True

    def try_now(self, number: int) -> Version:
        """The same, in this thread. Raises NotFound, Conflict where another does it."""
        token = self._claim(number)
        if token is None:
            raise Conflict("Its examples are being read already: wait a moment.")
        self._try(number, token)
        return self.version(number)

    def judge(self, number: int, text: str) -> dict[str, Any]:
        """What the rules in force (`before`) and that version (`after`) decide. Keeps nothing. Raises Unavailable."""
        return self.workshop.judge(self.document(self.in_force()), self.document(number), text)

    def _claim(self, number: int) -> str | None:
        self.version(number)
        token, now = new_id(), _now()
        trial = {"token": token, "state": RUNNING, "beat": now, "at": now, "done": 0, "total": 0}
        return token if self.store.begin_trial(number, trial, now - SILENT) else None

    def _try(self, number: int, token: str) -> None:
        def step(done: int, total: int) -> None:
            self.store.trial(number, token, {"done": done, "total": total, "beat": _now()})

        against = self.in_force()
        try:
            found = self.workshop.compare(self.document(against), self.document(number), step)
        except (ServiceError, PyMongoError) as error:
            log.warning("rules_trial_failed", version=number, error=type(error).__name__)
            self.store.trial(number, token, {"state": FAILED, "beat": _now()})
            return
        figures: Doc = {"state": DONE, "beat": _now(), "against": against, "lines": found["lines"]}
        for kind in ("misread", "changed"):
            figures |= {f"{kind}_count": len(found[kind]), kind: list(found[kind])[:SHOWN]}
        self.store.trial(number, token, figures)


def _named(one: Version) -> Doc:
    return {"_id": one.number, "sha256": one.sha256, "based_on": one.based_on}


def _must_write(staff: Staff) -> None:
    if staff.role not in WRITES:
        raise NotAllowed("Your role may not write rules.")


def _masked(words: str, missing: str) -> str:
    text = words.strip()[:LONGEST_NOTE]
    if not text:
        raise BadPayload(missing)
    return mask(text).masked


def _now() -> datetime:
    return whole_ms(datetime.now(UTC))
