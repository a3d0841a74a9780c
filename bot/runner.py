"""The slow work itself: a run is taken, done with a sign of life each second, and its result written at once.

The sign is a thread's own, because some steps of the work take longer than the clock's patience; the work looks at
every step whether anybody still wants it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from bot import gaps as missing
from bot.compose import Service
from bot.errors import ServiceError
from bot.export.orders import EXPORT
from bot.gaps import Gaps, Group
from bot.imports import IMPORT
from bot.logs import logger
from bot.mongo import Doc, PyMongoError
from bot.proposals import Plan
from bot.rehearsal import rehearse
from bot.replay import Change, Outcome, Rehearsal
from bot.runs import GAPS, REHEARSAL, RULES, Run, Runs
from bot.store.questions import window
from bot.store.records import new_id
from bot.verifications import VERIFY

BEAT_S = 1.0
GROUPS = 100
"""Groups of a result that are kept one by one; all of them are counted."""
UNEXPECTED = "Something went wrong that nobody foresaw: the log says where."
AWAY = "A server we need did not answer."

Step = Callable[[int, int], None]
Result = tuple[Doc, list[Doc]]
"""(figures, items); an item's `part` is what its page can be narrowed to, its `key` and `questions` are ids."""

log = logger(__name__)


class Stopped(Exception):
    """The run was cancelled or taken away, or this process is about to stop."""


class Pulse:
    """While entered, says once a second that the run is alive and how far it is."""

    def __init__(self, runs: Runs, run: Run, token: str) -> None:
        self._runs, self._run, self._token = runs, run, token
        self._at = (0, 0)
        self._over = threading.Event()
        self._unwanted = False
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def step(self, done: int, total: int) -> None:
        """Raises Stopped."""
        self._at = (done, total)
        if self._unwanted or self._runs.halting.is_set():
            raise Stopped

    def _beat(self) -> None:
        while not self._over.wait(BEAT_S):
            try:
                if not self._runs.beat(self._run, self._token, *self._at):
                    self._unwanted = True
            except PyMongoError as error:
                # The next second may go well; who waits too long is found dead, and then this finds itself unwanted.
                log.warning("beat_failed", error=type(error).__name__)


def perform(service: Service, run_id: str) -> None:
    """Do the run, unless somebody has it or nobody wants it. Raises PyMongoError, and what nobody foresaw."""
    runs, token = service.runs, new_id()
    run = runs.take(run_id, token)
    if run is None:
        return
    try:
        with Pulse(runs, run, token) as pulse:
            figures, items = WORK[run.kind](service, run.plan, pulse.step)
        runs.finish(run, token, figures, items)
    except Stopped:
        # A cancelled one is no longer ours, and stays as it is.
        runs.give_back(run, token)
    except ServiceError as error:
        runs.fail(run, token, str(error))
    except PyMongoError:
        runs.fail(run, token, AWAY)
        raise
    except Exception:
        runs.fail(run, token, UNEXPECTED)
        raise


def plan_of(plan: Mapping[str, Any]) -> Plan:
    """As `asdict` wrote it into the run."""
    lists = {name: tuple(plan.get(name, ())) for name in ("added", "retired")}
    return Plan(**{**plan, **lists})


def _gaps(service: Service, plan: Mapping[str, Any], step: Step) -> Result:
    since, until = window(int(plan["days"]))
    space = missing.space_of(service.kb, service.settings.home / "cache")
    store = service.runs.questions
    found = missing.grouped(store, space, since, until, ZoneInfo(service.settings.timezone), step)
    # This process follows no approvals while nobody asks it to.
    service.knowledge.refresh()
    some = missing.shown(found, store, service.knowledge, service.settings.locale, GROUPS)
    return _figures(found), [_group(one) for one in some.groups]


def _rehearsal(service: Service, plan: Mapping[str, Any], step: Step) -> Result:
    found = rehearse(service, plan_of(plan), step)
    return _outcome_figures(found), [_change(one) for one in found.changes]


def _import(service: Service, plan: Mapping[str, Any], step: Step) -> Result:
    return service.console.imports.perform(plan, service.kb, ZoneInfo(service.settings.timezone), step)


WORK: Mapping[str, Callable[[Service, Mapping[str, Any], Step], Result]] = {
    GAPS: _gaps,
    REHEARSAL: _rehearsal,
    IMPORT: _import,
    EXPORT: lambda service, plan, step: service.console.orders.perform(plan, step),
    VERIFY: lambda service, _plan, step: service.console.verifications.perform(step),
}


def _figures(found: Gaps) -> Doc:
    names = ("since", "until", "questions", "open", "blank", "left_out")
    return {**{name: getattr(found, name) for name in names}, "groups": len(found.groups)}


def _group(one: Group) -> Doc:
    return {
        **asdict(one),
        "key": one.id,
        "questions": list(one.examples),
        "days": [[day.isoformat(), n] for day, n in one.days.items()],
    }


def _outcome_figures(found: Rehearsal) -> Doc:
    names = ("since", "until", "questions", "skipped", "changed", "revision")
    return {
        **{name: getattr(found, name) for name in names},
        **{name: dict(getattr(found, name)) for name in ("counts", "before", "after")},
        # An article's id may hold a dot, which no field's name should.
        "articles": [[one, before, after] for one, (before, after) in found.articles.items()],
        "rules": found.rules[0][0],
        "proposal": [{**asdict(ref), "kind": str(ref.kind)} for ref in found.proposal] + _rules(found),
    }


def _rules(found: Rehearsal) -> list[Doc]:
    """The version of the rules, where another than the one in force was proposed."""
    before, after = found.rules
    return [] if before == after else [{"kind": RULES, "id": RULES, "version": after[0], "sha256": after[1]}]


def _change(one: Change) -> Doc:
    return {
        "part": one.kind,
        "key": one.question,
        "questions": [one.question],
        "channel": one.channel,
        "at": one.at,
        "before": _outcome(one.before),
        "after": _outcome(one.after),
    }


def _outcome(one: Outcome) -> Doc:
    return {"verdict": one.verdict, "what": list(one.what), "version": one.version}
