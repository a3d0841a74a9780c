"""What packs for the examiner say in English, for `inbox/sentences.py`."""

from __future__ import annotations


def _l(written: str) -> str:
    """Marks a sentence for the catalogue and leaves it as it is."""
    return written


KNOWN = (
    _l("Packs are made by compliance."),
    _l("You proposed it: another officer has to agree."),
    _l("There is no such pack."),
    _l("This pack is not here (any more); order it again."),
    _l("A colleague has decided already; reload and look again."),
    _l("Give both days as YYYY-MM-DD, for example 2026-11-01."),
    _l("The last day is before the first: exchange them."),
    _l("Unmasked packs need a reason: say why masked text does not do."),
    _l("An examiner's order has a number: give it as the reason."),
)
