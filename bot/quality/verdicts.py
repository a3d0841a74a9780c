"""What a reviewer can say of a reply, and who may say it."""

from __future__ import annotations

from collections.abc import Iterable

from bot.errors import BadPayload, NotAllowed
from bot.masking import mask
from bot.model import Role, Staff

RIGHT = "right"
VERDICTS = (
    RIGHT, "wrong", "misleading", "missing_disclosure", "should_hand_off", "should_answer", "outdated",
)  # fmt: skip
REVIEWS = (Role.SENIOR, Role.SUPERVISOR)
RESOLVES = (Role.COMPLIANCE, Role.SUPERVISOR)
SIGNS = (Role.COMPLIANCE,)
SUSPENDS = (Role.COMPLIANCE, Role.SUPERVISOR)
"""As for any recall (bot/recalls.py)."""
LEAST_REASON, LONGEST_REASON = 3, 500


def said(verdict: str, reason: str, *, needed: bool = False) -> str:
    """The reason as it is kept, personal data masked. Raises BadPayload for a verdict there is not, or without why."""
    if verdict not in VERDICTS:
        raise BadPayload("There is no such verdict.")
    return because(reason, needed=needed or verdict != RIGHT)


def because(reason: str, *, needed: bool = True) -> str:
    words = " ".join(reason.split())
    if needed and len(words) < LEAST_REASON:
        raise BadPayload("Say why: what is wrong with it, or what was done.")
    if len(words) > LONGEST_REASON:
        raise BadPayload(f"The reason is longer than {LONGEST_REASON} characters.")
    return mask(words).masked


def must(staff: Staff, roles: Iterable[Role]) -> None:
    """Raises NotAllowed."""
    if staff.role not in roles:
        raise NotAllowed("Your role does not do this in the weekly audit.")


def is_own(staff: Staff, people: Iterable[str]) -> bool:
    """Whether one of those who wrote or approved it is this person, by id or e-mail."""
    mine = {staff.id.casefold(), staff.email.casefold()}
    return any(one.casefold() in mine for one in people if one)
