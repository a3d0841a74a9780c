"""Moving the data keys to another master key while everything goes on: only the wrapping changes, no data is touched.

Data keys are wrapped anew in batches by MongoDB's own library (`rewrap_many_data_key`); one that was moved is not moved
again, so a rotation that broke off goes on where it stood. At its end every key is unwrapped with the new master alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson.binary import Binary
from bson.codec_options import CodecOptions
from pymongo.encryption import ClientEncryption
from pymongo.encryption_shared import Algorithm
from pymongo.errors import EncryptionError

from bot.mongo import Doc, Mongo
from bot.vault import KEYS

BATCH = 200

Step = Callable[[str, int, int], None]
"""Told (what is done: rewrap or verify, how many, of how many)."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """Data keys under one master key. `master` is its name and where it is, never what it is."""

    master: str
    keys: int
    oldest: datetime | None
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Rotated:
    """`unopened`: ids of data keys that the new master does not open; empty where all is well."""

    keys: int
    moved: int
    unopened: tuple[str, ...]


class MasterKeys:
    """Raises PyMongoError, EncryptionError where a key service refuses."""

    def __init__(
        self, mongo: Mongo, kms: Mapping[str, Mapping[str, object]], master_key: Mapping[str, object] | None
    ) -> None:
        self._mongo = mongo
        self._kms = {name: dict(options) for name, options in kms.items()}
        self._master_key = dict(master_key) if master_key else None

    def wrapped(self) -> list[Wrapped]:
        """What there is, the master with most keys first."""
        group = {
            "_id": "$masterKey",
            "n": {"$sum": 1},
            "oldest": {"$min": "$creationDate"},
            "newest": {"$max": "$creationDate"},
        }
        found = self._mongo[KEYS].aggregate([{"$group": group}, {"$sort": {"n": -1}}])
        return [Wrapped(_told(doc["_id"]), doc["n"], doc["oldest"], doc["newest"]) for doc in found]

    def rotate(self, provider: str, step: Step = lambda _what, _done, _all: None) -> Rotated:
        """Wrap all data keys by `provider` (with a key service: by its key of today), and try each."""
        total, moved = self._mongo[KEYS].estimated_document_count(), 0
        with self._client(self._kms) as client:
            # What is made meanwhile under the old one is found at the next look.
            while some := self._others(provider):
                client.rewrap_many_data_key({"_id": {"$in": some}}, provider, self._master_key)
                moved += len(some)
                step("rewrap", moved, max(total, moved))
        return self._tried(provider, moved, step)

    def _tried(self, provider: str, moved: int, step: Step) -> Rotated:
        unopened, done, total = [], 0, self._mongo[KEYS].estimated_document_count()
        with self._client({provider: self._kms[provider]}) as alone:
            for key in self._ids():
                try:
                    alone.encrypt("", Algorithm.AEAD_AES_256_CBC_HMAC_SHA_512_Random, key_id=key)
                except EncryptionError:
                    # One that was erased or made a moment ago is no fault: it is gone, or wrapped by the old one still.
                    if self._mongo[KEYS].find_one({"_id": key, **self._is(provider)}) is not None:
                        unopened.append(key.hex())
                done += 1
                if done % BATCH == 0:
                    step("verify", done, max(total, done))
        return Rotated(done, moved, tuple(unopened))

    def _others(self, provider: str) -> list[Binary]:
        found = self._mongo[KEYS].find({"$nor": [self._is(provider)]}, {"_id": 1}).limit(BATCH)
        return [doc["_id"] for doc in found]

    def _ids(self) -> Iterator[Binary]:
        return (doc["_id"] for doc in self._mongo[KEYS].find({}, {"_id": 1}).sort("_id", 1))

    def _is(self, provider: str) -> Doc:
        wanted: Doc = {"masterKey.provider": provider}
        for name, value in (self._master_key or {}).items():
            wanted[f"masterKey.{name}"] = value
        return wanted

    def _client(self, kms: Mapping[str, Mapping[str, object]]) -> ClientEncryption[dict[str, Any]]:
        namespace = f"{self._mongo.db.name}.{KEYS}"
        return ClientEncryption(dict(kms), namespace, self._mongo.client, CodecOptions(tz_aware=True))


def _told(master: Mapping[str, Any]) -> str:
    where = ", ".join(f"{name} {value}" for name, value in sorted(master.items()) if name != "provider")
    return f"{master['provider']}" + (f" ({where})" if where else "")
