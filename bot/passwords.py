"""Which passwords are too easy to guess: length, a list of known ones, and words that are near at hand (the person's
name and address, names of firm, products and this system); no rules on kinds of characters.

The list is the common part of published leaks (from zxcvbn, MIT), with what Taiwan types (`ji32k7au4a83`) and our own
demo password added; nothing is asked of any server.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import resources

MIN, MAX = 12, 256
FEWEST_CHARACTERS = 5
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb",
)
_REPEATED = re.compile(r"(.{1,6}?)\1+$")

TOO_SHORT = f"The password needs {MIN} to {MAX} characters. A sentence of your own is easy to remember."
COMMON = (
    "This password is on lists of known ones. Choose another: several words that do not belong together, say."
)
SIMPLE = "This password is a pattern that is guessed early. Choose another: a sentence of your own, say."
PERSONAL = "The password contains your name or e-mail address. Choose another."
CONTEXT = "The password contains the name of the firm, of a product or of this system. Choose another."

PRODUCT = ("Teller",)
# What is typed in place of a letter; l and i are one, as 1 stands for both.
_ALIKE = str.maketrans("0134578@$!|l", "oieastbasiii")
_BETWEEN = re.compile(r"[\W_]+")
_SIGNS = re.compile(r"[^\w\s]|_")


@cache
def known() -> frozenset[str]:
    return frozenset(resources.files("bot").joinpath("passwords.txt").read_text("utf-8").split())


def _is_pattern(text: str) -> bool:
    if len(set(text)) < FEWEST_CHARACTERS or _REPEATED.fullmatch(text):
        return True
    runs = [row + row for row in _ROWS] + [(row + row)[::-1] for row in _ROWS]
    rest = text
    while rest:
        # Cut the longest piece of a row off the front; a password that is nothing but such pieces is one.
        size = next((n for n in range(len(rest), 2, -1) if any(rest[:n] in run for run in runs)), 0)
        if not size:
            return False
        rest = rest[size:]
    return True


def _read(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _parts(name: str) -> list[str]:
    return [part.translate(_ALIKE) for part in _BETWEEN.split(_read(name)) if part]


def _personal(names: Iterable[str]) -> list[list[str]]:
    """Each name and each side of an address as a whole, and its parts; a Chinese name is short and one part."""
    whole = [_parts(side) for name in names for side in name.split("@")]
    found = [*whole, *([part] for parts in whole for part in parts)]
    return [parts for parts in found if len(one := "".join(parts)) >= (4 if one.isascii() else 2)]


def _leans_on(text: str, names: Iterable[list[str]]) -> bool:
    """Whether some of these are in it and too little else: with signs within or digits for letters, those of several
    parts also with spaces. In a long sentence a name gives nothing away."""
    tight = _SIGNS.sub("", _read(text).translate(_ALIKE))
    rest = tight
    # A name of one part first, while the spaces are still there: `hotel lerwick` holds no teller.
    for parts in sorted(filter(None, names), key=lambda parts: (len(parts) > 1, -len("".join(parts)))):
        rest = ("".join(rest.split()) if len(parts) > 1 else rest).replace("".join(parts), "")
    taken = len("".join(tight.split())) - len("".join(rest.split()))
    return taken > 0 and len("".join(rest.split())) < MIN


def weak(password: str, *personal: str, context: Iterable[str] = ()) -> str | None:
    """Why `password` will not do, as a sentence; None for one that will. `personal`: name, e-mail address;
    `context`: names of the firm, its products and this system."""
    if not MIN <= len(password) <= MAX:
        return TOO_SHORT
    text = password.casefold()
    core = text.strip("0123456789 !@#$%^&*()-_=+.?~,;:")
    if text in known() or core in known() or "".join(filter(str.isalnum, text)) in known():
        return COMMON
    if _is_pattern(text):
        return SIMPLE
    if _leans_on(password, _personal(personal)):
        return PERSONAL
    if _leans_on(password, map(_parts, (*PRODUCT, *context))):
        return CONTEXT
    return None
