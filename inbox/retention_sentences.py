"""What terms, holds and destruction say in English, for `inbox/sentences.py`."""

from __future__ import annotations


def _l(written: str) -> str:
    """Marks a sentence for the catalogue and leaves it as it is."""
    return written


KNOWN = (
    _l("Only a compliance officer places or lifts a hold."),
    _l("Only a compliance officer states how long records are kept."),
    _l("There is a hold on this customer already."),
    _l("No hold stands on this customer."),
    _l("There is no such hold."),
    _l("Nothing of this hold waits for a decision."),
    _l("A second compliance officer has to agree."),
    _l("A colleague has changed this hold; reload and look again."),
    _l("This customer's records are being erased already."),
    _l(
        "Some of these records are younger than their term, or a hold or dispute stands: they cannot be deleted."
    ),
    _l("Say when the relationship ended, and only where it has."),
    _l("A relationship cannot have ended in the future."),
    _l("Give the legal basis, in at most %(limit)s characters."),
)
