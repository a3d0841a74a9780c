"""Finished packs that hold what was erased since: they go with the erasure, before its certificate is closed.

A pack is a copy, and a new order makes it again without what was erased. Two things are stronger for as long as they
last: a legal hold on somebody in it, and an examiner's order. Both end at the latest when the pack's own time is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.errors import Unavailable
from bot.export.scope import scope_of
from bot.mongo import Doc, Mongo, Session
from bot.store.audit import AuditStore
from bot.store.exporting import ExportStore
from bot.store.packs import ERASED, READY, PackStore
from bot.store.records import whole_ms

SYSTEM = "system:exports"
HOLD, EXAMINER = "hold", "examiner"


@dataclass(frozen=True, slots=True)
class ErasedPacks:
    """`folder` is where the packs lie. Methods raise PyMongoError, and Unavailable where a file cannot be removed."""

    mongo: Mongo
    store: PackStore
    audit: AuditStore
    folder: Path

    def purged(self, certificate: Doc) -> None:
        """The purge's: what lies here of these customers."""
        for doc in self.store.ready():
            self._see(doc, [certificate])

    def tick(self) -> None:
        """The clock's: holds that were lifted, and erasures of a store that was restored."""
        for doc in self.store.ready():
            self.stays(doc)

    def stays(self, doc: Doc) -> bool:
        """Whether this finished pack is still here after all erasures since somebody began to make it."""
        return self._see(doc, self.store.erasures(doc["begun"] if "begun" in doc else doc["at"]))

    def _see(self, doc: Doc, certificates: Sequence[Doc]) -> bool:
        found = [one for one in certificates if self._within(doc, one["customers"])]
        if not found:
            return True
        if why := self._kept(doc):
            self._keep(doc, found, why)
            return True
        self._remove(doc, found)
        return False

    def _within(self, doc: Doc, customers: Sequence[str]) -> bool:
        """Whether one of these is in the pack, by the list that was made with it, else by what was said in its days."""
        if not customers:
            return False
        if (listed := doc.get("customers")) is not None:
            return not set(listed).isdisjoint(customers)
        wanted = doc["scope"]
        bounds = scope_of(wanted["from"], wanted["to"], doc["by"]).bounds
        # Who spoke when stays when what was said is destroyed.
        return any(ExportStore(self.mongo).touched(*bounds, customers, wanted["conversation"]))

    def _kept(self, doc: Doc) -> str | None:
        if doc.get("examiner"):
            return EXAMINER
        held = {one for customer in self.store.held() for one in ExportStore(self.mongo).members(customer)}
        return HOLD if self._within(doc, sorted(held)) else None

    def _keep(self, doc: Doc, certificates: Sequence[Doc], why: str) -> None:
        kept = {"why": why, "certificates": sorted(one["_id"] for one in certificates)}
        before = doc.get("kept") or {}
        kept["certificates"] = sorted({*kept["certificates"], *before.get("certificates", ())})
        if kept == before:
            return

        def work(session: Session) -> None:
            if self.store.keep(doc["_id"], before or None, kept, session):
                self._note("keep", doc, certificates, {"why": why}, session)

        self.mongo.transaction(work)

    def _remove(self, doc: Doc, certificates: Sequence[Doc]) -> None:
        """The file first: while it is there, its order says so, and whoever comes next removes it."""
        try:
            (self.folder / f"{doc['_id']}.zip").unlink(missing_ok=True)
        except OSError as error:
            raise Unavailable(f"{self.folder} cannot be written: a pack in it has to be removed.") from error
        gone = {
            "gone_at": whole_ms(datetime.now(UTC)),
            "certificates": sorted(one["_id"] for one in certificates),
        }

        def work(session: Session) -> None:
            if self.store.move(doc["_id"], READY, ERASED, gone, session):
                self._note("withdraw", doc, certificates, {}, session)

        self.mongo.transaction(work)

    def _note(
        self, what: str, doc: Doc, certificates: Sequence[Doc], more: dict[str, Any], session: Session
    ) -> None:
        named = sorted(one["_id"] for one in certificates)
        detail = {**doc["scope"], "manifest": doc["made"]["manifest"], "certificates": named, **more}
        whose = sorted({customer for one in certificates for customer in one["customers"]})
        self.audit.add(
            SYSTEM, f"records:export:{what}", f"export:{doc['_id']}", detail, session, customers=whose
        )
