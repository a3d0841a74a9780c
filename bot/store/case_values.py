"""What a case is: kinds, states and terms, and what the store gives out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a customer may ask for about their data (個資法 3), and a complaint (金保法 13)."""

    COPY = "copy"
    CORRECTION = "correction"
    STOP = "stop"
    DELETION = "deletion"
    COMPLAINT = "complaint"


class State(StrEnum):
    RECEIVED = "received"
    IDENTIFIED = "identified"
    PROPOSED = "proposed"
    AGREED = "agreed"
    FULFILLED = "fulfilled"
    REPLIED = "replied"
    CLOSED = "closed"


REQUESTS = (Kind.COPY, Kind.CORRECTION, Kind.STOP, Kind.DELETION)
DAYS: Mapping[Kind, int] = {
    Kind.COPY: 15,
    Kind.CORRECTION: 30,
    Kind.STOP: 30,
    Kind.DELETION: 30,
    Kind.COMPLAINT: 30,
}
"""個資法 13: 15 days for a copy, 30 for the rest, each once longer by as much; 金保法 13: 30 days, never longer."""
GRANTED, REFUSED = "granted", "refused"
OUTCOMES = ("upheld", "partly", "rejected", "withdrawn")
"""Of a complaint."""
TOLD_SENT, TOLD_OTHERWISE = "sent", "otherwise"


@dataclass(frozen=True, slots=True)
class Case:
    """`due` is the last day of the term; `rev` rises with every change. `told`: how the customer heard of the right to
    go to the 評議中心: `sent` in the conversation, `otherwise` with a reason, None not yet."""

    id: str
    kind: Kind
    customer: str
    conversations: tuple[str, ...]
    state: State
    received_at: datetime
    due: date
    extended: bool
    opened_by: str
    owner: str | None
    outcome: str | None
    proposed_by: str | None
    agreed_by: str | None
    told: str | None
    identified: bool
    replied: bool
    until: datetime | None
    certificate: str | None
    restricted: bool
    closed_at: datetime | None
    rev: int

    @property
    def open(self) -> bool:
        return self.state is not State.CLOSED

    @property
    def complaint(self) -> bool:
        return self.kind is Kind.COMPLAINT

    def overdue(self, today: date) -> bool:
        return self.open and today > self.due


@dataclass(frozen=True, slots=True)
class Event:
    """A line of a case's history: who did what. `text` is masked; `detail` holds codes and ids."""

    seq: int
    at: datetime
    actor: str
    step: str
    text: str = field(repr=False)
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be written into a history. `text` in full: it is sealed, and masked beside."""

    actor: str
    name: str
    text: str = field(default="", repr=False)
    detail: Mapping[str, Any] = field(default_factory=dict)
