"""Which customers an audit event is about, read off its subject as it is written: a later search is then one query."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence, Set
from threading import Lock

from bot.mongo import Mongo, Session

KEPT = 20_000
_ID = re.compile(r"[0-9a-f]{24,64}")


class Concerned:
    """A conversation's customer never changes (links join identities and leave them), so it is asked once a process."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._known: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def of(
        self, events: Sequence[tuple[str, Sequence[str]]], session: Session | None = None
    ) -> list[list[str]]:
        """For each (subject, conversations shown) the ids of the customers. Raises PyMongoError."""
        wanted = [[*_conversation(subject), *shown] for subject, shown in events]
        known = self._customers({one for each in wanted for one in each}, session)
        found: list[list[str]] = []
        for (subject, _), each in zip(events, wanted, strict=True):
            kind, _, rest = subject.partition(":")
            named = [rest] if kind == "customer" and _ID.fullmatch(rest) else []
            found.append(named + [known[one] for one in each if one in known])
        return found

    def _customers(self, ids: Set[str], session: Session | None) -> dict[str, str]:
        found: dict[str, str] = {}
        with self._lock:
            for one in ids:
                if one in self._known:
                    self._known.move_to_end(one)
                    found[one] = self._known[one]
        missing = sorted(one for one in ids if one not in found)
        if not missing:
            return found
        read = self._read("conversations", missing, session)
        # A few events (a reviewed line) name a message.
        if rest := [one for one in missing if one not in read]:
            read |= self._read("messages", rest, session)
        with self._lock:
            self._known.update(read)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found | read

    def _read(self, collection: str, ids: list[str], session: Session | None) -> dict[str, str]:
        docs = self._mongo[collection].find({"_id": {"$in": ids}}, {"customer": 1}, session=session)
        return {doc["_id"]: doc["customer"] for doc in docs if doc.get("customer")}


def _conversation(subject: str) -> list[str]:
    """The conversation or message that a subject may name: `conversation:ID`, or an id alone."""
    kind, colon, rest = subject.partition(":")
    if not colon:
        return [subject] if _ID.fullmatch(subject) else []
    return [rest] if kind in ("conversation", "message") and _ID.fullmatch(rest) else []


def named_in(detail: Mapping[str, object]) -> list[str]:
    """A customer that the detail names, as that of a legal hold does."""
    named = detail.get("customer")
    return [named] if isinstance(named, str) and _ID.fullmatch(named) else []
