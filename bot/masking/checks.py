"""Check digits (compliance.md 1.1 to 1.3). Arguments are normalised: ASCII, no separators, any case."""

from __future__ import annotations

from typing import Final

# The ministry's order, not the alphabet's: I, O, W and Z were added after the others had been dealt out.
_LETTERS: Final = {letter: 10 + n for n, letter in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO")}
_ID_WEIGHTS: Final = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
_COMPANY_WEIGHTS: Final = (1, 2, 1, 2, 1, 2, 4, 1)


def is_national_id(value: str) -> bool:
    """Whether 10 characters satisfy the check digit shared by national ids and old and new ARC numbers.

    Only the arithmetic: one random number in ten passes. The caller decides the type from the second character.
    """
    value = value.upper()
    if len(value) != 10 or not value.isascii() or value[0] not in _LETTERS:
        return False
    if not value[2:].isdigit():
        return False
    second = value[1]
    if second.isdigit():
        unit = int(second)
    elif second in "ABCD":
        unit = _LETTERS[second] % 10
    else:
        return False
    first = _LETTERS[value[0]]
    digits = (first // 10, first % 10, unit, *map(int, value[2:]))
    return sum(d * w for d, w in zip(digits, _ID_WEIGHTS, strict=True)) % 10 == 0


def is_company_number(value: str) -> bool:
    """Whether 8 digits satisfy the rule in force since 2023-04-01 (sum divisible by 5)."""
    if len(value) != 8 or not (value.isascii() and value.isdigit()):
        return False
    products = (int(d) * w for d, w in zip(value, _COMPANY_WEIGHTS, strict=True))
    total = sum(p // 10 + p % 10 for p in products)
    return total % 5 == 0 or (value[6] == "7" and (total + 1) % 5 == 0)


def is_luhn(digits: str) -> bool:
    """Whether a string of ASCII digits satisfies Luhn's sum."""
    total = 0
    for n, char in enumerate(reversed(digits)):
        d = int(char)
        if n % 2:
            d = d * 2 - 9 if d > 4 else d * 2
        total += d
    return bool(digits) and total % 10 == 0


def has_brand(digits: str) -> bool:
    """Whether the prefix and the length belong to a card brand (compliance.md 1.3)."""
    n = len(digits)
    if n < 13 or n > 19:
        return False
    two, three, four = int(digits[:2]), int(digits[:3]), int(digits[:4])
    if digits[0] == "4":
        return n in (13, 16, 19)
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return n == 16
    if 3528 <= four <= 3589:
        return 16 <= n <= 19
    if two in (34, 37):
        return n == 15
    if 300 <= three <= 305 or two in (36, 38, 39):
        return 14 <= n <= 19
    if two in (62, 65) or four == 6011 or 644 <= three <= 649:
        return 16 <= n <= 19
    return False


def is_ean(digits: str) -> bool:
    """Whether 13 digits are a retail barcode: Taiwan's prefix 471, or the check digit of EAN-13."""
    if len(digits) != 13:
        return False
    total = sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(digits))
    return digits.startswith("471") or total % 10 == 0


def is_card(digits: str) -> bool:
    """Whether 13 to 19 digits are a payment card: brand prefix, its length, and Luhn."""
    return has_brand(digits) and is_luhn(digits)
