"""Direct answers of `proven`: the firm's limit, where each product class stands, and who is told of a change.

Every process reads the state once a second with the knowledge's revision (kb/live.py); the clock computes it anew.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.errors import BadPayload, Conflict, NotAllowed, NotFound, Unavailable
from bot.labels import LONGEST_REASON, Labels, Verdict
from bot.masking import mask
from bot.model import ContentKind, Role, Staff
from bot.mongo import Doc, Mongo, PyMongoError, Session
from bot.store.audit import AuditStore
from bot.store.labels import LabelStore
from kb.proof import DEFAULT_LIMIT, LARGEST_LIMIT, Earned, Label, Standing, State, earned, standings
from kb.store import Store

WINDOW = timedelta(days=365)
"""Older questions prove nothing about today's knowledge and customers: a class has to keep earning. To the month, as a
threshold may change when the first of its labels leaves."""
AGAIN_S = 3600.0
ATTEMPTS = 5
SYSTEM = "system"
_KEPT = ("threshold", "n", "wrong", "bound", "on", "missing", "reviewed", "labels", "since")


@dataclass(slots=True)
class _Beat:
    """When the whole was last computed: labels also grow old without any arriving."""

    at: float | None = None


@dataclass(frozen=True, slots=True)
class Automation:
    """What console, command line and clock share. Methods raise PyMongoError when the store is away."""

    mongo: Mongo
    store: LabelStore
    audit: AuditStore
    labels: Labels
    mode: str
    _computed: _Beat = field(default_factory=_Beat, repr=False)

    def state(self) -> State:
        return state_of(self.store.state())

    def rights(self) -> Earned:
        """What may be answered directly now. Raises Unavailable."""
        try:
            return earned(self.state())
        except PyMongoError as error:
            raise Unavailable("What direct answers have earned could not be read: try again.") from error

    def tick(self) -> None:
        """The clock's minute: read new choices, and look what follows from them."""
        new = self.labels.collect()
        now = time.monotonic()
        if new or self._computed.at is None or now - self._computed.at > AGAIN_S:
            self.recompute()
            self._computed.at = now

    def review(self, staff: Staff, message_id: str, *, right: bool, reason: str = "") -> Doc:
        """As `Labels.review`, and what follows from it at once."""
        label = self.labels.review(staff, message_id, right=right, reason=reason)
        self.recompute()
        return label

    def verdicts(self, message_ids: Sequence[str]) -> list[Verdict]:
        """Who said what of those messages, oldest first."""
        return self.labels.verdicts(message_ids)

    def recompute(self) -> State:
        """Raises Conflict where others keep changing the state meanwhile."""
        return self._renew(None)

    def set_limit(self, staff: Staff, share: float, reason: str) -> State:
        """At most `share` (0..0.05] of direct answers wrong. Takes effect at once, also for classes that are on.

        Raises NotAllowed, BadPayload, Conflict.
        """
        if staff.role is not Role.COMPLIANCE:
            raise NotAllowed("Only a compliance officer sets the limit.")
        if not 0 < share <= LARGEST_LIMIT:
            raise BadPayload(f"The limit is a share above 0 and up to {LARGEST_LIMIT:g}; 0.005 is 0.5 %.")
        words = reason.strip()
        if not words:
            raise BadPayload("Say why: the reason stands in the audit log.")
        return self._renew(
            {
                "limit": share,
                "set_by": staff.id,
                "set_at": datetime.now(UTC),
                "reason": mask(words[:LONGEST_REASON]).masked,
            }
        )

    def _renew(self, setting: Doc | None) -> State:
        for _ in range(ATTEMPTS):
            before = self.state()
            limit = setting["limit"] if setting else before.limit
            now = datetime.now(UTC)
            classes = tuple(
                _dated(new, old, now)
                for new, old in zip(standings(self._labels(now), limit), before.classes, strict=True)
            )
            if setting is None and classes == before.classes:
                return before
            if self._write(before, classes, setting):
                return self.state()
        raise Conflict("The state of the automation keeps changing; try again.")

    def _write(self, before: State, classes: tuple[Standing, ...], setting: Doc | None) -> bool:
        fields: Doc = {"classes": {one.product_class: _fields(one) for one in classes}, **(setting or {})}

        def work(session: Session) -> bool:
            if not self.store.write_state(before.revision, fields, session):
                return False
            if setting is not None:
                detail = {"from": before.limit, "to": setting["limit"], "reason": setting["reason"]}
                self.audit.add(setting["set_by"], "auto_answer:limit", "auto_answer", detail, session)
            for old, new in zip(before.classes, classes, strict=True):
                if decides_otherwise(old, new):
                    verb = "on" if new.on else "off"
                    detail = _figures(new) | {"revision": before.revision + 1}
                    actor = setting["set_by"] if setting else SYSTEM
                    self.audit.add(actor, f"auto_answer:{verb}", new.product_class, detail, session)
            return True

        return self.mongo.transaction(work)

    def _labels(self, now: datetime) -> list[Label]:
        return [
            Label(
                id=doc["question"],
                product_class=doc["product_class"],
                confidence=doc["confidence"],
                right=doc["right"],
                reviewed=doc["source"] == "review",
                at=doc["at"],
            )
            for doc in self.store.counting((now - WINDOW).replace(day=1, hour=0, minute=0, second=0))
        ]


def automation_of(mongo: Mongo, audit: AuditStore, mode: str) -> Automation:
    """Connects nothing; `mode` is TELLER_AUTO_ANSWER."""

    def class_of(article: str, version: int) -> str | None:
        try:
            return str(Store(mongo.db).version(ContentKind.ARTICLE, article, version).product_class)
        except (NotFound, Conflict):
            return None

    store = LabelStore(mongo)
    return Automation(mongo, store, audit, Labels(mongo, store, audit, class_of), mode)


def decides_otherwise(old: Standing, new: Standing) -> bool:
    """Whether a customer could notice: switched, or on with another threshold."""
    return old.on != new.on or (new.on and old.threshold != new.threshold)


def state_of(doc: Doc | None) -> State:
    """The state a document holds; none yet: every class off, at the limit that ships."""
    if doc is None:
        return State(DEFAULT_LIMIT, standings((), DEFAULT_LIMIT))
    limit = doc.get("limit", DEFAULT_LIMIT)
    kept = doc["classes"]
    classes = tuple(
        replace(empty, **{name: kept[empty.product_class][name] for name in _KEPT})
        if empty.product_class in kept
        else empty
        for empty in standings((), limit)
    )
    return State(limit, classes, doc["revision"], doc.get("set_by"), doc.get("set_at"), doc.get("reason"))


def _dated(new: Standing, old: Standing, now: datetime) -> Standing:
    """With the moment since which it is on, or off after having been on."""
    return replace(new, since=old.since if new.on == old.on else now.replace(microsecond=0))


def _fields(one: Standing) -> Doc:
    return {name: value for name, value in asdict(one).items() if name in _KEPT}


def _figures(one: Standing) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("threshold", "n", "wrong", "bound", "limit")}
