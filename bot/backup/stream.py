"""The file of a backup: AES-256-GCM in numbered frames under a key of its own, so that a changed, swapped, dropped or
cut-off frame is noticed; written and read in bounded memory.

MAGIC, a line of JSON (the header), 16 bytes of salt, then frames: four bytes of length (big-endian) and the ciphertext
of one letter of kind and its payload, compressed. The key of a file is HKDF-SHA-256 of the backup key, the salt and
the header; a frame's nonce is its number; the last frame is of kind END.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import BadPayload

MAGIC = b"TELLER-BACKUP-1\n"
COLLECTION, DOCUMENTS, END = b"C", b"D", b"E"
SALT, KEY = 16, 32
LONGEST_HEADER, LONGEST_FRAME = 4096, 64 * 1024 * 1024
FAST = 1
_LENGTH = struct.Struct(">I")
BROKEN = "This backup is damaged, cut off, or was made with another key."


class Writer:
    """`end` must be called last: without its frame nobody takes the file for whole."""

    def __init__(self, file: IO[bytes], key: bytes, header: dict[str, Any]) -> None:
        self._file, self._number = file, 0
        line = json.dumps(header, sort_keys=True).encode() + b"\n"
        salt = os.urandom(SALT)
        self._cipher = _cipher(key, salt, line)
        file.write(MAGIC + line + salt)

    def add(self, kind: bytes, payload: bytes) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number), kind + zlib.compress(payload, FAST), None)
        self._file.write(_LENGTH.pack(len(sealed)) + sealed)
        self._number += 1

    def end(self, summary: dict[str, Any]) -> None:
        self.add(END, json.dumps(summary, sort_keys=True).encode())


def header(file: IO[bytes]) -> tuple[dict[str, Any], bytes, bytes]:
    """(header, its line, salt); the file stands at the first frame. Raises BadPayload for what is no backup.

    The header is only to be believed once a frame was opened under it.
    """
    if file.read(len(MAGIC)) != MAGIC:
        raise BadPayload("This file is no backup of Teller.")
    line = file.readline(LONGEST_HEADER)
    salt = file.read(SALT)
    try:
        found = json.loads(line)
    except ValueError as error:
        raise BadPayload(BROKEN) from error
    if not isinstance(found, dict) or len(salt) != SALT:
        raise BadPayload(BROKEN)
    return found, line, salt


def frames(file: IO[bytes], key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(kind, payload) of every frame, END last. Raises BadPayload where one is not as it was written or the end is
    missing."""
    _, line, salt = header(file)
    cipher, number = _cipher(key, salt, line), 0
    while True:
        size = file.read(_LENGTH.size)
        if len(size) != _LENGTH.size:
            raise BadPayload(BROKEN)
        (length,) = _LENGTH.unpack(size)
        sealed = file.read(length) if length <= LONGEST_FRAME else b""
        if len(sealed) != length:
            raise BadPayload(BROKEN)
        try:
            opened = cipher.decrypt(_nonce(number), sealed, None)
            kind, payload = opened[:1], zlib.decompress(opened[1:])
        except (InvalidTag, ValueError, zlib.error) as error:
            raise BadPayload(BROKEN) from error
        yield kind, payload
        if kind == END:
            if file.read(1):
                raise BadPayload(BROKEN)
            return
        number += 1


def _cipher(key: bytes, salt: bytes, line: bytes) -> AESGCM:
    if len(key) != KEY:
        raise ValueError("a backup key has 32 bytes")
    return AESGCM(HKDF(SHA256(), KEY, salt, b"teller backup\n" + line).derive(key))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
