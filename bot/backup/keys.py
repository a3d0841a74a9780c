"""The key that backups are encrypted with: a file that is neither on the database's disk nor the master key."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from pathlib import Path

from bot.backup.stream import KEY
from bot.errors import BadPayload, Conflict


def make(path: Path) -> str:
    """A new key, mode 0600; its name. Raises Conflict where there is a file: a lost key is a lost backup."""
    key = os.urandom(KEY)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Conflict(f"{path} exists; a key is never overwritten.") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(key) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return name(key)


def read(path: Path | None) -> bytes:
    """Raises BadPayload where there is none, or the file holds something else."""
    if path is None:
        raise BadPayload("Set TELLER_BACKUP_KEY_FILE; make the key with `flask backup key FILE`.")
    try:
        key = base64.b64decode(path.read_bytes(), validate=False)
    except (OSError, binascii.Error) as error:
        raise BadPayload(f"The backup key {path} cannot be read.") from error
    if len(key) != KEY:
        raise BadPayload(f"{path} holds no backup key: 32 bytes in base64.")
    return key


def name(key: bytes) -> str:
    """To tell keys apart; says nothing of the key."""
    return hashlib.sha256(b"teller backup key\n" + key).hexdigest()[:16]
