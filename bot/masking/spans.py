"""The values this package speaks in: what was found, where, and the text with it hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Profile = Literal["screen", "model"]

TYPES: Final = (
    "TW_ID",
    "ARC_NEW",
    "ARC_OLD",
    "COMPANY_TAX_ID",
    "PASSPORT",
    "CREDIT_CARD",
    "BANK_ACCOUNT",
    "MOBILE",
    "LANDLINE",
    "EMAIL",
    "ADDRESS",
    "BIRTHDAY",
    "LINE_ID",
    "NHI_CARD",
    "CAR_PLATE",
    "SECRET",
)


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of personal data: `text[start:end]` in code points of the text as it was given."""

    type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Masked:
    """The text with every span replaced, and the spans (offsets of the text before masking)."""

    masked: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible span in offsets of the normalised copy; where two overlap the lower rank wins.

    Ranks: 0 a check digit proves it, 1 a shape nothing else has, 2 its own name stands beside it,
    3 a usual shape, 4 weak evidence, 9 a bare number (model profile only).
    """

    type: str
    start: int
    end: int
    rank: int
