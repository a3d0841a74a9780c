"""What is to be exported."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bot.errors import BadPayload
from bot.records.days import TAIPEI


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything said from the day `first` to the day `last` (Taipei, both whole), in whole conversations: all, or
    those of one customer (an id, all identities of the person), or one conversation. `case`: its history too, and its
    customer's. `by`: a staff id or a command."""

    first: date
    last: date
    by: str
    customer: str | None = None
    conversation: str | None = None
    unmasked: bool = False
    reason: str | None = field(default=None, repr=False)
    case: str | None = None

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        begin = datetime.combine(self.first, time(), TAIPEI).astimezone(UTC)
        return begin, datetime.combine(self.last + timedelta(days=1), time(), TAIPEI).astimezone(UTC)

    @property
    def everyone(self) -> bool:
        return self.customer is None and self.conversation is None

    def plain(self) -> dict[str, Any]:
        """For a manifest, a run's plan and the audit log; without the reason, which may hold personal data."""
        return {
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "customer": self.customer,
            "conversation": self.conversation,
            "masked": not self.unmasked,
            **({"case": self.case} if self.case else {}),
        }


def scope_of(
    first: str,
    last: str,
    by: str,
    *,
    customer: str | None = None,
    conversation: str | None = None,
    unmasked: bool = False,
    reason: str | None = None,
    case: str | None = None,
) -> Scope:
    """Raises BadPayload with a sentence that says what to do."""
    try:
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise BadPayload("Give both days as YYYY-MM-DD, for example 2026-11-01.") from None
    if end < begin:
        raise BadPayload("The last day is before the first: exchange them.")
    if unmasked and not (reason or "").strip():
        raise BadPayload("Unmasked packs need a reason: say why masked text does not do.")
    why = (reason or "").strip() or None
    return Scope(begin, end, by, customer or None, conversation or None, unmasked, why, case or None)
