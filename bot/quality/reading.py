"""What a reviewer reads: the reply, the question and the lines beside them, masked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.store.quality import QualityStore
from bot.vault import Vault

BEFORE, AFTER = 6, 3


@dataclass(frozen=True, slots=True)
class Line:
    """`reply`: the one that was drawn. `why` is the decision's reason on a customer's line."""

    author: str
    text: str = field(repr=False)
    at: datetime
    reply: bool
    buttons: tuple[str, ...] = ()
    why: str | None = None


def lines(store: QualityStore, vault: Vault, item: Mapping[str, Any]) -> tuple[Line, ...]:
    """In order; only the erased words where the customer's key is gone. Raises PyMongoError."""
    message = store.messages([item["message"]]).get(item["message"])
    if message is None:
        return ()
    return tuple(
        Line(
            doc["author"].partition(":")[0],
            vault.read(doc["masked"]),
            doc["at"],
            doc["_id"] == item["message"],
            tuple(label for label, _ in doc.get("buttons", ())),
            (doc.get("decision") or {}).get("reason"),
        )
        for doc in store.around(item["conversation"], message["seq"], BEFORE, AFTER)
    )
