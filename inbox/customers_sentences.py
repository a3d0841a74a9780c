"""What the house says of customers and their links, for `inbox.sentences`."""

from __future__ import annotations


def _l(written: str) -> str:
    """Marks a sentence for the catalogue and leaves it as it is."""
    return written


KNOWN = (
    _l("There is no such customer, or none that you serve now."),
    _l("There is no such customer."),
    _l("There is no such link."),
    _l("A colleague has undone this link."),
    _l("These belong together already."),
    _l("Write the note first."),
    _l("The note is longer than %(limit)s characters."),
    _l("The note to correct is not this customer's."),
    _l("At most %(most)s tags of %(length)s characters each."),
    _l("A risk mark is none, watch or high."),
    _l("Only a senior agent or a supervisor lowers a risk mark."),
    _l("Only a senior agent or a supervisor links customers: write a note about it."),
    _l("Your role reads about customers and changes nothing."),
    _l("This page of the history is gone; begin at its top."),
)
