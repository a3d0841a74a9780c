"""Slow work that people start from a page: gaps and rehearsals. Started, seen at work, cancelled, found dead, read.

One of a kind at a time. The job's argument is the run's id; plan, progress and result are in MongoDB, so that Redis may
lose the job and any process may take it. The work itself is done in `bot/runner.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.errors import Conflict, NotAllowed, NotFound
from bot.model import Role, Staff
from bot.mongo import Doc, Mongo, Session
from bot.queue import JobQueue
from bot.store import runs as states
from bot.store.audit import AuditStore
from bot.store.questions import QuestionStore
from bot.store.records import new_id, whole_ms
from bot.store.runs import OneIsOpen, RunStore
from bot.wordings import Wish, Wording, draft_of, shown
from kb.articles import Content
from kb.review import Audit
from kb.store import Store

GAPS, REHEARSAL = "gaps", "rehearsal"
KINDS = (GAPS, REHEARSAL)
RULES = "rules"
"""Stands for the kind of a proposal that is no content."""
READS = (Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR)
STARTS = (Role.SUPERVISOR, Role.COMPLIANCE)
"""Who may read others' conversations; of them who may change something."""
DEAD_AFTER = timedelta(seconds=30)
"""A run at work gives a sign of life each second."""
GAPS_KEPT = timedelta(days=92)
"""A result of gaps is a tool and goes when its questions are old; a rehearsal is what an approval rested on."""


@dataclass(frozen=True, slots=True)
class Run:
    """`state`: waiting, running, done, failed, cancelled, died. `figures` is the result but for its `items` lines;
    `total` is 0 while nobody knows it, `fault` one sentence where the state is failed."""

    id: str
    kind: str
    plan: Mapping[str, Any]
    by: str
    at: datetime
    state: str
    done: int = 0
    total: int = 0
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    fault: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    items: int = 0

    @property
    def open(self) -> bool:
        return self.state in states.OPEN


@dataclass(frozen=True, slots=True)
class Runs:
    """What console, worker and clock share. Methods raise PyMongoError when the store is away."""

    mongo: Mongo
    store: RunStore
    questions: QuestionStore
    audit: AuditStore
    queue: JobQueue
    halting: threading.Event = field(default_factory=threading.Event, repr=False)
    """Set when this process is about to stop: a run in hand is given back."""

    # -- people ---------------------------------------------------------------------------------------------------

    def start(self, staff: Staff, kind: str, plan: Mapping[str, Any]) -> Run:
        """`plan` holds no customer's data. Raises NotAllowed; Conflict while one of this kind is open."""
        _must(staff, STARTS)
        now = _now()
        self.store.bury(now - DEAD_AFTER, now)
        run: Doc = {"_id": new_id(), "kind": kind, "plan": dict(plan), "by": staff.id, "at": now}

        def work(session: Session) -> None:
            self.store.add(run, session)
            self.audit.add(staff.id, f"knowledge:{kind}:start", f"run:{run['_id']}", dict(plan), session)

        try:
            self.mongo.transaction(work)
        except OneIsOpen as error:
            raise Conflict("One is at work already: wait for it, or cancel it.") from error
        self.queue.begin_run(run["_id"])
        return run_of({**run, "state": states.WAITING})

    def cancel(self, staff: Staff, kind: str, run_id: str) -> None:
        """At once for whoever looks; the worker notices within a few seconds. Raises NotAllowed, NotFound, Conflict."""
        _must(staff, STARTS)
        self.run(kind, run_id)

        def work(session: Session) -> bool:
            ended = self.store.end(run_id, states.CANCELLED, _now(), session=session)
            if ended:
                self.audit.add(staff.id, f"knowledge:{kind}:cancel", f"run:{run_id}", {}, session)
            return ended

        if not self.mongo.transaction(work):
            raise Conflict("It has come to its end already.")

    def run(self, kind: str, run_id: str) -> Run:
        """Raises NotFound."""
        doc = self.store.run(run_id)
        if doc is None or doc["kind"] != kind:
            raise NotFound("There is no such run.")
        return run_of(doc)

    def newest(self, kind: str) -> Run | None:
        """The last one that was started, whatever became of it."""
        found = self.store.latest(kind, 1)
        return run_of(found[0]) if found else None

    def results(self, kind: str, limit: int = 10) -> list[Run]:
        """Those that came to a result, latest first."""
        return [run_of(doc) for doc in self.store.latest(kind, limit, states.DONE)]

    def rehearsed(self, sha256: str) -> Run | None:
        """The latest rehearsal in which this very version, or these very rules, were proposed."""
        doc = self.store.about("sha256", sha256)
        return run_of(doc) if doc else None

    def items(self, run: Run, part: str = "", skip: int = 0, limit: int = 0) -> list[Doc]:
        return self.store.items(run.id, part, skip, limit)

    def item(self, run: Run, key: str) -> Doc:
        """Raises NotFound."""
        found = self.store.item(run.id, key)
        if found is None:
            raise NotFound("There is no such run.")
        return found

    def texts(self, staff: Staff, run: Run, ids: Sequence[str]) -> dict[str, Wording]:
        """What these customers asked, masked, by id; an erased customer's question is left out.

        Stands in the audit log before anything is opened. Raises NotAllowed.
        """
        _must(staff, READS)
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return {}
        asked = {"questions": wanted}
        self.audit.add(staff.id, f"knowledge:{run.kind}:read", f"run:{run.id}", asked, shown=wanted)
        return shown(self.questions, wanted)

    def draft(self, staff: Staff, run: Run, key: str, wish: Wish, kb: Store, audit: Audit) -> Content:
        """As `wordings.draft_of`, out of a line of the result, where it is noted. Raises NotFound, too."""
        offered = self.item(run, key)["questions"]
        made = draft_of(wish, offered, staff, self.questions, kb, audit)
        self.store.note(run.id, key, {"article": made.id, "by": staff.id, "at": _now()})
        return made

    def made_of(self, questions: Sequence[str]) -> dict[str, str]:
        """The article last written for a question's group, by question; in whatever run it was."""
        made = {one: doc["article"] for ids, doc in self.store.made_of(questions) for one in ids}
        return {one: made[one] for one in questions if one in made}

    # -- worker and clock -----------------------------------------------------------------------------------------

    def tick(self) -> None:
        """The clock's: the silent are dead, and who waits is woken again whatever Redis remembers."""
        now = _now()
        self.store.bury(now - DEAD_AFTER, now)
        for run_id in self.store.waiting():
            self.queue.begin_run(run_id)

    def take(self, run_id: str, token: str) -> Run | None:
        """The run to do now; None where somebody else does it or nobody wants it."""
        doc = self.store.take(run_id, token, _now())
        return None if doc is None else run_of(doc)

    def beat(self, run: Run, token: str, done: int, total: int) -> bool:
        """Whether it is still wanted and still ours."""
        return self.store.beat(run.id, token, done, total, _now())

    def finish(self, run: Run, token: str, figures: Mapping[str, Any], items: Sequence[Doc]) -> bool:
        now = _now()
        keep_until = now + GAPS_KEPT if run.kind == GAPS else None
        return self.store.finish(run.id, token, figures, items, now, keep_until)

    def fail(self, run: Run, token: str, fault: str) -> None:
        self.store.end(run.id, states.FAILED, _now(), fault=fault, token=token)

    def give_back(self, run: Run, token: str) -> None:
        self.store.give_back(run.id, token)


def _must(staff: Staff, roles: tuple[Role, ...]) -> None:
    if staff.role not in roles:
        raise NotAllowed("Your role may not read what other people's customers asked.")


def run_of(doc: Doc) -> Run:
    """A document of `runs` as a value."""
    known = ("done", "total", "begun_at", "ended_at", "fault", "figures", "items")
    return Run(
        id=doc["_id"],
        **{name: doc[name] for name in ("kind", "plan", "by", "at", "state")},
        **{name: doc[name] for name in known if name in doc},
    )


def _now() -> datetime:
    return whole_ms(datetime.now(UTC))
