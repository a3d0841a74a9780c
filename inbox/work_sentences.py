"""What the desk says of handing on, putting off, tagging, noting and reopening, for `sentences.py`."""

from __future__ import annotations


def _l(written: str) -> str:
    """Marks a sentence for the catalogue and leaves it as it is."""
    return written


KNOWN = (
    _l("Choose a moment that is still to come."),
    _l("A conversation is put off for at most %(days)s days."),
    _l("Choose a colleague who answers customers."),
    _l("It is with this colleague already."),
    _l("Complaints are for senior agents and supervisors: choose one of them."),
    _l("That a complaint is none after all is a supervisor's word."),
    _l("Choose one of the skills."),
    _l("Write the note first."),
    _l("A note has at most %(limit)s characters."),
    _l("%(name)s may not read this conversation, so a note cannot call them."),
    _l("A tag has 1 to %(limit)s characters and no commas."),
    _l("This looks like personal data: a tag must not hold any."),
    _l("A conversation has at most %(limit)s tags."),
    _l("This conversation is open already."),
    _l("This customer has a newer conversation: go on there."),
    _l("Only a message that certainly did not arrive is sent again."),
    _l("This page of the list is gone; begin at its top."),
)
