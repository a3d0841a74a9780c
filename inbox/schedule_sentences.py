"""Sentences about service hours and assignment, as `bot` writes them, for the catalogue; see `sentences.py`."""

from __future__ import annotations


def _l(written: str) -> str:
    """Marks a sentence for the catalogue and leaves it as it is."""
    return written


KNOWN = (
    # bot/hours_document.py
    _l("A day has at most %(most)s spans."),
    _l("“%(span)s” is no span of hours: write it like 09:00-18:00."),
    _l("%(before)s and %(after)s overlap on one day."),
    _l("“%(date)s” is no date: write it like 2026-07-10."),
    _l("%(date)s stands among the exceptions twice."),
    _l("There are at most %(most)s exceptions: remove old ones."),
    _l("Nobody would ever answer: give at least one day of the week its hours."),
    _l("There is no calendar called %(name)s."),
    # bot/desk/hours.py
    _l("Supervisors and administrators set the service hours."),
    _l("Somebody changed the service hours meanwhile; reload and look again."),
    _l("Say why: the reason stands in the audit log."),
    _l("Nothing was changed."),
    # bot/desk/routing_rules.py
    _l("Supervisors and administrators set how conversations are given out."),
    _l("Somebody changed the rules of assignment meanwhile; reload and look again."),
    _l("Say how conversations are given out: automatically, or taken by hand."),
    _l("Times are whole minutes from %(least)s to %(most)s."),
    # bot/desk/availability.py
    _l("Your role answers no customers."),
    _l("Choose available, away or offline."),
    _l("Your desk changed a moment ago; look again."),
)
