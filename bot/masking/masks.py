"""One mask per type. Two different masks of one number give it away (compliance.md 1.6), so screens, exports
and mails all come here; the model gets typed tokens that carry no digit at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from bot.masking.places import area

TOKENS: Final[dict[str, str]] = {
    "TW_ID": "身分證",
    "ARC_NEW": "居留證",
    "ARC_OLD": "居留證",
    "COMPANY_TAX_ID": "統編",
    "PASSPORT": "護照",
    "CREDIT_CARD": "卡號",
    "BANK_ACCOUNT": "帳號",
    "MOBILE": "手機",
    "LANDLINE": "市話",
    "EMAIL": "信箱",
    "ADDRESS": "地址",
    "BIRTHDAY": "生日",
    "LINE_ID": "LINE",
    "NHI_CARD": "健保卡",
    "CAR_PLATE": "車牌",
    "SECRET": "機密",
}
_AREAS: Final = ("0836", "082", "089", "049", "037", "070")
_COUNTRY: Final = re.compile(r"^(?:00|002)?8860?(?=[2-9])")
_MISREAD: Final = str.maketrans("oil", "011")
_NOT_ALNUM: Final = re.compile(r"[^a-z0-9]")


def canonical(type_: str, value: str) -> str:
    """The value without the accidents of typing, so that one number gets one mask and one token.

    `value` is a slice of the normalised copy. Letters come back in upper case except for e-mail and LINE.
    """
    if type_ == "EMAIL":
        value = re.sub(
            r"\s?(?:[(\[{<「【]\s?(?:at|a|小老鼠|@)\s?[)\]}>」】]| at |小老鼠|艾特|_at_)\s?", "@", value
        )
        return re.sub(r"\s?[(\[{]\s?(?:dot|點)\s?[)\]}]\s?| dot |[點。]", ".", value).replace(" ", "")
    if type_ in ("LINE_ID", "SECRET"):
        return value
    if type_ in ("ADDRESS", "BIRTHDAY"):
        return re.sub(r"\s", "", value)
    if type_ == "LANDLINE":
        value = re.split(r"#|轉|分機|ext|x", value, maxsplit=1)[0]
    plain = _NOT_ALNUM.sub("", value)
    if type_ == "MOBILE":
        plain = plain.translate(_MISREAD)
    if type_ in ("MOBILE", "LANDLINE"):
        plain = _COUNTRY.sub("0", plain)
        if type_ == "MOBILE" and len(plain) == 9 and plain[0] == "9":
            plain = "0" + plain
    return plain.upper()


def screen(type_: str, value: str) -> str:
    """What a person may see of a value (a slice of the normalised copy)."""
    return _SCREEN[type_](canonical(type_, value))


def token(type_: str, number: int) -> str:
    """What a model or a log sees: `[身分證_1]`; secrets are not even counted."""
    return "[機密]" if type_ == "SECRET" else f"[{TOKENS[type_]}_{number}]"


def _ends(head: int, tail: int, least: int) -> Callable[[str], str]:
    """Keep `head` and `tail` characters, but never hide fewer than `least`."""

    def mask(value: str) -> str:
        if len(value) < head + tail + least:
            return "*" * max(len(value), least)
        return value[:head] + "*" * (len(value) - head - tail) + value[len(value) - tail :]

    return mask


def _mobile(value: str) -> str:
    if len(value) != 10 or not value.startswith("09"):
        return "*" * max(len(value) - 3, 4) + value[-3:] if len(value) > 7 else "*" * 7
    return f"{value[:4]}***{value[-3:]}"


def _landline(value: str) -> str:
    if not value.startswith("0"):
        return "****-" + value[-4:] if len(value) >= 7 else "****"
    code = next((a for a in _AREAS if value.startswith(a)), value[:2])
    return f"{code}-****-{value[-4:]}" if len(value) - len(code) > 5 else f"{code}-****"


def _email(value: str) -> str:
    local, _, domain = value.partition("@")
    return f"{local[:1] if len(local) > 1 else ''}***@{domain}"


def _line(value: str) -> str:
    return f"{value[:2]}*****{value[-2:]}" if len(value) >= 8 else f"{value[:1]}*****"


def _plate(value: str) -> str:
    # The digits carry the identity; two of them stay, as on a parking receipt.
    letters = value.rstrip("0123456789")
    if letters and letters != value and letters.isalpha():
        digits = value[len(letters) :]
        return f"{letters}-{'*' * (len(digits) - 2)}{digits[-2:]}"
    digits = value[: len(value) - len(value.lstrip("0123456789"))]
    return f"{'*' * max(len(digits) - 2, 2)}{digits[-2:]}-{value[len(digits) :]}"


_SCREEN: Final[dict[str, Callable[[str], str]]] = {
    "TW_ID": _ends(3, 3, 3),
    "ARC_NEW": _ends(3, 3, 3),
    "ARC_OLD": _ends(3, 3, 3),
    "COMPANY_TAX_ID": lambda value: value[:4] + "****",
    "PASSPORT": _ends(1, 3, 3),
    "CREDIT_CARD": _ends(0, 4, 4),
    "BANK_ACCOUNT": _ends(0, 4, 3),
    "MOBILE": _mobile,
    "LANDLINE": _landline,
    "EMAIL": _email,
    "ADDRESS": lambda value: area(value) + "***",
    "BIRTHDAY": lambda _: "**年**月**日",
    "LINE_ID": _line,
    "NHI_CARD": _ends(4, 4, 2),
    "CAR_PLATE": _plate,
    "SECRET": lambda _: "[機密]",
}
