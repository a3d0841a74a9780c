"""One day's seal: its form, its hash, and who signed it.

    {"_id": "2026-11-22", "v": 1, "from", "to", "sealed_at",          the day in Taipei, in UTC
     "counts": {"audit": n, "customer_notes": n, "messages": n, "notes": n}, "total": n,
     "root": hex,                                                     RFC 6962 over all, in the order of leaves.py
     "first": leaf | null, "last": leaf | null,                       of that list
     "heads": {"audit": {"seq", "hash"} | null, "begun": n},          the last line of the log; chains that began
     "late": [leaf, ...],                                             of days sealed before; they are leaves here
     "parts": id of the stored list, "prev": hash of the day before's seal,
     "key_id", "public_key": hex, "handover": {...} | absent,
     "signature": hex, "hash": hex}

Signed (Ed25519, RFC 8032) is `teller seal 1 LF` and the canonical JSON (bot/store/chain.py) of all but `signature` and
`hash`. `hash` is SHA-256(0x01 ‖ prev ‖ canonical JSON of all but `hash`): each seal holds the one before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.store.chain import canonical, link

FORM = 1
_SIGNED = b"teller seal 1\n"
_HANDED = b"teller seal key 1\n"
Seal = dict[str, Any]


class Signer(Protocol):
    """A private key, somewhere."""

    @property
    def id(self) -> str: ...

    @property
    def public(self) -> bytes: ...

    def sign(self, data: bytes) -> bytes: ...


def key_id(public: bytes) -> str:
    """What a key is called: the first 32 hex digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(public).hexdigest()[:32]


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def signed(body: Mapping[str, Any], signer: Signer) -> Seal:
    """The whole seal; `body` has `prev` and lacks the signer's fields."""
    seal: Seal = {**body, "key_id": signer.id, "public_key": signer.public.hex()}
    seal["signature"] = signer.sign(_SIGNED + canonical(seal)).hex()
    return {**seal, "hash": link(seal["prev"], seal)}


def fault(seal: Mapping[str, Any]) -> str | None:
    """What is wrong with this seal by itself, None where its hash and its signature hold."""
    try:
        rest = {name: value for name, value in seal.items() if name != "hash"}
        if link(seal["prev"], rest) != seal["hash"]:
            return "seal changed"
        public = bytes.fromhex(seal["public_key"])
        if key_id(public) != seal["key_id"]:
            return "seal names another key than it carries"
        body = canonical({name: value for name, value in rest.items() if name != "signature"})
        if not _holds(public, seal["signature"], _SIGNED + body):
            return "seal not signed by its key"
    except (KeyError, TypeError, ValueError):
        return "seal is not in the form of one"
    return None


def handover(old: Signer, new: bytes, at: datetime) -> dict[str, str]:
    """The old key's word that from now on `new` seals."""
    said = {"from": old.id, "public_key": old.public.hex(), "to": key_id(new), "at": moment(at)}
    return {**said, "signature": old.sign(_HANDED + canonical(said) + new).hex()}


def handed_over(before: Mapping[str, Any], seal: Mapping[str, Any]) -> bool:
    """Whether the key of the seal before vouches for the key of this one."""
    if before["key_id"] == seal["key_id"]:
        return True
    word = seal.get("handover")
    if not isinstance(word, Mapping) or (word.get("from"), word.get("to")) != (
        before["key_id"],
        seal["key_id"],
    ):
        return False
    said = {name: value for name, value in word.items() if name != "signature"}
    try:
        old, new = bytes.fromhex(before["public_key"]), bytes.fromhex(seal["public_key"])
        return _holds(old, word["signature"], _HANDED + canonical(said) + new)
    except (KeyError, TypeError, ValueError):
        return False


def _holds(public: bytes, signature: str, data: bytes) -> bool:
    """Raises ValueError for what is no key or signature at all."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signature), data)
    except InvalidSignature:
        return False
    return True
