"""Field encryption with MongoDB's own client library: AEAD_AES_256_CBC_HMAC_SHA_512, keys wrapped by a master key.

Keys: `lookup` (deterministic: platform user ids, e-mail), `service` (credentials), `intake` (events until they are
handled), and one a customer (`cust:<id>`), so that deleting a customer's key erases what was theirs.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any

from bson.binary import Binary
from bson.codec_options import CodecOptions
from pymongo.encryption import ClientEncryption
from pymongo.encryption_shared import Algorithm
from pymongo.errors import DuplicateKeyError, EncryptionError

from bot.mongo import Mongo

LOOKUP = "lookup"
SERVICE = "service"
INTAKE = "intake"
ERASED = "已依法刪除"
KEYS = "keys"
NO_KEY = "not all keys requested were satisfied"
PURGED_AWAY = "purged"
KEY_CACHED_MS = 10_000
"""So long a warm process may use a data key that it has read before: the bound of an erasure that no poke told of."""


def customer_key(customer_id: str) -> str:
    return f"cust:{customer_id}"


class Vault:
    """Encrypts and decrypts text; thread-safe; connects on first use in each process."""

    def __init__(
        self, mongo: Mongo, kms: dict[str, dict[str, object]], master_key: dict[str, object] | None = None
    ) -> None:
        self._mongo = mongo
        self._kms = kms
        self._master_key = master_key
        self._made: ClientEncryption[dict[str, Any]] | None = None
        self._pid = 0
        self._lock = threading.Lock()

    @property
    def _encryption(self) -> ClientEncryption[dict[str, Any]]:
        made = self._made
        if made is None or self._pid != os.getpid():
            with self._lock:
                made = self._made
                if made is None or self._pid != os.getpid():
                    made = ClientEncryption(
                        self._kms,
                        f"{self._mongo.db.name}.{KEYS}",
                        self._mongo.client,
                        CodecOptions(tz_aware=True),
                        key_expiration_ms=KEY_CACHED_MS,
                    )
                    self._made, self._pid = made, os.getpid()
        return made

    def prepare(self) -> None:
        """Create the key collection's index and the three common keys; safe to run again and at the same time."""
        self._mongo[KEYS].create_index(
            "keyAltNames", unique=True, partialFilterExpression={"keyAltNames": {"$exists": True}}
        )
        for name in (LOOKUP, SERVICE, INTAKE):
            self.create_key(name)

    def create_key(self, name: str) -> None:
        """A data key under `name`, unless there is one. Raises EncryptionError or PyMongoError."""
        provider = next(iter(self._kms))
        try:
            self._encryption.create_data_key(provider, master_key=self._master_key, key_alt_names=[name])
        except (DuplicateKeyError, EncryptionError) as error:
            if not _duplicate(error):
                raise

    def seal(self, text: str, key: str) -> Binary:
        """`text` encrypted at random: the same text never looks the same twice."""
        return self._encryption.encrypt(
            text, Algorithm.AEAD_AES_256_CBC_HMAC_SHA_512_Random, key_alt_name=key
        )

    def blind(self, text: str) -> Binary:
        """`text` encrypted deterministically, so that it can be looked up by equality."""
        return self._encryption.encrypt(
            text, Algorithm.AEAD_AES_256_CBC_HMAC_SHA_512_Deterministic, key_alt_name=LOOKUP
        )

    def open(self, sealed: bytes | Mapping[str, Any]) -> str:
        """The text. Raises EncryptionError when its key is gone, or the ciphertext itself after a purge."""
        if isinstance(sealed, Mapping):
            raise EncryptionError(LookupError(PURGED_AWAY))
        opened = self._encryption.decrypt(Binary(sealed, 6))
        if not isinstance(opened, str):
            raise EncryptionError(TypeError("not text"))
        return opened

    def read(self, sealed: bytes | Mapping[str, Any] | None) -> str:
        """The text, or the words of erasure when its key was destroyed: one erased record never breaks a list."""
        if sealed is None:
            return ""
        try:
            return self.open(sealed)
        except EncryptionError as error:
            if any(sign in str(error).lower() for sign in (NO_KEY, PURGED_AWAY)):
                return ERASED
            raise

    def forget(self) -> None:
        """Drop the data keys that this process holds: the next use reads them anew, those that were destroyed never.

        Who is in the middle of a call ends it with the old ones; they are closed when the last has let go.
        """
        with self._lock:
            self._made = None

    def close(self) -> None:
        if self._made is not None and self._pid == os.getpid():
            self._made.close()
        self._made = None


def _duplicate(error: BaseException) -> bool:
    cause = getattr(error, "cause", error)
    return isinstance(error, DuplicateKeyError) or isinstance(cause, DuplicateKeyError)
