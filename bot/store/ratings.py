"""What customers say of the service: one document a conversation that was asked about, `_id` is the conversation's.

{thread, customer, account, channel, skill, assignee, at: when it was asked, score: 1 to 5 or None, rated_at: the first
rating, changes: [{score, at}] every rating there was, comment and masked: sealed, commented_at}. Comments are kept
under the customer's key and are erased with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo import DESCENDING

from bot.masking import mask
from bot.masking.destroy import destroy
from bot.model import Conversation
from bot.mongo import Doc, Mongo, Session
from bot.store.documents import conversation_of
from bot.store.restricted import UNRESTRICTED
from bot.vault import Vault, customer_key

LOW = {"zh-TW": "低評分", "en": "low rating"}
"""The tag, in the firm's language, of a conversation whose rating a supervisor should look into."""


@dataclass(frozen=True, slots=True)
class Rating:
    """`score` 1 (very dissatisfied) to 5, None where nobody answered; `comment` masked, read only where asked for."""

    conversation_id: str
    customer_id: str
    asked_at: datetime
    score: int | None = None
    rated_at: datetime | None = None
    commented_at: datetime | None = None
    comment: str | None = field(default=None, repr=False)


class RatingStore:
    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def asked(self, conversation_id: str) -> bool:
        return self._mongo["ratings"].find_one({"_id": conversation_id}, {"_id": 1}) is not None

    def add(self, session: Session, conversation: Conversation, at: datetime) -> None:
        """It is being asked. Raises DuplicateKeyError where it was before: nobody is asked twice."""
        self._mongo["ratings"].insert_one(
            {
                "_id": conversation.id,
                "thread": conversation.thread,
                "customer": conversation.customer_id,
                "account": conversation.account_id,
                "channel": conversation.channel.value,
                "skill": conversation.skill,
                "assignee": conversation.assignee,
                "at": at,
                "score": None,
                "rated_at": None,
                "changes": [],
                "comment": None,
                "masked": None,
                "commented_at": None,
            },
            session=session,
        )

    def get(self, conversation_id: str, thread: str) -> Rating | None:
        """The rating of a conversation of this very thread: a button's value proves nothing."""
        query = {"_id": conversation_id, "thread": thread, **UNRESTRICTED}
        doc = self._mongo["ratings"].find_one(query, {"masked": 0})
        return self._rating(doc) if doc else None

    def latest(self, thread: str) -> Rating | None:
        """Of the conversation that was asked about last."""
        query = {"thread": thread, **UNRESTRICTED}
        doc = self._mongo["ratings"].find_one(query, {"masked": 0}, sort=[("at", DESCENDING)])
        return self._rating(doc) if doc else None

    def of(self, conversation_ids: Sequence[str]) -> dict[str, Rating]:
        """By conversation, with the masked comment: for people."""
        found = self._mongo["ratings"].find({"_id": {"$in": list(conversation_ids)}})
        return {doc["_id"]: self._rating(doc) for doc in found}

    def rate(self, session: Session, rating: Rating, score: int, at: datetime) -> None:
        """The first rating, or a later one that corrects it; every one is kept."""
        self._mongo["ratings"].update_one(
            {"_id": rating.conversation_id},
            {
                "$set": {"score": score, "rated_at": rating.rated_at or at},
                "$push": {"changes": {"score": score, "at": at}},
            },
            session=session,
        )

    def comment(self, session: Session, rating: Rating, text: str, at: datetime) -> None:
        key, text = customer_key(rating.customer_id), destroy(text)
        sealed = {"comment": self._vault.seal(text, key), "masked": self._vault.seal(mask(text).masked, key)}
        self._mongo["ratings"].update_one(
            {"_id": rating.conversation_id}, {"$set": {**sealed, "commented_at": at}}, session=session
        )

    def mark_low(self, session: Session, conversation_id: str, low: bool, locale: str) -> None:
        """Put the tag on, or take it off; it counts among the tags in use as any other."""
        tag = LOW[locale]
        update: dict[str, Any] = {"$push" if low else "$pull": {"tags": tag}}
        query = {"_id": conversation_id, "tags": {"$ne": tag} if low else tag}
        if self._mongo["conversations"].update_one(query, update, session=session).modified_count:
            uses = {"$inc": {"uses": 1 if low else -1}}
            self._mongo["tags"].update_one({"_id": tag}, uses, upsert=True, session=session)

    # -- what the asking has to know -----------------------------------------------------------------------------------

    def conversation(self, conversation_id: str) -> Conversation | None:
        doc = self._mongo["conversations"].find_one({"_id": conversation_id})
        return conversation_of(doc) if doc else None

    def language(self, thread: str) -> str | None:
        """The language the customer last wrote in, else that of the profile."""
        doc = self._mongo["threads"].find_one({"_id": thread}, {"locale": 1, "language": 1}) or {}
        return doc.get("locale") or doc.get("language")

    def _rating(self, doc: Doc) -> Rating:
        return Rating(
            conversation_id=doc["_id"],
            customer_id=doc["customer"],
            asked_at=doc["at"],
            score=doc["score"],
            rated_at=doc["rated_at"],
            commented_at=doc["commented_at"],
            comment=self._vault.read(doc["masked"]) if doc.get("masked") else None,
        )
