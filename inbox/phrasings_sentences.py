"""Sentences of phrasings and of the model's drafts, as `bot` and `kb` write them; see `sentences.py`."""

from __future__ import annotations


def _l(written: str) -> str:
    """Marks a sentence for the catalogue and leaves it as it is."""
    return written


KNOWN = (
    _l("A colleague has decided on some of them: look again."),
    _l("A phrasing has more than %(limit)s characters: shorten it."),
    _l("A phrasing holds personal data: take it out."),
    _l("A version of this article is in review: take phrasings over when it is decided."),
    _l("Choose at least one phrasing that is not there yet."),
    _l("Choose how long the page stays open."),
    _l("Describe the article in 1 to %(limit)s characters."),
    _l("Only a supervisor or a compliance officer reads customers' questions here."),
    _l("Only a supervisor or a compliance officer takes over customers' questions."),
    _l("Say that you have read them: a machine does not know a name from a word."),
    _l("The customer has written nothing to answer yet."),
    _l("The description holds personal data: take it out."),
    _l("There is no model to ask; set OPENAI_API_KEY."),
    _l("There is no such page."),
    _l("This article is not in force any more."),
    _l("This page has ended: nothing was taken."),
    _l("This page is closed already."),
)
