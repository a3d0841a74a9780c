"""What somebody has typed and not sent: under the customer's key, for a week, one a person and conversation."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.masking.destroy import destroy
from bot.mongo import Mongo
from bot.vault import Vault, customer_key

KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Typing:
    """`client_id` is that of the message it becomes, so that one sent twice from two places is one message."""

    text: str = field(repr=False)
    client_id: str
    # Why it may be sent though it reads as advice, and the sentence that asked for it.
    reason: str = field(default="", repr=False)
    warning: str = ""


class DraftStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def keep(self, staff_id: str, conversation_id: str, typed: Typing) -> bool:
        """Keeps what was typed, or forgets it where it is empty; False where the conversation is not this person's."""
        key = _key(staff_id, conversation_id)
        if not typed.text.strip():
            self._mongo["drafts"].delete_one({"_id": key})
            return True
        theirs = {"_id": conversation_id, "assignee": staff_id, "status": "assigned"}
        found = self._mongo["conversations"].find_one(theirs, {"customer": 1})
        if found is None:
            return False
        change = {
            "content": self._vault.seal(
                json.dumps([destroy(typed.text), typed.reason, typed.warning]),
                customer_key(found["customer"]),
            ),
            "client_id": typed.client_id,
            "expires_at": datetime.now(UTC) + KEPT,
        }
        self._mongo["drafts"].update_one({"_id": key}, {"$set": change}, upsert=True)
        return True

    def of(self, staff_id: str, conversation_id: str) -> Typing | None:
        """None too where it was sent meanwhile, from whatever page."""
        doc = self._mongo["drafts"].find_one({"_id": _key(staff_id, conversation_id)})
        if doc is None:
            return None
        sent = {"conversation": conversation_id, "author": f"staff:{staff_id}", "client_id": doc["client_id"]}
        if self._mongo["messages"].find_one(sent, {"_id": 1}) is not None:
            self._mongo["drafts"].delete_one({"_id": doc["_id"], "client_id": doc["client_id"]})
            return None
        try:
            text, reason, warning = json.loads(self._vault.read(doc["content"]))
        except ValueError:
            # The words of erasure.
            return None
        return Typing(text, doc["client_id"], reason, warning)


def _key(staff_id: str, conversation_id: str) -> str:
    return f"{staff_id}:{conversation_id}"
