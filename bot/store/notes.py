"""What people write to each other in a conversation: notes and whispers. No path leads from here to a customer.

Append-only and hash-chained over ciphertext, one chain a conversation, under the customer's key: a note is about them,
and is erased with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pymongo import ASCENDING, DESCENDING, ReturnDocument

from bot.errors import NotFound
from bot.masking import mask
from bot.masking.destroy import destroy
from bot.model import GENESIS, Conversation
from bot.mongo import Doc, Mongo, Session
from bot.store.chain import link, linked
from bot.store.records import new_id, whole_ms
from bot.vault import Vault, customer_key

NOTE, WHISPER = "note", "whisper"
NOTES = 200
"""The latest notes of a conversation that a page shows."""
COUNTED = 100
"""Unread mentions are counted so far; more look alike."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note, masked. `author` is a staff id; `kind` is `note`, or `whisper`: a supervisor's word to the agent."""

    id: str
    conversation_id: str
    seq: int
    kind: str
    author: str
    text: str = field(repr=False)
    mentions: tuple[str, ...]
    at: datetime


class NoteStore:
    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def add(
        self,
        session: Session,
        conversation: Conversation,
        author: str,
        text: str,
        mentions: Sequence[str] = (),
        kind: str = NOTE,
    ) -> Note:
        """Append a note in the caller's transaction. `author` and `mentions` are staff ids.

        Whoever calls has checked who may write and be mentioned. Raises NotFound where the conversation is gone.
        """
        key, text = customer_key(conversation.customer_id), destroy(text)
        content, shown = self._vault.seal(text, key), mask(text).masked
        # The conversation hands out numbers and knows the head: two writers conflict, and a cut tail shows.
        counted = self._mongo["conversations"].find_one_and_update(
            {"_id": conversation.id},
            {"$inc": {"notes": 1}},
            projection={"notes": 1, "note_head": 1},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        if counted is None:
            raise NotFound("There is no such conversation, or it is not yours to read.")
        previous = counted.get("note_head", GENESIS)
        asked = list(dict.fromkeys(mentions))
        doc: Doc = {
            "_id": new_id(),
            "conversation": conversation.id,
            "customer": conversation.customer_id,
            "seq": counted["notes"],
            "kind": kind,
            "author": author,
            "mentions": asked,
            "content": content,
            "masked": content if shown == text else self._vault.seal(shown, key),
            "at": whole_ms(datetime.now(UTC)),
        }
        linked(previous, doc)
        # Outside of the chain: it changes when somebody has read it.
        doc["unread"] = [one for one in asked if one != author]
        self._mongo["notes"].insert_one(doc, session=session)
        self._mongo["conversations"].update_one(
            {"_id": conversation.id}, {"$set": {"note_head": doc["hash"]}}, session=session
        )
        return self._note(doc)

    def of(self, conversation_id: str, limit: int = NOTES) -> list[Note]:
        """The latest `limit` notes of a conversation, oldest first, masked."""
        found = self._mongo["notes"].find({"conversation": conversation_id})
        return [self._note(doc) for doc in reversed(list(found.sort("seq", DESCENDING).limit(limit)))]

    def unread_mentions(self, staff_id: str) -> int:
        """How many notes call this person and were not read, at most COUNTED."""
        return self._mongo["notes"].count_documents({"unread": staff_id}, limit=COUNTED)

    def unread_of(self, staff_id: str) -> list[str]:
        """The ids of the conversations in which a note calls this person and was not read, at most COUNTED notes."""
        found = self._mongo["notes"].find({"unread": staff_id}, {"conversation": 1}).limit(COUNTED)
        return list(dict.fromkeys(doc["conversation"] for doc in found))

    def unread_in(self, staff_id: str, conversation_ids: Sequence[str]) -> set[str]:
        """Those of the conversations in which a note calls this person and was not read."""
        query = {"unread": staff_id, "conversation": {"$in": list(conversation_ids)}}
        return {doc["conversation"] for doc in self._mongo["notes"].find(query, {"conversation": 1})}

    def mentioning(self, staff_id: str, limit: int) -> list[str]:
        """The ids of the conversations in which a note calls this person, the latest call first."""
        found = self._mongo["notes"].find({"mentions": staff_id}, {"conversation": 1})
        return list(dict.fromkeys(doc["conversation"] for doc in found.sort("at", DESCENDING).limit(limit)))

    def read(self, staff_id: str, conversation_id: str) -> bool:
        """This person has seen the notes of the conversation; whether any of them was new to them."""
        done = self._mongo["notes"].update_many(
            {"conversation": conversation_id, "unread": staff_id}, {"$pull": {"unread": staff_id}}
        )
        return done.modified_count > 0

    def chain(self, conversation_id: str) -> tuple[list[Doc], str]:
        """The stored documents of a conversation in order, and the head that the last of them must have."""
        docs = list(self._mongo["notes"].find({"conversation": conversation_id}).sort("seq", ASCENDING))
        head = self._mongo["conversations"].find_one({"_id": conversation_id}, {"note_head": 1}) or {}
        return docs, head.get("note_head", GENESIS)

    def _note(self, doc: Doc) -> Note:
        return Note(
            id=doc["_id"],
            conversation_id=doc["conversation"],
            seq=doc["seq"],
            kind=doc["kind"],
            author=doc["author"],
            text=self._vault.read(doc["masked"]),
            mentions=tuple(doc["mentions"]),
            at=doc["at"],
        )


def intact(docs: Sequence[Doc], head: str) -> bool:
    """Whether these notes of one conversation, in order, are all there and as they were written."""
    previous = GENESIS
    for seq, doc in enumerate(docs, 1):
        if doc["seq"] != seq or doc["prev_hash"] != previous or link(previous, doc) != doc["hash"]:
            return False
        previous = doc["hash"]
    return previous == head
