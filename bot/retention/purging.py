"""The purge: what has run out is destroyed, certified and put on the list of erasures; killed in the middle and run
again it ends as if it had not been."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from bot.errors import Conflict
from bot.logs import logger
from bot.mongo import Doc, Mongo, Session
from bot.retention.clock import Clock
from bot.retention.lists import ErasureList
from bot.store.audit import AuditStore
from bot.store.purging import PurgeStore
from bot.vault import Vault

log = logger("retention")
BEGUN, CERTIFIED = "records:purge:begin", "records:purge:certificate"
"""The first is written before a record gives up its ciphertext: who verifies meanwhile finds no fault."""
YOUNG = (
    "Some of these records are younger than their term, or a hold or dispute stands: they cannot be deleted."
)


class ClockOf(Protocol):
    def __call__(self, members: Sequence[str], session: Session | None = None) -> Clock: ...


@dataclass(frozen=True, slots=True)
class Certificate:
    """That records were destroyed: how many of each class, `by` whom, on which `basis`, by which `method`.

    `kind` customer: all that was kept of `customers`; age: records older than their term that no customer is in.
    `sha256` is over the canonical form of the document; the audit log has it too. No personal data.
    """

    id: str
    kind: str
    state: str
    by: str
    basis: str
    method: str
    counts: dict[str, int]
    begun_at: datetime
    done_at: datetime | None = None
    customers: tuple[str, ...] = ()
    case: str | None = None
    before: dict[str, datetime] = field(default_factory=dict)
    sha256: str | None = None

    @classmethod
    def of(cls, doc: Doc) -> Certificate:
        known = {name: value for name, value in doc.items() if name in cls.__slots__}
        return cls(id=doc["_id"], **{**known, "customers": tuple(doc.get("customers", ()))})

    def plain(self) -> dict[str, Any]:
        """For a file: datetimes as ISO in UTC."""
        return {name: _iso(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Purger:
    """Raises Conflict for what is younger than its term, Unavailable where the list of erasures cannot be written or a
    copy cannot be removed. `copies` removes what was exported of the certificate's customers and lies here still."""

    mongo: Mongo
    store: PurgeStore
    vault: Vault
    audit: AuditStore
    erasures: ErasureList
    forget: Callable[[], None]
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    step: Callable[[str], None] = field(default=lambda _name: None)
    copies: Callable[[Doc], None] = field(default=lambda _certificate: None)

    def customer(
        self, members: Sequence[str], by: str, basis: str, clock_of: ClockOf, case: str | None = None
    ) -> Certificate:
        """Erase these identities of one customer, or finish what was begun."""

        def begin(session: Session) -> Doc:
            begun = self.store.begun(members, session)
            if begun is not None:
                return begun
            # In the transaction that closes the way back: a hold or a message of this moment makes it begin again.
            if not clock_of(members, session).over(self.now()):
                raise Conflict(YOUNG)
            doc = self.store.begin(session, members, by, basis, case, self.now())
            self._begin(doc, session)
            return doc

        return self.finish(self.mongo.transaction(begin))

    def resume(self) -> list[Certificate]:
        """Finish what was begun and not ended."""
        return [self.finish(doc) for doc in self.store.open()]

    def finish(self, doc: Doc) -> Certificate:
        while True:
            self.store.destroy(doc, self.forget, self.step)
            if not (left := self.store.left(doc["customers"])):
                break
            log.warning("purge_again", certificate=doc["_id"], left=left)
        self.step("copies")
        self.copies(doc)
        self.step("list")
        # Outside of the database before anybody reads that it is done: a restore must not bring them back.
        self.erasures.add(doc)
        self.step("certificate")

        def end(session: Session) -> Doc:
            # Of two that finish at once, the second finds it done.
            known = self.store.certificate(doc["_id"], session)
            if known is not None and known["state"] == "done":
                return known
            done = self.store.finish(session, doc, self.now())
            self._certify(done, session)
            return done

        return Certificate.of(self.mongo.transaction(end))

    def adopt(self, doc: Doc, by: str) -> Certificate:
        """Erase again whom a certificate of before a restore erased; no clock is asked, as it was then."""
        self.store.adopt(doc)

        if not self.audit.about(BEGUN, [f"certificate:{doc['_id']}"]):
            self.mongo.transaction(lambda session: self._begin({**doc, "by": by}, session))
        return self.finish({**doc, "state": "open"})

    def aged(self, before: dict[str, datetime], by: str, basis: str) -> Certificate | None:
        """Delete what no customer is in and is older than its term; None where there is nothing."""
        if not any(self.store.aged(before).values()):
            return None

        def work(session: Session) -> Doc:
            doc = self.store.destroy_aged(session, before, by, basis, self.now())
            done = self.store.finish(session, doc, self.now())
            self._certify(done, session)
            return done

        return Certificate.of(self.mongo.transaction(work))

    def _begin(self, doc: Doc, session: Session) -> None:
        detail = {name: doc[name] for name in ("customers", "basis", "case")}
        self.audit.add(doc["by"], BEGUN, f"certificate:{doc['_id']}", detail, session)

    def _certify(self, done: Doc, session: Session) -> None:
        detail = {name: done[name] for name in ("kind", "counts", "basis", "sha256")}
        self.audit.add(done["by"], CERTIFIED, f"certificate:{done['_id']}", detail, session)


def _iso(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    if isinstance(value, dict):
        return {name: _iso(one) for name, one in value.items()}
    return list(value) if isinstance(value, tuple) else value
