"""What requests and complaints say in English, for `inbox/sentences.py`."""

from __future__ import annotations


def _l(written: str) -> str:
    """Marks a sentence for the catalogue and leaves it as it is."""
    return written


KNOWN = (
    _l("There is no such case, or it is not yours to read."),
    _l("A colleague has changed this case; reload and look again."),
    _l("Your role takes no requests in."),
    _l("Only a supervisor writes the decision of a request."),
    _l("Only a compliance officer agrees to a decision."),
    _l("Only senior agents and supervisors work on complaints."),
    _l("Nobody agrees to their own work: another compliance officer has to."),
    _l("Nothing can have been received in the future."),
    _l("Give a day within the last year."),
    _l("Give the day like 2026-11-23."),
    _l("This step is not due now: look at how the case stands."),
    _l("The text is longer than %(limit)s characters."),
    _l("Choose one of the list."),
    _l("Write down what the customer asks for."),
    _l("Write down what the complaint is about."),
    _l("Say what was checked."),
    _l("Write the reason: the customer gets it in writing."),
    _l("The term was made longer already: the law allows it once."),
    _l("The term is over: it cannot be made longer any more."),
    _l("Write the reason of the decision."),
    _l("Check first who asks: nothing is granted to somebody unknown."),
    _l("Say what has to be done differently."),
    _l("Do first what was granted, then tell the customer."),
    _l("Write down what the customer was told."),
    _l("Write down how the customer said so."),
    _l("A name has 1 to %(limit)s characters."),
    _l("A copy is done by making its package."),
    _l("This request was not granted."),
    _l("Write the note first."),
    _l("This conversation does not belong to the case."),
    _l("The text on the ombudsman is not in force: approve it under Notices."),
    _l("Say how the customer was told of the ombudsman, or why not."),
    _l("Record the reply first: a complaint without one is not handled."),
    _l("Send the text on the ombudsman first, or say how the customer was told."),
    _l("Write how it ended."),
)
