"""Sentences of the knowledge base, as `kb` writes them, for the catalogue; see `sentences.py`."""

from __future__ import annotations


def _l(written: str) -> str:
    """Marks a sentence for the catalogue and leaves it as it is."""
    return written


KNOWN = (
    # the review
    _l("%(id)s was written by the same person: somebody else has to approve it."),
    _l("%(id)s was changed since you read it: read version %(version)s first."),
    _l("%(id)s is about %(product_class)s: approve a disclosure for that class first."),
    _l("%(id)s ran out before its approval: give it a later valid_until."),
    _l("%(id)s travels with approved articles: approve its next version instead."),
    _l("The bot needs the notice %(id)s: approve its next version instead."),
    _l("%(id)s: 「%(words)s」 reads as personalised advice; reword it."),
    _l("%(id)s: 「%(words)s」 promises a result; reword it."),
    _l("%(id)s is education, which may not steer to a product: take out %(link)s."),
    _l("%(id)s still has %(words)s in its answer: write the answer first."),
    _l("%(id)s is already in review."),
    _l("%(id)s is not in review."),
    _l("%(id)s has no version in force."),
    _l("There is no such version of %(id)s."),
    _l("A rejection needs a reason for the author."),
    _l("Somebody else changed the same article a moment ago: look again."),
    _l("There is no such content."),
    _l("There is no such kind of content."),
    _l("Your role may not write this kind of content."),
    # a form or a row of a file
    _l("id is missing"),
    _l("id must be text"),
    _l("id must be at most %(limit)s characters without spaces"),
    _l("id %(id)s is already in row %(row)s"),
    _l("questions is missing"),
    _l("questions is empty"),
    _l("questions must be a list of texts"),
    _l("a question has control characters or more than %(limit)s characters"),
    _l("answer is missing"),
    _l("answer for %(locale)s must be text and not empty"),
    _l("answer for %(locale)s has control characters or more than %(limit)s characters"),
    _l("product_class must be one of %(classes)s"),
    _l("valid_until is not after valid_from"),
    _l("%(field)s must be a date such as 2026-12-31 or 2026-12-31T17:00"),
    # a file as a whole
    _l("The first row must name the columns; missing: %(columns)s."),
    _l("Cannot read %(file)s: use one of %(kinds)s."),
    _l("An answer has characters that Excel cannot hold: export .jsonl instead."),
)
