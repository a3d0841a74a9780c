"""Files of conversations: in parts under the customer's key, so that they go when the customer is erased."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pymongo.errors import EncryptionError

from bot.attached import OutFile
from bot.mongo import Doc, Mongo, Session
from bot.vault import Vault, customer_key

PART = 1024 * 1024
UNSENT = timedelta(hours=1)
"""So long parts are kept whose message was not written."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`id` is that of its message."""

    id: str
    conversation_id: str
    name: str = field(repr=False)
    media_type: str
    size: int


class FileStore:
    """Every method raises PyMongoError. `link` makes the address that opens a file for a time."""

    def __init__(self, mongo: Mongo, vault: Vault, link: Callable[[str], str]) -> None:
        self._mongo = mongo
        self._vault = vault
        self._link = link

    def put(self, message_id: str, customer_id: str, data: bytes) -> None:
        """The content, before the message that it belongs to; gone again where that is never written."""
        key, expires = customer_key(customer_id), datetime.now(UTC) + UNSENT
        for number, start in enumerate(range(0, len(data), PART)):
            text = base64.b64encode(data[start : start + PART]).decode()
            part = {
                "file": message_id,
                "n": number,
                "data": self._vault.seal(text, key),
                "expires_at": expires,
            }
            self._mongo["file_parts"].insert_one({"_id": f"{message_id}:{number}", **part})

    def sign_in(self, session: Session, file: StoredFile, customer_id: str) -> None:
        """With the message, in its transaction: from here on the file stays."""
        doc: Doc = {
            "_id": file.id,
            "conversation": file.conversation_id,
            "customer": customer_id,
            "name": self._vault.seal(file.name, customer_key(customer_id)),
            "type": file.media_type,
            "size": file.size,
            "at": datetime.now(UTC),
        }
        self._mongo["files"].insert_one(doc, session=session)
        self._mongo["file_parts"].update_many(
            {"file": file.id}, {"$unset": {"expires_at": ""}}, session=session
        )

    def get(self, file_id: str) -> StoredFile | None:
        doc = self._mongo["files"].find_one({"_id": file_id})
        if doc is None:
            return None
        return StoredFile(
            doc["_id"], doc["conversation"], self._vault.read(doc["name"]), doc["type"], doc["size"]
        )

    def data(self, file_id: str) -> bytes | None:
        """The whole content; None where it was erased."""
        parts = self._mongo["file_parts"].find({"file": file_id}).sort("n", 1)
        try:
            return b"".join(base64.b64decode(self._vault.open(part["data"])) for part in parts)
        except EncryptionError:
            return None

    def link(self, file_id: str) -> str:
        return self._link(file_id)

    def out(self, message_id: str, name: str) -> OutFile:
        """The file as a platform gets it. Raises LookupError where it is gone."""
        doc, data = self._mongo["files"].find_one({"_id": message_id}), self.data(message_id)
        if doc is None or not data:
            raise LookupError(message_id)
        return OutFile(message_id, name, (), doc["type"], data, self._link(message_id))
