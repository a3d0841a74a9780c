"""Sentences of saved replies, articles at hand and files that an agent sees."""

from __future__ import annotations


def _l(written: str) -> str:
    """Marks a sentence for the catalogue and leaves it as it is."""
    return written


KNOWN = (
    _l(
        "This tells of a report or a look into transactions, which nobody may tell a customer. "
        "Say only that it is being handled under the usual procedures and takes some more time."
    ),
    _l("This article is not in force any more."),
    _l("This article has changed since you read it: look at it again."),
    _l("There is no such saved reply."),
    _l("A supervisor writes the firm's saved replies."),
    _l("There is a saved reply with this shortcut already."),
    _l("There may be %(most)s saved replies: delete one first."),
    _l("A shortcut has 1 to 24 letters, digits or hyphens."),
    _l("Write the reply first."),
    _l("A saved reply has %(limit)s characters at most."),
    _l("Only {customer_name} and {agent_name} may stand in braces."),
    _l("There is personal data in it: a saved reply is for everybody."),
    _l("This reads as personal advice, which no saved reply may give."),
    _l("LINE opens files from an https address only: set TELLER_PUBLIC_URL first."),
    _l("A file may have 10 MB at most."),
    _l("Only pictures (JPEG, PNG) and PDF files can be sent."),
    _l("Choose a file first."),
    _l("There is no such file."),
)
