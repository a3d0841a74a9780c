"""Every class of what is stored, how long it stays and how it goes; a test holds the list against the stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.retention.clock import years_after

CUSTOMER, AGE, KEPT = "customer", "age", "kept"


@dataclass(frozen=True, slots=True)
class Term:
    """`years` None: no term of its own. `goes`: `customer` with all that is kept of the customer, when the longest of
    their clocks has run out; `age` by itself when it is older than `years`; `kept` never."""

    name: str
    years: int | None
    goes: str


_OF_CUSTOMERS = ("messages", "notes", "customer_notes", "ratings", "files")
_WITH_THEM = (
    *("customers", "conversations", "threads", "links", "link_tokens", "file_parts", "events", "outbox"),
    *("labels", "corrections", "assignments", "drafts", "case_events"),
)
AGED = ("model_calls", "availability")
"""Facts that no customer is in: calls of the model without text, who was on duty."""
_KEPT = (
    *("audit", "seals", "certificates", "holds", "retention", "figures", "recalls", "cases", "packs"),
    *("audit_weeks", "audit_populations", "audit_items", "audit_proofs", "ai_inventory", "ai_drills"),
)

WORKING: Mapping[str, str] = {
    "drafts": "what an agent typed and did not send, for 7 days; what is sent is a message",
    "file_parts": "only parts whose message was never written, for an hour; `sign_in` takes the time off",
    "firm_locks": "a lock for the length of a transaction",
    "invitations": "invitations to staff, no customers; their making and use stand in the audit log",
    "link_tokens": "codes good for a quarter of an hour; the link they made is in `links` and in the audit log",
    "runs": "results that are computed again from the record, which keeps everything they read",
    "run_items": "as runs: ids and counts",
    "sessions": "sign-ins of staff; beginning and end stand in the audit log",
    "uploads": "files of articles on their way in; what became of them is the articles' own history",
    "upload_parts": "as uploads",
}
"""Collections from which something goes by itself before five years, and why none of it is a record."""


def terms(years: Mapping[str, int]) -> tuple[Term, ...]:
    """The table: the firm's terms, with the classes that follow another one or never go."""
    return (
        *(Term(name, years[name], CUSTOMER) for name in _OF_CUSTOMERS),
        *(Term(name, years[name], CUSTOMER) for name in ("relationship", "disputes")),
        *(Term(name, None, CUSTOMER) for name in _WITH_THEM),
        *(Term(name, years[name], AGE) for name in AGED),
        *(Term(name, None, KEPT) for name in _KEPT),
    )


def cuts(years: Mapping[str, int], now: datetime) -> dict[str, datetime]:
    """What of the AGED is older than this is over."""
    return {name: years_after(now, -years[name]) for name in AGED}
