"""Imports from the console: the file is stored, a worker reads it, and a report of each row is kept.

A batch of drafts and the count of rows taken are written in one transaction: an import that died, was cancelled or was
given back goes on where it stood, by whoever takes it up, and writes no draft twice.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.errors import BadPayload, Conflict, NotFound
from bot.model import Staff
from bot.mongo import Doc, Mongo, Session
from bot.queue import JobQueue
from bot.runs import DEAD_AFTER, Run, run_of
from bot.store import runs as states
from bot.store.audit import AuditStore
from bot.store.records import new_id, whole_ms
from bot.store.runs import OneIsOpen, RunStore
from bot.store.uploads import UploadStore
from bot.vault import Vault
from kb import desk, sources
from kb.sources import BadRow, Row
from kb.store import Store

IMPORT = "import"
ACTION = "knowledge:articles:import"
KEPT = timedelta(days=7)
"""How long a file waits for somebody to go on with it."""
LINES = 10_000
"""Lines of a report that are kept; all of them are counted."""
SPENT = timedelta(minutes=10)
"""How long it stays once all of it is in: its worker may die between the last draft and the report."""

Step = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Line:
    """A row that stayed out. `file` is empty where the import was one table; `number` is its row, else a line."""

    file: str
    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Imports:
    """What console and worker share. Methods raise PyMongoError when the store is away."""

    mongo: Mongo
    runs: RunStore
    uploads: UploadStore
    audit: AuditStore
    queue: JobQueue

    # -- people ---------------------------------------------------------------------------------------------------

    def start(self, staff: Staff, suffix: str, data: bytes) -> Run:
        """`suffix` is one of `kb.sources.SOURCES`. Raises BadPayload; Conflict while another import is open."""
        if suffix not in sources.SOURCES or not data:
            raise BadPayload("Choose a file first.")
        self._free()
        now = _now()
        upload = {"_id": new_id(), "suffix": suffix, "by": staff.id, "at": now}
        self.uploads.add(upload, data, now + KEPT)
        return self._begin(staff, {"upload": upload["_id"], "suffix": suffix})

    def again(self, staff: Staff, run_id: str) -> Run:
        """Goes on with an import that came to no end. Raises NotFound where its file is gone, Conflict."""
        run = self.run(run_id)
        if run.open or run.state == states.DONE:
            raise Conflict("This import needs no second start.")
        self._upload(run.plan["upload"])
        return self._begin(staff, run.plan)

    def cancel(self, staff: Staff, run_id: str) -> None:
        """At once for whoever looks; drafts that are written stay. Raises NotFound, Conflict."""
        self.run(run_id)

        def work(session: Session) -> bool:
            ended = self.runs.end(run_id, states.CANCELLED, _now(), session=session)
            if ended:
                self.audit.add(staff.id, "knowledge:import:cancel", f"run:{run_id}", {}, session)
            return ended

        if not self.mongo.transaction(work):
            raise Conflict("It has come to its end already.")

    def run(self, run_id: str) -> Run:
        """Raises NotFound."""
        doc = self.runs.run(run_id)
        if doc is None or doc["kind"] != IMPORT:
            raise NotFound("There is no such import.")
        return run_of(doc)

    def latest(self, limit: int = 20) -> list[Run]:
        """Newest first, whatever became of them."""
        return [run_of(doc) for doc in self.runs.latest(IMPORT, limit)]

    def written(self, run: Run) -> int:
        """Drafts of its file that are written, in this run or one before it."""
        upload = self.uploads.upload(run.plan["upload"])
        return int(run.figures.get("added", 0) if upload is None else upload["taken"])

    def can_go_on(self, run: Run) -> bool:
        ended = not run.open and run.state != states.DONE
        return ended and self.uploads.upload(run.plan["upload"]) is not None

    def bad(self, run: Run, skip: int = 0, limit: int = 0) -> list[Line]:
        """Rows that stayed out, in the order of the file."""
        items = self.runs.items(run.id, skip=skip, limit=limit)
        return [Line(item["file"], item["number"], item["reason"]) for item in items]

    def _begin(self, staff: Staff, plan: Any) -> Run:
        run: Doc = {"_id": new_id(), "kind": IMPORT, "plan": dict(plan), "by": staff.id, "at": _now()}

        def work(session: Session) -> None:
            self.runs.add(run, session)
            self.audit.add(staff.id, "knowledge:import:start", f"run:{run['_id']}", dict(plan), session)

        try:
            self.mongo.transaction(work)
        except OneIsOpen as error:
            raise Conflict(_BUSY) from error
        self.queue.begin_run(run["_id"])
        return run_of({**run, "state": states.WAITING})

    def _free(self) -> None:
        """Before megabytes are stored for nothing. Raises Conflict."""
        now = _now()
        self.runs.bury(now - DEAD_AFTER, now)
        if self.runs.current(IMPORT) is not None:
            raise Conflict(_BUSY)

    def _upload(self, upload_id: str) -> Doc:
        upload = self.uploads.upload(upload_id)
        if upload is None:
            raise NotFound("The file of this import is gone: bring it again.")
        return upload

    # -- worker ---------------------------------------------------------------------------------------------------

    def perform(self, plan: Any, kb: Store, zone: ZoneInfo, step: Step) -> tuple[Doc, list[Doc]]:
        """Figures {rows, added, bad} and a line of the report for each bad row.

        Raises BadPayload for a file that cannot be read, NotFound, Conflict, whatever `step` raises.
        """
        upload = self._upload(plan["upload"])
        rows = self._rows(upload, zone)
        drafts = [row.draft for row in rows if isinstance(row, Row)]

        def kept(before: int, after: int, session: Session) -> None:
            if not self.uploads.move(upload["_id"], before, after, session):
                raise Conflict("Somebody else goes on with this import.")

        step(upload["taken"], len(drafts))
        # Who brought the file wrote what is in it, whoever started it again.
        author = upload["by"]
        for done in desk.write_drafts(kb, drafts, author, self.audit.add_all, upload["taken"], kept):
            step(done, len(drafts))
        bad = [row for row in rows if isinstance(row, BadRow)]
        figures = {"rows": len(rows), "added": len(drafts), "bad": len(bad)}
        self.audit.add(author, ACTION, "knowledge:articles", figures)
        self.uploads.keep_until(upload["_id"], _now() + SPENT)
        return figures, [{"file": r.file, "number": r.number, "reason": r.reason} for r in bad[:LINES]]

    def _rows(self, upload: Doc, zone: ZoneInfo) -> Sequence[Row | BadRow]:
        with tempfile.TemporaryDirectory(prefix="teller-import-") as folder:
            path = Path(folder) / f"upload{upload['suffix']}"
            path.write_bytes(self.uploads.data(upload["_id"]))
            return list(sources.read(path, zone))


def imports_of(mongo: Mongo, vault: Vault, audit: AuditStore, queue: JobQueue) -> Imports:
    return Imports(mongo, RunStore(mongo), UploadStore(mongo, vault), audit, queue)


_BUSY = "Another import is under way: wait for it, or cancel it."


def _now() -> datetime:
    return whole_ms(datetime.now(UTC))
