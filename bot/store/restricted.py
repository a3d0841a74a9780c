"""What restricted means in queries: conversations and customers carry a mark; lines of the record, which nobody may
change, are known by their customer."""

from __future__ import annotations

from typing import Any

from bot.model import Role, Staff
from bot.mongo import Doc, Mongo

READS_RESTRICTED = (Role.COMPLIANCE, Role.AUDITOR)
"""Restricted means kept for the examiner and used for nothing else (個資法 11, 施行細則 21)."""
UNRESTRICTED: Doc = {"restricted": {"$ne": True}}


def shown_to(staff: Staff) -> Doc:
    """The condition on conversations, customers, ratings and labels that this person's role adds."""
    return {} if staff.role in READS_RESTRICTED else dict(UNRESTRICTED)


def of_others(mongo: Mongo) -> dict[str, Any]:
    """The condition on lines of the record: none of a restricted customer. Empty where there is none."""
    hidden = [doc["_id"] for doc in mongo["customers"].find({"restricted": True}, {"_id": 1})]
    return {"customer": {"$nin": hidden}} if hidden else {}
