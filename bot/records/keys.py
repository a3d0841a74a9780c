"""Who signs the seals: a file with an Ed25519 key (PEM, PKCS 8), read by the clock and by `flask records`, nobody else.

In production TELLER_SEAL_KEY_FILE names it, and only the clock's environment should; elsewhere it is made once under
TELLER_HOME/keys. What the operating system can enforce stands in docs/records.md: nothing in this program can keep a
file from another process of the same user.
"""

from __future__ import annotations

import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.errors import ConfigError
from bot.records.seal import key_id


@dataclass(frozen=True, slots=True)
class SealKey:
    """An Ed25519 key in memory."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    @property
    def id(self) -> str:
        return key_id(self.public)

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data)


def load(path: Path | None, *, make: bool) -> SealKey:
    """The key in the file; `make` makes it where there is none. Raises ConfigError."""
    if path is None:
        raise ConfigError("TELLER_SEAL_KEY_FILE must be set for the clock in production: it signs the seals.")
    if make and not path.exists():
        write(path, fresh())
    return SealKey(_read(path))


def fresh() -> SealKey:
    return SealKey(Ed25519PrivateKey.generate())


def write(path: Path, key: SealKey) -> None:
    """Mode 0600, whole or not at all; where two processes make one at once, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = _aside(path, key)
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()


def replace(path: Path, key: SealKey) -> None:
    """Put `key` in the place of the one there, which is gone then."""
    _aside(path, key).replace(path)


def open_to_others(path: Path) -> bool:
    """Whether group or others may read the file. Raises OSError."""
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _aside(path: Path, key: SealKey) -> Path:
    pem = key.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return aside


def _read(path: Path) -> Ed25519PrivateKey:
    try:
        if open_to_others(path):
            raise ConfigError(f"{path} may be read by others: chmod 600 it, and change the key.")
        found = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({type(error).__name__}): no seal can be made.") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigError(f"{path} does not hold a key of ours; restore it from your backup.") from None
    if not isinstance(found, Ed25519PrivateKey):
        raise ConfigError(f"{path} does not hold an Ed25519 key: openssl genpkey -algorithm ed25519.")
    return found
