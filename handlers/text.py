"""One spelling of what a customer typed, so that rules and examples see words and not keyboards."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from opencc import OpenCC

# A decision must stay quick and regular expressions bounded, however long a letter somebody pastes.
LONGEST = 1000

_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]")
_SPACES = re.compile(r"[^\S\n]+")
_GAP_IN_CHINESE = re.compile(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")
_SENTENCE = re.compile(r"[^。!?\n;]+")


@cache
def _converter() -> OpenCC:
    return OpenCC("s2tw")


def traditional(text: str) -> str:
    """Simplified characters become those written in Taiwan."""
    return str(_converter().convert(text))


def normalise(text: str) -> str:
    """NFKC, Traditional, lower case, nothing invisible, no spaces inside Chinese, at most `LONGEST` characters."""
    seen = text if len(text) <= LONGEST else text[: LONGEST // 2] + "\n" + text[-LONGEST // 2 :]
    seen = _INVISIBLE.sub("", unicodedata.normalize("NFKC", seen))
    seen = traditional(seen).casefold()
    return _GAP_IN_CHINESE.sub("", _SPACES.sub(" ", seen)).strip()


def sentences(normalised: str) -> tuple[str, ...]:
    """The sentences without their marks, then the whole text: an exception said in one must not excuse another."""
    parts = [part.strip(" ,.~") for part in _SENTENCE.findall(normalised)]
    parts = [part for part in parts if part]
    whole = normalised.strip(" ,.~。!?;\n")
    return tuple(parts) if parts == [whole] else (*parts, whole)
