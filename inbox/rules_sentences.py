"""Sentences about the hand-off rules, as `bot` and `handlers` write them, for the catalogue; see `sentences.py`."""

from __future__ import annotations


def _l(written: str) -> str:
    """Marks a sentence for the catalogue and leaves it as it is."""
    return written


KNOWN = (
    # bot/policies.py
    _l("There is no such version of the rules."),
    _l("These rules do not match their hash: they were changed outside the review."),
    _l("Say what is changed and why: the reviewer reads it first."),
    _l("Nothing differs from the rules in force."),
    _l("An example holds personal data: write it in your own words."),
    _l("Somebody else saved a version while you were writing."),
    _l("Other rules came into force meanwhile: start from those."),
    _l("The author never approves his own rules."),
    _l("Its examples have not been read against the rules in force yet: do that first."),
    _l("Say what the author should change."),
    _l("Only a compliance officer decides about rules."),
    _l("This version is not in review."),
    _l("These are not the rules you read: read them first."),
    _l("Somebody was quicker: look at the version again."),
    _l("Your role may not write rules."),
    # handlers/policy_document.py; the longer ones first, as the first that fits is taken
    _l("%(table)s, rule %(name)s: there is no word list %(list)s."),
    _l("%(table)s, rule %(name)s: its id has 1 to %(n)s characters."),
    _l("%(table)s, rule %(name)s: without a pattern it never applies."),
    _l("%(table)s, rule %(name)s: at most %(n)s patterns."),
    _l("%(place)s: a repeated part can be read in two ways, which may take for ever: see `*` and `+`."),
    _l("%(place)s: a repeated part is too large."),
    _l("%(place)s: it takes too long on some texts: fewer gaps, or shorter ones."),
    _l("%(place)s: it is not a regular expression: %(why)s."),
    _l("%(place)s: a repeat counts up to %(n)s."),
    _l("%(place)s: named groups and flags are not allowed."),
    _l("%(place)s: %(what)s is not part of the pattern language."),
    _l("%(place)s: a pattern has up to %(n)s characters."),
    _l("%(table)s: a hand-off needs at least one rule."),
    _l("%(table)s: the rule %(name)s is there twice."),
    _l("words, %(name)s: a list is named by small letters and underscores, and not gap."),
    _l("words, %(name)s: a list cannot stand in a list."),
    _l("typos, %(name)s: up to %(n)s characters, and not none."),
    _l("examples, %(label)s: at least %(n)s sentences, or nobody can tell what it means."),
    _l("examples, %(label)s: %(text)s is longer than %(n)s characters."),
    _l("examples: %(text)s is an example of %(one)s and of %(other)s."),
)
