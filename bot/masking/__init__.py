"""Detection and masking of personal data in Taiwanese customers' texts. Pure: no I/O, no state.

`find` says what is where, `mask` hides it for people (`screen`) or for models and logs (`model`), `strip` removes it
before a search, `redact` is for log values, `bot.masking.destroy` ends codes and passwords at intake. Formats and check
digits: the compliance notes of the project.
"""

from __future__ import annotations

from bot.masking.detect import find, mask, pieces, redact, strip
from bot.masking.spans import TYPES, Masked, Profile, Span

__all__ = ["TYPES", "Masked", "Profile", "Span", "find", "mask", "pieces", "redact", "strip"]
