"""One record: is it as it was written? Everything but its place in the chain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.records.days import made_at
from bot.store.chain import DIGEST, PURGED, link
from bot.store.chains import Stored

CLOCKS = timedelta(days=1)
"""So far ahead of us may another machine's clock be."""
CIPHERTEXT = 6
"""The BSON subtype of what libmongocrypt wrote; every Binary of a record is one."""
_PLAIN = frozenset({str, int, float, bool, type(None), datetime})


@dataclass(frozen=True, slots=True)
class Bad:
    """A record that is not as it should be. `conversation` is the chain's id: of a conversation, of a customer for
    `customer_notes`, None for the audit log. `id` None: the record is missing."""

    collection: str
    id: str | None
    conversation: str | None
    seq: int | None
    reason: str


def bad(collection: str, one: Stored, reason: str) -> Bad:
    """What can be said about a record whose very names may have been changed."""
    seq = one.seq if isinstance(one.seq, int) else None
    chain = None if one.chain is None else str(one.chain)
    return Bad(collection, None if one.id is None else str(one.id), chain, seq, reason)


@dataclass(slots=True)
class _Seen:
    """What lies in a document."""

    strange: str | None = None
    digests: int = 0


def fault(
    collection: str, one: Stored, certified: Callable[[str, str], bool], now: datetime | None = None
) -> str | None:
    """The reason why this is not what Teller wrote, None where it is. `certified(id, customer)`: whether that
    certificate of destruction stands in the audit log."""
    doc = one.doc
    if doc is None:
        return "changed: its bytes are no document"
    if not one.same:
        return "changed: a field has a type that Teller does not write"
    try:
        if link(doc["prev_hash"], doc) != doc["hash"]:
            return "changed: its hash is another"
    except (KeyError, TypeError, ValueError):
        return "changed: its hash cannot be computed"
    seen = _Seen()
    _look(doc, seen)
    if seen.strange is not None:
        return f"changed: {seen.strange}"
    made = made_at(doc["_id"])
    if made is None or made > (now or datetime.now(UTC)) + CLOCKS:
        return "inserted: its id is not one that Teller gives"
    if type(doc.get("at")) is not datetime:
        return "changed: its time is no time"
    return _outside(collection, doc, seen, certified)


def _outside(
    collection: str, doc: Mapping[str, Any], seen: _Seen, certified: Callable[[str, str], bool]
) -> str | None:
    """What stands outside of the hash must fit to what stands inside."""
    if "unread" in doc:
        unread = doc["unread"]
        called = [one for one in doc.get("mentions", ()) if one != doc.get("author")]
        # Who has read it is taken off: what is left is of those who were called, each once, in their order.
        if collection != "notes" or type(unread) is not list or unread != [m for m in called if m in unread]:
            return "changed: it is unread by somebody who was not called"
    certificate = doc.get(PURGED)
    if seen.digests and (
        not isinstance(certificate, str) or not certified(certificate, str(doc.get("customer")))
    ):
        return "purged without a certificate"
    if PURGED in doc and not seen.digests:
        return "changed: it names a certificate and has its ciphertext"
    return None


def _look(value: object, seen: _Seen) -> None:
    """Walk through all values: hashes cannot tell a string from what pymongo reads like one."""
    kind = type(value)
    if kind in _PLAIN:
        return
    # Plain values are most of all there are: calls for them would be a tenth of a verification.
    if isinstance(value, Mapping):
        if kind is not dict:
            seen.strange = "a field has a type that Teller does not write"
        if DIGEST in value:
            seen.digests += 1
            if len(value) > 1:
                seen.strange = "a digest with something beside it"
        for part in value.values():
            if type(part) not in _PLAIN:
                _look(part, seen)
    elif kind is list:
        for part in value:  # type: ignore[attr-defined]
            _look(part, seen)
    elif isinstance(value, bytes):
        if getattr(value, "subtype", 0) != CIPHERTEXT:
            seen.strange = "its ciphertext is marked as something else"
    elif not isinstance(value, int):
        seen.strange = "a field has a type that Teller does not write"
