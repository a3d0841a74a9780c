"""Why somebody did it, in their own words: asked for wherever the audit log keeps it."""

from __future__ import annotations

from bot.errors import BadPayload
from bot.masking import mask

SHORTEST_REASON, LONGEST_REASON = 3, 500
LONGEST_NOTE = 200


def reason(written: str) -> str:
    """Tidied, not masked: it may quote a customer. Raises BadPayload."""
    words = written.strip()
    if not SHORTEST_REASON <= len(words) <= LONGEST_REASON:
        raise BadPayload(
            f"Say why in {SHORTEST_REASON} to {LONGEST_REASON} characters: the reason stands in the audit log."
        )
    return words


def note_of_change(written: str) -> str:
    """The line beside a new version of a setting, masked. Raises BadPayload."""
    words = written.strip()
    if not words:
        raise BadPayload("Say why: the reason stands in the audit log.")
    if len(words) > LONGEST_NOTE:
        raise BadPayload(f"The reason is longer than {LONGEST_NOTE} characters.")
    return mask(words).masked
