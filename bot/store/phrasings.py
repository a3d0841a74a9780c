"""Phrasings that wait for an editor (`phrasings`), the pages colleagues write them on (`phrasing_links`), and what of
the record speaks for an article: how often it came up, and which questions it was the right answer to.

A suggestion's text is sealed and goes as soon as it is decided on; what stays is its blind key, so that the same words
are not suggested twice. Customers' words are never kept here: labels name their lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pymongo
from pymongo import UpdateOne

from bot.mongo import Doc, Mongo, Session
from bot.store.records import new_id
from bot.store.restricted import UNRESTRICTED, of_others
from bot.vault import SERVICE, Vault

OPEN, ACCEPTED, DISMISSED = "open", "accepted", "dismissed"
LONG_S = 30.0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`source`: colleague or model; `origin` the link's id, or the model and its prompt."""

    id: str
    article: str
    source: str
    origin: str
    at: datetime
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Link:
    """A shared page. `taken` counts the contributions that came through it. The address is not in here."""

    id: str
    article: str
    description: str
    by: str
    at: datetime
    expires: datetime
    closed: datetime | None = None
    taken: int = 0


class PhrasingStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    # -- suggestions ----------------------------------------------------------------------------------------------

    def add(
        self,
        article: str,
        given: Sequence[tuple[str, str]],
        source: str,
        origin: str,
        at: datetime,
        session: Session | None = None,
    ) -> int:
        """(normalised, text) pairs; those nobody has suggested for this article yet are kept. How many."""
        if not given:
            return 0
        writes = [
            UpdateOne(
                {"article": article, "key": self._vault.blind(f"{article}\n{normal}")},
                {
                    "$setOnInsert": {
                        "_id": new_id(),
                        "text": self._vault.seal(text, SERVICE),
                        "source": source,
                        "origin": origin,
                        "at": at,
                        "state": OPEN,
                    }
                },
                upsert=True,
            )
            for normal, text in given
        ]
        return int(self._mongo["phrasings"].bulk_write(writes, session=session).upserted_count)

    def open(self, article: str, limit: int = 100) -> list[Suggestion]:
        """Those that wait, oldest first."""
        found = self._mongo["phrasings"].find({"article": article, "state": OPEN}).sort("at", 1).limit(limit)
        return [
            Suggestion(d["_id"], article, d["source"], d["origin"], d["at"], self._vault.read(d["text"]))
            for d in found
        ]

    def waiting(self) -> dict[str, int]:
        """How many wait, by article."""
        rows = self._mongo["phrasings"].aggregate(
            [{"$match": {"state": OPEN}}, {"$group": {"_id": "$article", "n": {"$sum": 1}}}]
        )
        return {row["_id"]: row["n"] for row in rows}

    def decide(
        self, article: str, ids: Iterable[str], state: str, by: str, at: datetime, session: Session
    ) -> int:
        """Ends those of `ids` that still wait, and forgets their text; how many that were."""
        wanted = {"_id": {"$in": list(ids)}, "article": article, "state": OPEN}
        done = {"$set": {"state": state, "by": by, "decided_at": at}, "$unset": {"text": ""}}
        return int(self._mongo["phrasings"].update_many(wanted, done, session=session).modified_count)

    # -- links ----------------------------------------------------------------------------------------------------

    def add_link(self, link: Link, session: Session) -> None:
        self._mongo["phrasing_links"].insert_one(
            {
                "_id": link.id,
                "article": link.article,
                "description": link.description,
                "by": link.by,
                "at": link.at,
                "expires": link.expires,
                "closed": None,
                "taken": 0,
            },
            session=session,
        )

    def link(self, link_id: str) -> Link | None:
        found = self._mongo["phrasing_links"].find_one({"_id": link_id})
        return None if found is None else _link(found)

    def links(self, article: str) -> list[Link]:
        """All of an article, the newest first."""
        return [_link(d) for d in self._mongo["phrasing_links"].find({"article": article}).sort("at", -1)]

    def close_link(self, link_id: str, at: datetime, session: Session) -> bool:
        query = {"_id": link_id, "closed": None}
        done = self._mongo["phrasing_links"].update_one(query, {"$set": {"closed": at}}, session=session)
        return bool(done.modified_count)

    def use_link(self, link_id: str, count: int, most: int, at: datetime, session: Session) -> bool:
        """Counts `count` contributions, unless the link has ended or would pass `most`."""
        query = {"_id": link_id, "closed": None, "expires": {"$gt": at}, "taken": {"$lte": most - count}}
        done = self._mongo["phrasing_links"].update_one(query, {"$inc": {"taken": count}}, session=session)
        return bool(done.modified_count)

    # -- the record -----------------------------------------------------------------------------------------------

    def asked(self, since: datetime) -> dict[str, int]:
        """How often each article was answered, offered or chosen since then, off the decisions; no text is read."""
        first_or_offered = {
            "$cond": [
                {"$eq": ["$decision.reason", "ask"]},
                {"$slice": [{"$ifNull": ["$decision.trace.candidates.article", []]}, 3]},
                {"$slice": [{"$ifNull": ["$decision.trace.candidates.article", []]}, 1]},
            ]
        }
        chosen = {"$cond": [{"$ifNull": ["$decision.trace.article", False]}, ["$decision.trace.article"], []]}
        of_choice = {"$eq": ["$decision.handler", "choice"]}
        rows: list[Doc] = [
            {
                "$match": {
                    "author": "customer",
                    "decision.at": {"$gte": since},
                    "decision.handler": {"$in": ["approved_answer", "choice"]},
                    **of_others(self._mongo),
                }
            },
            {"$project": {"article": {"$cond": [of_choice, chosen, first_or_offered]}}},
            {"$unwind": "$article"},
            {"$group": {"_id": "$article", "n": {"$sum": 1}}},
        ]
        with pymongo.timeout(LONG_S):
            return {str(row["_id"]): int(row["n"]) for row in self._mongo["messages"].aggregate(rows)}

    def confirmed(self, article: str, limit: int) -> list[str]:
        """Ids of questions to which this article was the answer: chosen by the customer, or right by a review.

        The latest first. A review outweighs the choice.
        """
        labels = self._mongo["labels"]
        good: Doc = {"$or": [{"source": "choice", "chosen": article}, _right(article)], **UNRESTRICTED}
        rows = labels.find(good, {"question": 1}).sort("asked_at", -1).limit(limit)
        found = list(dict.fromkeys(row["question"] for row in rows))
        against: dict[str, Any] = {"source": "review", "right": False, "article": article}
        query = {"question": {"$in": found}, **against}
        wrong = {row["question"] for row in labels.find(query, {"question": 1})}
        return [one for one in found if one not in wrong]


def _right(article: str) -> Doc:
    return {"source": "review", "article": article, "right": True}


def _link(doc: Doc) -> Link:
    return Link(
        doc["_id"],
        doc["article"],
        doc["description"],
        doc["by"],
        doc["at"],
        doc["expires"],
        doc["closed"],
        doc["taken"],
    )
