"""One-time link tokens: hashed at rest under the service's secret, good for a quarter of an hour and for one use."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pymongo import ReturnDocument

from bot.mongo import Doc, Mongo, Session

LIFE = timedelta(minutes=15)
PREFIX = "TLNK"
# Nothing that is read for something else: no 0 and O, no 1, I and L.
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
TRIES = 5
TRIES_EVERY = timedelta(hours=1)
"""A short code can be tried out: TRIES wrong ones of an identity, and it is told nothing more for TRIES_EVERY."""


@dataclass(frozen=True, slots=True)
class LinkToken:
    """What a customer carries over: `token` within an address, `code` to be typed. Shown once, never stored."""

    token: str = field(repr=False)
    code: str = field(repr=False)
    expires_at: datetime


class LinkTokenStore:
    """Reads and writes raise PyMongoError when MongoDB is away."""

    def __init__(self, mongo: Mongo, secret_key: str) -> None:
        self._mongo = mongo
        self._secret = secret_key.encode()

    def make(self, customer_id: str) -> LinkToken:
        """For an identity that has proven who it is: whoever brings the token belongs to it."""
        # 128 bits, in letters that Telegram, Messenger and LINE's nonce all take.
        token = PREFIX + secrets.token_hex(16)
        letters = "".join(secrets.choice(LETTERS) for _ in range(8))
        code, now = f"{letters[:4]}-{letters[4:]}", datetime.now(UTC)
        self._mongo["link_tokens"].insert_one(
            {
                "_id": self._hashed(token),
                "code": self._hashed(code),
                "customer": customer_id,
                "at": now,
                "expires_at": now + LIFE,
                "used_at": None,
            }
        )
        return LinkToken(token, code, now + LIFE)

    def owner(self, given: str) -> str | None:
        """Whose token or code it is; None where it was used, is too old, or never was."""
        doc = self._mongo["link_tokens"].find_one(self._good(given), {"customer": 1})
        return str(doc["customer"]) if doc else None

    def use(self, session: Session, given: str, by: str) -> str | None:
        """`owner`, and nobody's from now on, in the caller's transaction; None where somebody was quicker."""
        doc = self._mongo["link_tokens"].find_one_and_update(
            self._good(given),
            {"$set": {"used_at": datetime.now(UTC), "used_by": by}},
            projection={"customer": 1},
            session=session,
        )
        return str(doc["customer"]) if doc else None

    def tried(self, thread: str) -> int:
        """Count a wrong one of this identity; how many it were within TRIES_EVERY."""
        now = datetime.now(UTC)
        fresh: Doc = {"_id": f"tries:{thread}", "expires_at": {"$gt": now}}
        counted = self._mongo["link_tokens"].find_one_and_update(
            fresh, {"$inc": {"tries": 1}}, return_document=ReturnDocument.AFTER
        )
        if counted is not None:
            return int(counted["tries"])
        begun = {"$set": {"tries": 1, "expires_at": now + TRIES_EVERY}}
        self._mongo["link_tokens"].update_one({"_id": fresh["_id"]}, begun, upsert=True)
        return 1

    def worn_out(self, thread: str) -> bool:
        """Whether this identity has tried too often."""
        query = {"_id": f"tries:{thread}", "tries": {"$gte": TRIES}, "expires_at": {"$gt": datetime.now(UTC)}}
        return self._mongo["link_tokens"].find_one(query, {"_id": 1}) is not None

    def _good(self, given: str) -> Doc:
        name = "_id" if given.startswith(PREFIX) else "code"
        return {name: self._hashed(given), "used_at": None, "expires_at": {"$gt": datetime.now(UTC)}}

    def _hashed(self, given: str) -> str:
        return hmac.digest(self._secret, b"teller.link\n" + given.encode(), "sha256").hex()
