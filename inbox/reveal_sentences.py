"""What a reveal says when it refuses, for `sentences.py`."""

from __future__ import annotations


def _l(written: str) -> str:
    """Marks a sentence for the catalogue and leaves it as it is."""
    return written


KNOWN = (
    _l("There is no such field, or it is not yours to read."),
    _l("A code or a password is never shown."),
    _l("Choose a reason and say in a few words why you need it."),
    _l("You have looked at too many fields within an hour. It was reported."),
    _l("Set up a second factor first: My account shows how."),
)
