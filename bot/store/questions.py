"""Customers' questions out of the record, with what was decided on them; texts are opened here and written nowhere.

A question is the line on which the bot decided; where several lines were read as one it is all of them together. Pages
by key instead of one long cursor: a week of questions takes longer than any single read may.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.errors import BadPayload
from bot.mongo import Doc, Mongo
from bot.store.conversations import RECENT
from bot.store.restricted import UNRESTRICTED, of_others
from bot.vault import ERASED, Vault

PAGE = 500
LONGEST_WINDOW = 92
TALKS = 100
BEFORE = timedelta(days=1)
"""How far back a conversation is read for what was said before its first question."""
_UNANSWERED: list[Doc] = [
    {"decision.handler": "miss"},
    {"decision.handler": "approved_answer", "decision.reason": "ask"},
]
_FIELDS = {"conversation": 1, "seq": 1, "kind": 1, "content": 1, "event": 1, "decision": 1, "at": 1}


@dataclass(frozen=True, slots=True)
class Question:
    """`id` and `kind` are the line's, `trace` the decision's. `text` is empty where the customer was erased; `history`
    holds the texts before it, oldest first."""

    id: str
    conversation: str
    channel: str
    at: datetime
    kind: str
    handler: str
    decision: str
    reason: str
    trace: dict[str, Any]
    text: str = field(repr=False)
    history: tuple[str, ...] = field(default=(), repr=False)


def window(days: int, now: datetime | None = None) -> tuple[datetime, datetime]:
    """The last `days` days. Raises BadPayload outside 1..92."""
    if not 0 < days <= LONGEST_WINDOW:
        raise BadPayload(f"Days: between 1 and {LONGEST_WINDOW}.")
    until = now or datetime.now(UTC)
    return until - timedelta(days=days), until


class QuestionStore:
    """Reads only. Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def count(self, since: datetime, until: datetime) -> int:
        """Texts the bot decided on, whatever it decided."""
        return self._mongo["messages"].count_documents({**_decided(since, until), **of_others(self._mongo)})

    def count_open(self, since: datetime, until: datetime) -> int:
        """Questions that `unanswered` and `badly_rated` give."""
        missed = {**_decided(since, until), "$or": _UNANSWERED, **of_others(self._mongo)}
        rated = self._mongo["labels"].count_documents(_rated_wrong(since, until))
        return self._mongo["messages"].count_documents(missed) + rated

    def unanswered(self, since: datetime, until: datetime) -> Iterator[Question]:
        """Missed or asked back, in the order they were decided."""
        for page in self._pages({**_decided(since, until), "$or": _UNANSWERED}, _FIELDS):
            yield from self._questions(page)

    def badly_rated(self, since: datetime, until: datetime) -> Iterator[Question]:
        """Answered directly, and compliance said of the reply that it was the wrong article."""
        rated = self._mongo["labels"].find(_rated_wrong(since, until), {"question": 1})
        ids = [one["question"] for one in rated]
        for start in range(0, len(ids), PAGE):
            query = {"_id": {"$in": ids[start : start + PAGE]}, "$nor": _UNANSWERED}
            found = self._mongo["messages"].find(query, _FIELDS).sort([("decision.at", 1), ("_id", 1)])
            yield from self._questions(list(found))

    def some(self, ids: Sequence[str]) -> list[Question]:
        """Those questions, in the order of `ids`; one that is gone or restricted is left out."""
        query = {"_id": {"$in": list(ids)}, "author": "customer", "decision": {"$ne": None}}
        found = {one.id: one for one in self._questions(list(self._mongo["messages"].find(query, _FIELDS)))}
        return [found[one] for one in ids if one in found]

    def talks(self, since: datetime, until: datetime) -> Iterator[list[Question]]:
        """The questions of one conversation after the other, choices and silences among them, each in order."""
        lines = self._pages(_decided(since, until), {"conversation": 1, "decision.at": 1})
        # An ordered set of ids: a conversation of several days is one talk.
        ids = list(dict.fromkeys(line["conversation"] for page in lines for line in page))
        for start in range(0, len(ids), TALKS):
            chunk = ids[start : start + TALKS]
            talks = self._talks(chunk, since, until)
            yield from (talks[one] for one in chunk if one in talks)

    def _talks(self, ids: Sequence[str], since: datetime, until: datetime) -> dict[str, list[Question]]:
        query = {"conversation": {"$in": list(ids)}, "author": "customer", "at": {"$gte": since - BEFORE}}
        lines = list(self._mongo["messages"].find(query, _FIELDS).sort([("conversation", 1), ("seq", 1)]))
        channels = self._channels(ids)
        talks: dict[str, list[Question]] = defaultdict(list)
        of_event = {(one["conversation"], one["event"]): one for one in lines if one["event"]}
        before: dict[str, tuple[str, ...]] = {}
        for line in lines:
            talk, decision = line["conversation"], line["decision"]
            if decision is not None and since <= decision["at"] < until:
                parts = [of_event.get((talk, event)) for event in decision["events"]]
                text = self._joined([one for one in parts if one is not None] or [line])
                # What was read with it is no earlier text.
                history = before.get(talk, ())[: -(len(parts) - 1) or None]
                talks[talk].append(_question(line, channels.get(talk) or "", text, history))
            if line["kind"] == "text":
                text = self._vault.read(line["content"])
                before[talk] = (*before.get(talk, ()), text)[-RECENT:]
        return talks

    def _pages(self, query: Doc, fields: Doc) -> Iterator[list[Doc]]:
        """Lines by (decision.at, _id); a page is one query."""
        after: Doc = {}
        query = {**query, **of_others(self._mongo)}
        while True:
            found = self._mongo["messages"].find({"$and": [query, after]} if after else query, fields)
            page = list(found.sort([("decision.at", 1), ("_id", 1)]).limit(PAGE))
            if page:
                yield page
            if len(page) < PAGE:
                return
            last = page[-1]["decision"]["at"]
            after = {
                "decision.at": {"$gte": last},
                "$or": [{"decision.at": {"$gt": last}}, {"_id": {"$gt": page[-1]["_id"]}}],
            }

    def _questions(self, lines: Sequence[Doc]) -> list[Question]:
        channels = self._channels({line["conversation"] for line in lines})
        return [
            _question(line, channel, self._text(line))
            for line in lines
            if (channel := channels.get(line["conversation"], "")) is not None
        ]

    def _text(self, line: Doc) -> str:
        events = line["decision"]["events"]
        if len(events) < 2:
            return self._joined([line])
        query = {"conversation": line["conversation"], "event": {"$in": events}}
        return self._joined(list(self._mongo["messages"].find(query, {"content": 1}).sort("seq", 1)))

    def _joined(self, lines: Iterable[Doc]) -> str:
        texts = [self._vault.read(line["content"]) for line in lines]
        return "" if ERASED in texts else "\n".join(texts)

    def _channels(self, ids: Iterable[str]) -> dict[str, str | None]:
        """By conversation; None for one that is restricted."""
        found = self._mongo["conversations"].find(
            {"_id": {"$in": list(ids)}}, {"channel": 1, "restricted": 1}
        )
        return {one["_id"]: None if one.get("restricted") else one["channel"] for one in found}


def _decided(since: datetime, until: datetime) -> Doc:
    return {"author": "customer", "kind": "text", "decision.at": {"$gte": since, "$lt": until}}


def _rated_wrong(since: datetime, until: datetime) -> Doc:
    return {"source": "review", "right": False, "asked_at": {"$gte": since, "$lt": until}, **UNRESTRICTED}


def _question(line: Doc, channel: str, text: str, history: tuple[str, ...] = ()) -> Question:
    decision = line["decision"]
    return Question(
        line["_id"],
        line["conversation"],
        channel,
        decision["at"],
        line["kind"],
        decision["handler"],
        decision["decision"],
        decision["reason"],
        decision.get("trace") or {},
        text,
        history,
    )
