"""What the weekly audit and AI governance say in English, for `inbox/sentences.py`."""

from __future__ import annotations


def _l(written: str) -> str:
    """Marks a sentence for the catalogue and leaves it as it is."""
    return written


KNOWN = (
    _l("There is no such verdict."),
    _l("Say why: what is wrong with it, or what was done."),
    _l("Your role does not do this in the weekly audit."),
    _l("A week is written like 2026-W48."),
    _l("The week is not over: its seed stays sealed until then."),
    _l("There is no such sample."),
    _l("This reply has not been reviewed yet."),
    _l("There is no such reply in a sample."),
    _l("There is no such finding."),
    _l("A colleague was quicker with this reply: the page now shows how things stand."),
    _l("You have reviewed this reply: somebody else says the rest."),
    _l("You wrote or approved what this reply says: somebody else reviews it."),
    _l("Not every reply of the sample has its verdict yet."),
    _l("A colleague has signed this report."),
    _l("A colleague has closed this finding."),
    _l("Take the finding first: it is somebody else's."),
    _l("This reply says a notice, which the bot needs: have its next version approved."),
    _l("This reply was found right."),
    _l("There is no such system."),
    _l("Only compliance writes the inventory."),
    _l("A colleague has written this entry meanwhile: look again."),
    _l("Name an owner: a person or a department."),
    _l("Say of each risk factor whether it is low, medium or high."),
    _l("Give the day of the review as YYYY-MM-DD."),
    _l("A review cannot be in the future."),
    _l("The assessment has 3 to %(most)s characters."),
)
