"""Which passwords are too easy to guess: length and a list of known ones, no rules on kinds of characters.

The list is the common part of published leaks (from zxcvbn, MIT), with what Taiwan types (`ji32k7au4a83`) and our own
demo password added; nothing is asked of any server.
"""

from __future__ import annotations

import re
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


def weak(password: str, *personal: str) -> str | None:
    """Why `password` will not do, as a sentence; None for one that will. `personal`: name, e-mail address."""
    if not MIN <= len(password) <= MAX:
        return TOO_SHORT
    text = password.casefold()
    core = text.strip("0123456789 !@#$%^&*()-_=+.?~,;:")
    if text in known() or core in known() or "".join(filter(str.isalnum, text)) in known():
        return COMMON
    if _is_pattern(text):
        return SIMPLE
    parts = {part for one in personal for part in re.split(r"[\s@.]+", one.casefold()) if len(part) >= 4}
    if any(part in text and len(text) - len(part) < MIN for part in parts):
        return PERSONAL
    return None
