"""What the approved rules hear in a text that a person answers: for the monitor, never for the customer."""

from __future__ import annotations

from collections.abc import Callable

from .policy import Policy

TABLES = ("crisis", "fraud", "complaint")


def overheard(policy: Callable[[], Policy]) -> Callable[[str], dict[str, tuple[str, ...]]]:
    """A text to the rules of the grave tables that fire on it; {} for nearly all texts."""

    def hears(text: str) -> dict[str, tuple[str, ...]]:
        now = policy()
        cleaned = now.clean(text)
        return {table: ids for table in TABLES if (ids := now.hits(table, cleaned))}

    return hears
