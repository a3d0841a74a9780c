"""What a reveal reads: one line in full, and how often a person looked within the hour."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.model import Staff
from bot.mongo import Mongo, Session
from bot.store.amended import shown
from bot.vault import ERASED, Vault


@dataclass(frozen=True, slots=True)
class Line:
    """A message in full; `text` is empty where the customer was erased."""

    id: str
    conversation_id: str
    customer_id: str
    text: str = field(repr=False)


class RevealStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def line(self, staff: Staff, conversation_id: str, message_id: str) -> Line | None:
        """As this person sees it, edited or taken back. Whoever calls has checked that the conversation may be read."""
        versions = {"conversation": conversation_id, "$or": [{"_id": message_id}, {"of": message_id}]}
        found = shown(list(self._mongo["messages"].find(versions)), staff)
        doc = next((one for one in found if one["_id"] == message_id), None)
        if doc is None:
            return None
        text = self._vault.read(doc["content"])
        return Line(doc["_id"], conversation_id, doc["customer"], "" if text == ERASED else text)

    def count(self, actor: str, action: str, since: datetime, session: Session) -> int:
        """How often the audit log says that this person did it since then."""
        query = {"actor": actor, "action": action, "at": {"$gte": since}}
        return self._mongo["audit"].count_documents(query, session=session)
