"""What a change of hands makes of a conversation: the same fields whoever or whatever gives it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.model import Status

AWAKE: dict[str, Any] = {"snoozed_until": None, "asleep": False, "news": None}
"""A conversation that was put off is so no more."""


def owned_by(staff_id: str, now: datetime) -> dict[str, Any]:
    """Somebody has it from now on, from whomever, also where it was resolved before."""
    return {
        "status": Status.ASSIGNED.value,
        "assignee": staff_id,
        "assigned_at": now,
        "waiting_since": None,
        "offer": None,
        "resolved_at": None,
        "resolved_by": None,
        **AWAKE,
    }
