"""Files that wait to be imported: `uploads` says what is brought, `upload_parts` holds it; both go by themselves.

Sealed, as somebody may bring the wrong table. In MongoDB: the process that takes a file from a browser is not the one
that reads it, and may be on another machine.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from bot.mongo import Doc, Mongo, Session
from bot.vault import SERVICE, Vault

PART = 1024 * 1024


class UploadStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def add(self, upload: Doc, data: bytes, expires: datetime) -> None:
        """`upload` is {_id, suffix, by, at}. It is there with all of its parts or not at all."""
        for number, start in enumerate(range(0, len(data), PART)):
            text = base64.b64encode(data[start : start + PART]).decode()
            part = {"upload": upload["_id"], "n": number, "data": self._vault.seal(text, SERVICE)}
            self._mongo["upload_parts"].insert_one(
                {"_id": f"{upload['_id']}:{number}", **part, "expires_at": expires}
            )
        self._mongo["uploads"].insert_one({**upload, "size": len(data), "taken": 0, "expires_at": expires})

    def upload(self, upload_id: str) -> Doc | None:
        return self._mongo["uploads"].find_one({"_id": upload_id})

    def data(self, upload_id: str) -> bytes:
        parts = self._mongo["upload_parts"].find({"upload": upload_id}).sort("n", 1)
        return b"".join(base64.b64decode(self._vault.open(part["data"])) for part in parts)

    def move(self, upload_id: str, before: int, after: int, session: Session) -> bool:
        """`after` rows are taken where it was `before`; False where somebody else has moved it."""
        moved = self._mongo["uploads"].update_one(
            {"_id": upload_id, "taken": before}, {"$set": {"taken": after}}, session=session
        )
        return bool(moved.matched_count)

    def keep_until(self, upload_id: str, expires: datetime) -> None:
        change: dict[str, Any] = {"$set": {"expires_at": expires}}
        self._mongo["uploads"].update_one({"_id": upload_id}, change)
        self._mongo["upload_parts"].update_many({"upload": upload_id}, change)
