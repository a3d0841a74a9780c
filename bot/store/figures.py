"""Figures added up beforehand: `figures` (a cell a day, account and skill) and `figures_days` (which days are to be
computed again). Also how the record is read for them, without a word of what was said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, UpdateOne

from bot.model import Status
from bot.mongo import Doc, Mongo, Session
from bot.store.records import new_id
from bot.store.restricted import UNRESTRICTED

STATE = "figures"
CORRECTED_WITHIN = timedelta(hours=24)
CHUNK = 500
_CONVERSATION = {
    "customer": 1, "account": 1, "skill": 1, "status": 1, "reason": 1, "opened_at": 1, "handed_at": 1,
    "assigned_at": 1, "resolved_at": 1, "resolved_by": 1,
}  # fmt: skip
_LINE = {
    "_id": 0, "conversation": 1, "seq": 1, "author": 1, "kind": 1, "at": 1,
    "decision.decision": 1, "decision.reason": 1, "decision.at": 1,
}  # fmt: skip
_LATE = timedelta(hours=1)
"""A hand-off without a line (a reply that could not be delivered) comes at most so long after its last line."""


class FigureStore:
    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    # -- the record ----------------------------------------------------------------------------------------------------

    def conversations(self, begin: datetime, end: datetime) -> list[Doc]:
        """Those with a line, a hand-off or a closing from `begin` until before `end`."""
        spoken = self._mongo["messages"].aggregate(
            [
                {"$match": {"at": {"$gte": begin - _LATE, "$lt": end}}},
                {"$group": {"_id": "$conversation"}},
            ],
            hint="days",
        )
        ids = {doc["_id"] for doc in spoken}
        closed = self._mongo["conversations"].find({"resolved_at": {"$gte": begin, "$lt": end}}, {"_id": 1})
        ids.update(doc["_id"] for doc in closed)
        return [doc for some in _chunks(sorted(ids)) for doc in self._read(some)]

    def _read(self, ids: Sequence[str]) -> Iterable[Doc]:
        return self._mongo["conversations"].find({"_id": {"$in": list(ids)}, **UNRESTRICTED}, _CONVERSATION)

    def lines(self, ids: Sequence[str]) -> dict[str, list[Doc]]:
        """The lines of each conversation, in order."""
        found: dict[str, list[Doc]] = {one: [] for one in ids}
        for some in _chunks(ids):
            query = {"conversation": {"$in": list(some)}}
            for line in self._mongo["messages"].find(query, _LINE):
                found[line["conversation"]].append(line)
        for lines in found.values():
            lines.sort(key=lambda line: int(line["seq"]))
        return found

    def opened(
        self, customers: Iterable[str], begin: datetime, end: datetime
    ) -> dict[str, list[tuple[str, datetime]]]:
        """(conversation, opened at) of these customers, opened after `begin` and until `end`."""
        found: dict[str, list[tuple[str, datetime]]] = {}
        for some in _chunks(sorted(set(customers))):
            query = {
                "customer": {"$in": list(some)},
                "last_at": {"$gt": begin},
                "opened_at": {"$gt": begin, "$lte": end},
                **UNRESTRICTED,
            }
            for doc in self._mongo["conversations"].find(query, {"customer": 1, "opened_at": 1}):
                found.setdefault(doc["customer"], []).append((doc["_id"], doc["opened_at"]))
        return found

    def ratings(self, begin: datetime, end: datetime) -> list[tuple[str, str, int | None]]:
        """(account, skill, score or None): of those asked in these hours."""
        found = self._mongo["ratings"].find({"at": {"$gte": begin, "$lt": end}, **UNRESTRICTED})
        return [(doc["account"], doc.get("skill") or "", doc.get("score")) for doc in found]

    def reviews(self, begin: datetime, end: datetime) -> list[tuple[str, str, bool]]:
        """(account, skill, right) of the replies of these hours that compliance or the weekly audit read."""
        asked = {
            "direct": {"$in": [True, False]},
            "asked_at": {"$gte": begin, "$lt": end},
            "source": "review",
        }
        labels = list(self._mongo["labels"].find(asked, {"conversation": 1, "right": 1}))
        known = {doc["_id"]: doc for doc in self._read([label["conversation"] for label in labels])}
        read = [
            (doc["account"], doc.get("skill") or "", bool(label["right"]))
            for label in labels
            if (doc := known.get(label["conversation"])) is not None
        ]
        audited = {"said_at": {"$gte": begin, "$lt": end}, "state": "settled"}
        # The same reply may be in two samples; the verdict that came last is the one that stands.
        items = {
            item["message"]: item for item in self._mongo["audit_items"].find(audited).sort("settled_at", 1)
        }
        return read + [
            (item["account"], item["skill"], item["verdict"] == "right") for item in items.values()
        ]

    def model_calls(self, begin: datetime, end: datetime) -> tuple[int, int]:
        """(calls, millionths of NT$)."""
        summed = self._mongo["model_calls"].aggregate(
            [
                {"$match": {"at": {"$gte": begin, "$lt": end}}},
                {"$group": {"_id": None, "calls": {"$sum": 1}, "cost": {"$sum": "$cost"}}},
            ]
        )
        return next(((int(doc["calls"]), int(doc["cost"])) for doc in summed), (0, 0))

    # -- what has changed ----------------------------------------------------------------------------------------------

    def first(self) -> datetime | None:
        """When the first line was said; None where nothing was."""
        doc = self._mongo["messages"].find_one({}, {"at": 1}, sort=[("at", ASCENDING)])
        return doc["at"] if doc else None

    def changed(self, since: datetime) -> list[Doc]:
        """Conversations that anything happened to."""
        late: list[Doc] = [
            {"status": {"$in": [one.value for one in Status]}, "last_at": {"$gte": since}},
            {"resolved_at": {"$gte": since}},
            {"status": Status.WAITING.value, "waiting_since": {"$gte": since}},
        ]
        return list(self._mongo["conversations"].find({"$or": late}, _CONVERSATION))

    def reopened(self, ids: Sequence[str], since: datetime) -> set[str]:
        """Of these conversations, those that a person opened again: what was closed on some day is not any more."""
        found: set[str] = set()
        for some in _chunks(ids):
            query = {"subject": {"$in": list(some)}, "at": {"$gte": since}, "detail.from": "resolved"}
            found.update(doc["subject"] for doc in self._mongo["audit"].find(query, {"subject": 1}))
        return found

    def closed_before(self, customers: Iterable[str], begin: datetime, end: datetime) -> list[datetime]:
        """When these customers' conversations were closed, between those moments."""
        query = {
            "customer": {"$in": sorted(set(customers))},
            "resolved_at": {"$gte": begin, "$lte": end},
        }
        hint = [("customer", 1), ("last_at", -1)]
        return [
            doc["resolved_at"]
            for doc in self._mongo["conversations"].find(query, {"resolved_at": 1}).hint(hint)
        ]

    def rated_and_reviewed(self, since: datetime) -> list[datetime]:
        """The moments whose days have another rating or review since."""
        asked = self._mongo["ratings"].find({"at": {"$gte": since}}, {"at": 1})
        # A rating may be corrected for a day; `rated_at` is that of the first.
        first = {"rated_at": {"$gte": since - CORRECTED_WITHIN}}
        rated = [
            doc
            for doc in self._mongo["ratings"].find(first, {"at": 1, "changes.at": 1})
            if any(change["at"] >= since for change in doc.get("changes", ()))
        ]
        reviewed = self._mongo["labels"].find({"source": "review", "at": {"$gte": since}}, {"asked_at": 1})
        audited = self._mongo["audit_items"].find({"settled_at": {"$gte": since}}, {"said_at": 1})
        moments = [doc["at"] for doc in (*asked, *rated)] + [doc["asked_at"] for doc in reviewed]
        return moments + [doc["said_at"] for doc in audited]

    # -- days to compute -----------------------------------------------------------------------------------------------

    def mark(self, days: Iterable[str], due: datetime) -> None:
        """To be computed, no later than `due`; a computation that is under way will not count."""
        updates = [
            UpdateOne({"_id": day}, {"$min": {"due": due}, "$set": {"token": new_id()}}, upsert=True)
            for day in sorted(days)
        ]
        if updates:
            self._mongo["figures_days"].bulk_write(updates, ordered=False)

    def due(self, now: datetime) -> tuple[str, str] | None:
        """(day, token) of the newest day that is to be computed."""
        query = {"due": {"$lte": now}}
        doc = self._mongo["figures_days"].find_one(query, sort=[("_id", -1)])
        return (doc["_id"], doc["token"]) if doc else None

    def token(self, day: str) -> str:
        """Of the last mark."""
        doc = self._mongo["figures_days"].find_one({"_id": day}, {"token": 1})
        return str(doc["token"]) if doc else ""

    def waiting(self, now: datetime) -> int:
        return self._mongo["figures_days"].count_documents({"due": {"$lte": now}})

    def put(
        self,
        day: str,
        token: str,
        as_of: datetime,
        cells: Mapping[tuple[str, str], Doc],
        again: datetime | None,
    ) -> bool:
        """Replace the cells of `day` by those computed from what stood there at `as_of`.

        False, and nothing changed, where somebody computed it from something newer meanwhile. `again`: when it will
        have to be computed once more, as some of it depends on time passing.
        """
        docs = [
            {"day": day, "account": account, "skill": skill, **doc} for (account, skill), doc in cells.items()
        ]

        def work(session: Session) -> bool:
            days = self._mongo["figures_days"]
            older = {"_id": day, "$or": [{"as_of": {"$exists": False}}, {"as_of": {"$lt": as_of}}]}
            if not days.update_one(older, {"$set": {"as_of": as_of}}, session=session).matched_count:
                return False
            done = {"$unset": {"due": ""}} if again is None else {"$set": {"due": again}}
            days.update_one({"_id": day, "token": token}, done, session=session)
            self._mongo["figures"].delete_many({"day": day}, session=session)
            if docs:
                self._mongo["figures"].insert_many(docs, session=session)
            return True

        return self._mongo.transaction(work)

    # -- reading -------------------------------------------------------------------------------------------------------

    def cells(self, account: str, skill: str, first: str, last: str) -> list[Doc]:
        """Of the days from `first` to `last`, ISO dates, in order."""
        query = {"account": account, "skill": skill, "day": {"$gte": first, "$lte": last}}
        return list(self._mongo["figures"].find(query, {"_id": 0}).sort("day", ASCENDING))

    def skills(self) -> list[str]:
        """All that figures exist for."""
        return sorted(self._mongo["figures"].distinct("skill", {"account": "*"}))

    def state(self) -> Doc:
        """`upto` what was looked at, `at` when, `open` conversations by status then; empty before the first time."""
        return self._mongo["state"].find_one({"_id": STATE}) or {}

    def looked(self, upto: datetime, seen: Mapping[str, Any]) -> None:
        self._mongo["state"].update_one(
            {"_id": STATE}, {"$max": {"upto": upto}, "$set": dict(seen)}, upsert=True
        )

    def open_now(self) -> dict[str, int]:
        """Conversations by status, those that are not resolved."""
        counted = {}
        for status in (Status.BOT, Status.WAITING, Status.ASSIGNED):
            counted[status.value] = self._mongo["conversations"].count_documents({"status": status.value})
        return counted


def _chunks(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
