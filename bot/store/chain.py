"""One hash for every chained document, so that no stored field of a record can change unseen.

Chained are `messages` and `notes` (a chain a conversation), `customer_notes` (a chain an identity) and `audit` (one).
Each document carries `seq` from 1, `prev_hash` and `hash`. Hashes are over what MongoDB gives back: milliseconds,
lists, no order of fields. Ciphertext goes in as its digest, so that a chain verifies after keys and ciphertexts are
destroyed and reveals nothing; a hash of short plain text could be guessed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.mongo import Doc

DIGEST = "$sha256"
"""The one key of the object that stands for bytes, here and in a record whose ciphertext was purged."""
PURGED = "purged"
"""The id of the certificate under which ciphertexts of this record gave way to their digests."""
OUTSIDE = frozenset({"hash", "prev_hash", PURGED, "unread"})
"""Top-level fields outside of the hash: the links themselves; the certificate's id, which cannot be known beforehand;
and who has not read a note. `bot.records` checks the last two against what is inside."""


_HASH = re.compile(r"[0-9a-f]{64}")


def canonical(doc: Mapping[str, object]) -> bytes:
    """JSON in UTF-8 of every field but those OUTSIDE: keys sorted, no spaces, datetimes `2026-11-22T08:00:00.000+00:00`
    (UTC; a naive one is UTC, as for MongoDB), bytes as `{"$sha256": hex}`.

    Raises TypeError for a value that no chained document holds: then it must not be written.
    """
    inside = {name: value for name, value in doc.items() if name not in OUTSIDE}
    return _encode(inside).encode()


def link(prev_hash: str, doc: Mapping[str, object]) -> str:
    """SHA-256(0x01 ‖ bytes of `prev_hash` ‖ canonical(doc)), hex. Raises TypeError, and ValueError where `prev_hash` is
    not 64 lower-case hex digits: no two spellings of it may pass for one."""
    if not _HASH.fullmatch(prev_hash):
        raise ValueError("no hash of ours")
    return hashlib.sha256(b"\x01" + bytes.fromhex(prev_hash) + canonical(doc)).hexdigest()


def linked(prev_hash: str, doc: Doc) -> Doc:
    """The same document, with `prev_hash` and `hash` written into it."""
    doc["hash"] = link(prev_hash, doc)
    doc["prev_hash"] = prev_hash
    return doc


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return {DIGEST: hashlib.sha256(value).hexdigest()}
    if isinstance(value, datetime):
        utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return utc.isoformat(timespec="milliseconds")
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot stand in a record")


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain).encode
