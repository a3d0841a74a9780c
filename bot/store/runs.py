"""Long work that people start and look at: one `runs` document each, its result line by line in `run_items`.

Ids, figures and decisions only: what customers wrote stays in `messages`, and is opened when a page shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import DESCENDING
from pymongo.errors import DuplicateKeyError

from bot.mongo import Doc, Mongo, Session

WAITING, RUNNING = "waiting", "running"
DONE, FAILED, CANCELLED, DIED = "done", "failed", "cancelled", "died"
OPEN = (WAITING, RUNNING)
BATCH = 1000
OneIsOpen = DuplicateKeyError
"""Raised by a write that would make a second open run of a kind."""


class RunStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    # -- the run --------------------------------------------------------------------------------------------------

    def add(self, run: Doc, session: Session) -> None:
        """Raises OneIsOpen."""
        self._mongo["runs"].insert_one({**run, "state": WAITING, "open": True}, session=session)

    def take(self, run_id: str, token: str, now: datetime) -> Doc | None:
        """The run, from now on `token`'s; None where somebody has it or nobody wants it any more."""
        taken = {"state": RUNNING, "token": token, "begun_at": now, "beat": now, "done": 0, "total": 0}
        found = self._mongo["runs"].find_one_and_update({"_id": run_id, "state": WAITING}, {"$set": taken})
        return None if found is None else {**found, **taken}

    def beat(self, run_id: str, token: str, done: int, total: int, now: datetime) -> bool:
        """A sign of life; whether the run is still wanted and still `token`'s."""
        sign = {"beat": now, "done": done, "total": total}
        result = self._mongo["runs"].update_one(_own(run_id, token), {"$set": sign})
        return bool(result.matched_count)

    def give_back(self, run_id: str, token: str) -> None:
        """To be done by somebody else."""
        self._mongo["runs"].update_one(_own(run_id, token), {"$set": {"state": WAITING, "token": None}})

    def finish(
        self,
        run_id: str,
        token: str,
        figures: Mapping[str, Any],
        items: Sequence[Doc],
        now: datetime,
        keep_until: datetime | None,
    ) -> bool:
        """All of the result or nothing; False where the run was no longer `token`'s."""
        expires = {} if keep_until is None else {"expires_at": keep_until}
        end = {
            "state": DONE,
            "open": False,
            "ended_at": now,
            "figures": figures,
            "items": len(items),
            **expires,
        }

        def work(session: Session) -> bool:
            result = self._mongo["runs"].update_one(_own(run_id, token), {"$set": end}, session=session)
            if not result.matched_count:
                return False
            rows = [
                {**one, **expires, "_id": f"{run_id}:{n}", "run": run_id, "n": n}
                for n, one in enumerate(items)
            ]
            for start in range(0, len(rows), BATCH):
                self._mongo["run_items"].insert_many(rows[start : start + BATCH], session=session)
            return True

        return self._mongo.transaction(work)

    def end(
        self,
        run_id: str,
        state: str,
        now: datetime,
        *,
        fault: str | None = None,
        token: str | None = None,
        session: Session | None = None,
    ) -> bool:
        """FAILED, CANCELLED or DIED, for one that was open; with `token` only where it is the owner's."""
        query = _own(run_id, token) if token else {"_id": run_id, "open": True}
        change = {"state": state, "open": False, "ended_at": now, "fault": fault}
        result = self._mongo["runs"].update_one(query, {"$set": change}, session=session)
        return bool(result.matched_count)

    def bury(self, before: datetime, now: datetime) -> int:
        """Runs that gave no sign of life since `before` are dead; how many."""
        query = {"state": RUNNING, "open": True, "beat": {"$lt": before}}
        change = {"state": DIED, "open": False, "ended_at": now}
        return self._mongo["runs"].update_many(query, {"$set": change}).modified_count

    # -- reading --------------------------------------------------------------------------------------------------

    def run(self, run_id: str, session: Session | None = None) -> Doc | None:
        return self._mongo["runs"].find_one({"_id": run_id}, session=session)

    def current(self, kind: str) -> Doc | None:
        return self._mongo["runs"].find_one({"kind": kind, "open": True})

    def waiting(self) -> list[str]:
        """Ids, oldest first."""
        return [one["_id"] for one in self._mongo["runs"].find({"state": WAITING}, {"_id": 1}).sort("at", 1)]

    def latest(self, kind: str, limit: int, state: str | None = None) -> list[Doc]:
        query: Doc = {"kind": kind, **({"state": state} if state else {})}
        return list(self._mongo["runs"].find(query).sort("at", DESCENDING).limit(limit))

    def about(self, name: str, value: str) -> Doc | None:
        """The newest finished one in whose figures that value stands among the `proposal`."""
        query = {"state": DONE, f"figures.proposal.{name}": value}
        return self._mongo["runs"].find_one(query, sort=[("at", DESCENDING)])

    def items(self, run_id: str, part: str = "", skip: int = 0, limit: int = 0) -> list[Doc]:
        """In the order of the result; `part` is the `part` they were written with."""
        query: Doc = {"run": run_id, **({"part": part} if part else {})}
        return list(self._mongo["run_items"].find(query).sort("n", 1).skip(skip).limit(limit))

    def item(self, run_id: str, key: str) -> Doc | None:
        return self._mongo["run_items"].find_one({"run": run_id, "key": key})

    # -- what people made of it -----------------------------------------------------------------------------------

    def note(self, run_id: str, key: str, made: Doc) -> None:
        self._mongo["run_items"].update_one({"run": run_id, "key": key}, {"$set": {"made": made}})

    def made_of(self, questions: Sequence[str]) -> Iterator[tuple[list[str], Doc]]:
        """(questions, what was made of them) of every item, of whatever run, that has one of these; oldest first."""
        query = {"made": {"$exists": True}, "questions": {"$in": list(questions)}}
        for one in self._mongo["run_items"].find(query, {"questions": 1, "made": 1}).sort("made.at", 1):
            yield one["questions"], one["made"]


def _own(run_id: str, token: str) -> Doc:
    return {"_id": run_id, "token": token, "state": RUNNING}
