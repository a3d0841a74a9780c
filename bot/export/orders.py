"""Packs ordered on the page: a worker makes them, one at a time, and they lie here for some days to be fetched.

A pack that is not masked is proposed by one compliance officer and agreed to by another. Each step stands in the audit
log, and stays there when the pack itself is gone.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.export.erased import SYSTEM, ErasedPacks
from bot.export.order import Order
from bot.export.pack import Packs
from bot.export.scope import Scope, scope_of
from bot.export.writer import zipped
from bot.model import Role, Staff
from bot.mongo import Doc, Mongo, Session
from bot.queue import JobQueue
from bot.runs import DEAD_AFTER, run_of
from bot.settings import Settings
from bot.store import runs as states
from bot.store.audit import AuditStore
from bot.store.exporting import ExportStore
from bot.store.packs import GONE, ORDERED, PROPOSED, READY, REFUSED, PackStore
from bot.store.records import new_id, whole_ms
from bot.store.runs import OneIsOpen, RunStore
from bot.vault import Vault

EXPORT = "export"
LISTED = 50
BUSY = "One is at work already: wait for it, or cancel it."
UNNAMED = "An examiner's order has a number: give it as the reason."
MADE = ("manifest", "key_id", "counts", "bytes")

Step = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Orders:
    """What console, worker and clock share; `folder` is where all of them see the same files. Methods raise
    PyMongoError."""

    mongo: Mongo
    packs: Packs
    store: PackStore
    runs: RunStore
    audit: AuditStore
    queue: JobQueue
    folder: Path
    days: int
    erased: ErasedPacks

    # -- the page -----------------------------------------------------------------------------------------------------

    def start(
        self, staff: Staff, wanted: Mapping[str, str], *, unmasked: bool, reason: str, examiner: bool = False
    ) -> Order:
        """`wanted`: from, to, customer, conversation. Raises BadPayload, NotAllowed; Conflict while one is made."""
        _must(staff)
        if examiner and not reason.strip():
            raise BadPayload(UNNAMED)
        scope = self._scope(wanted, staff.id, unmasked=unmasked, reason=reason)
        now = whole_ms(datetime.now(UTC))
        order: Doc = {"_id": new_id(), "state": PROPOSED, "scope": scope.plain(), "by": staff.id, "at": now}
        order |= {"examiner": True} if examiner else {}

        def work(session: Session) -> None:
            self.store.add(order, scope.reason or "", session)
            action = "propose" if unmasked else "order"
            # Masked, no second person has to agree: the order goes to a worker at once.
            self._note(staff.id, action, order, session)
            if not unmasked:
                order["run"] = self._begin(order, staff.id, {}, session)

        self._once(work)
        if order.get("run"):
            self.queue.begin_run(order["run"])
        return self.order(order["_id"])

    def agree(self, staff: Staff, order_id: str) -> Order:
        """Raises NotFound, NotAllowed where it is one's own, Conflict where it was decided or one is made."""
        order = self._other(staff, order_id)
        run = ""

        def work(session: Session) -> None:
            nonlocal run
            self._note(staff.id, "agree", order, session)
            run = self._begin(order, staff.id, {"decided_by": staff.id}, session)

        self._once(work)
        self.queue.begin_run(run)
        return self.order(order_id)

    def refuse(self, staff: Staff, order_id: str) -> None:
        """Who proposed it may take it back, too. Raises NotFound, NotAllowed, Conflict."""
        _must(staff)
        order = self._doc(order_id)

        def work(session: Session) -> None:
            if not self.store.move(order_id, PROPOSED, REFUSED, {"decided_by": staff.id}, session):
                raise Conflict("A colleague has decided already; reload and look again.")
            self._note(staff.id, "refuse", order, session)

        self.mongo.transaction(work)

    def cancel(self, staff: Staff, order_id: str) -> None:
        """Raises NotFound, NotAllowed, Conflict."""
        _must(staff)
        order = self._doc(order_id)

        def work(session: Session) -> bool:
            run, now = order.get("run") or "", whole_ms(datetime.now(UTC))
            ended = self.runs.end(run, states.CANCELLED, now, session=session)
            if ended:
                self._note(staff.id, "cancel", order, session)
            return ended

        if not self.mongo.transaction(work):
            raise Conflict("It has come to its end already.")

    def listing(self, limit: int = LISTED) -> list[Order]:
        """The latest first."""
        return [self._order(doc) for doc in self.store.latest(limit)]

    def order(self, order_id: str) -> Order:
        """Raises NotFound."""
        return self._order(self._doc(order_id))

    def fetch(self, staff: Staff, order_id: str) -> Path:
        """The .zip to send, after that stands in the audit log. Raises NotFound, NotAllowed."""
        _must(staff)
        doc = self._doc(order_id)
        path = self._zip(order_id)
        if doc["state"] != READY or not self.erased.stays(doc) or not path.is_file():
            raise NotFound("This pack is not here (any more); order it again.")
        self._note(staff.id, "download", doc, None)
        return path

    # -- worker and clock ---------------------------------------------------------------------------------------------

    def perform(self, plan: Mapping[str, Any], step: Step) -> tuple[Doc, list[Doc]]:
        """The worker's: figures and no items. What `step` raises stops it, and nothing of it stays."""
        doc, begun = self._doc(str(plan["order"])), whole_ms(datetime.now(UTC))
        wanted = doc["scope"]
        reason = self.store.reason(doc)
        scope = scope_of(
            wanted["from"], wanted["to"], doc["by"], customer=wanted["customer"],
            conversation=wanted["conversation"], unmasked=not wanted["masked"], reason=reason,
        )  # fmt: skip
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        raw, packed = self.folder / doc["_id"], self._zip(doc["_id"])
        shutil.rmtree(raw, ignore_errors=True)
        try:
            manifest = self.packs.make(scope, raw, step)
            zipped(raw, packed, step, manifest["counts"]["messages"])
            made = {name: manifest[name] for name in MADE} | {"zip": packed.stat().st_size}
            until = whole_ms(datetime.now(UTC)) + timedelta(days=self.days)
            more = {"made": made, "until": until, "begun": begun}
            if not scope.everyone:
                more["customers"] = manifest["customers"]
            if not self.store.move(doc["_id"], ORDERED, READY, more):
                raise Conflict("A colleague has decided already; reload and look again.")
        except BaseException:
            packed.unlink(missing_ok=True)
            raise
        finally:
            shutil.rmtree(raw, ignore_errors=True)
        # Who was erased meanwhile: that purge looked before this pack was ready.
        self.erased.stays(self._doc(doc["_id"]))
        return made, []

    def tick(self) -> None:
        """The clock's: what lay here long enough goes, and so does what a process that died left behind."""
        for doc in self.store.over(datetime.now(UTC)):
            self._note(SYSTEM, "remove", doc, None)
            self._zip(doc["_id"]).unlink(missing_ok=True)
            self.store.move(doc["_id"], READY, GONE, {"gone_at": whole_ms(datetime.now(UTC))})
        self.erased.tick()
        if not self.folder.is_dir():
            return
        # What is there is read first: an order that begins meanwhile is then among those that stay.
        there = list(self.folder.iterdir())
        lying = self.store.lying()
        for path in there:
            if path.name.partition(".")[0] not in lying:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _scope(self, wanted: Mapping[str, str], by: str, *, unmasked: bool, reason: str) -> Scope:
        return scope_of(
            wanted.get("from", ""), wanted.get("to", ""), by, customer=wanted.get("customer"),
            conversation=wanted.get("conversation"), unmasked=unmasked, reason=reason,
        )  # fmt: skip

    def _begin(self, order: Doc, by: str, more: Mapping[str, Any], session: Session) -> str:
        now = whole_ms(datetime.now(UTC))
        run: Doc = {"_id": new_id(), "kind": EXPORT, "plan": {"order": order["_id"]}, "by": by, "at": now}
        if not self.store.move(order["_id"], PROPOSED, ORDERED, {"run": run["_id"], **more}, session):
            raise Conflict("A colleague has decided already; reload and look again.")
        self.runs.add(run, session)
        return str(run["_id"])

    def _once(self, work: Callable[[Session], None]) -> None:
        now = whole_ms(datetime.now(UTC))
        self.runs.bury(now - DEAD_AFTER, now)
        try:
            self.mongo.transaction(work)
        except OneIsOpen as error:
            raise Conflict(BUSY) from error

    def _other(self, staff: Staff, order_id: str) -> Doc:
        _must(staff)
        order = self._doc(order_id)
        if order["by"] == staff.id:
            self.audit.add(staff.id, "records:export:denied", f"export:{order_id}", {"why": "own"})
            raise NotAllowed("You proposed it: another officer has to agree.")
        return order

    def _note(self, actor: str, what: str, order: Doc, session: Session | None) -> None:
        scope = order["scope"]
        whose = ExportStore(self.mongo).members(scope["customer"]) if scope["customer"] else []
        shown = [scope["conversation"]] if scope["conversation"] else []
        made: Doc = {"manifest": order["made"]["manifest"]} if order.get("made") else {}
        made |= {"examiner": True} if order.get("examiner") else {}
        self.audit.add(
            actor,
            f"records:export:{what}",
            f"export:{order['_id']}",
            {**scope, **made},
            session,
            shown=shown,
            customers=whose,
        )

    def _doc(self, order_id: str) -> Doc:
        found = self.store.get(order_id)
        if found is None:
            raise NotFound("There is no such pack.")
        return found

    def _order(self, doc: Doc) -> Order:
        found = self.runs.run(doc["run"]) if doc.get("run") else None
        run = run_of(found) if found else None
        state = run.state if run is not None and doc["state"] == ORDERED else doc["state"]
        known = (
            "scope",
            "by",
            "at",
            "decided_by",
            "made",
            "until",
            "examiner",
            "gone_at",
            "certificates",
            "kept",
        )
        values = {name: doc[name] for name in known if name in doc}
        return Order(id=doc["_id"], state=state, run=run, reason=self.store.reason(doc), **values)

    def _zip(self, order_id: str) -> Path:
        return self.folder / f"{order_id}.zip"


def _must(staff: Staff) -> None:
    if staff.role is not Role.COMPLIANCE:
        raise NotAllowed("Packs are made by compliance.")


def orders_of(mongo: Mongo, vault: Vault, audit: AuditStore, queue: JobQueue, settings: Settings) -> Orders:
    packs = Packs(mongo, vault, audit, settings.home / "keys" / "pack.key")
    store, folder, days = PackStore(mongo, vault), settings.home / "exports", settings.records.export_days
    erased = ErasedPacks(mongo, store, audit, folder)
    return Orders(mongo, packs, store, RunStore(mongo), audit, queue, folder, days, erased)
