"""What may leave the machine: text with typed tokens in place of personal data, and a last look at the very bytes.

Masking first and scanning afterwards are done by the same detectors on purpose: the scan is not a second opinion on the
text, it catches a caller who forgot to mask and values that only become one when parts are put together.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from bot.masking import find, mask

LONGEST: Final = 600
"""Characters of one text that are sent; a longer one is cut, for the firm pays by length."""
_ROUNDS: Final = 4
_INVISIBLE: Final = frozenset(("Cc", "Cf", "Co", "Cs", "Cn"))
_SELECTORS: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef\u034f\u115f\u1160\u3164\uffa0]")
# Article 6 of the Personal Data Protection Act: health, genes, sexual life and criminal records go to people only.
_SPECIAL: Final = re.compile(
    r"病歷|病史|罹患|罹癌|癌症|確診|精神疾病|憂鬱症|愛滋|懷孕|流產|基因檢|性生活|性病|健檢報告|健康檢查|前科|犯罪紀錄|"
    r"病历|犯罪记录|\bHIV\b|\bcancer\b|diagnos(?:is|ed)|medical (?:record|history)|criminal record|pregnan",
    re.IGNORECASE,
)


class NotMaskable(ValueError):
    """Masking does not come to rest on this text: it stays here."""


class Unmasked(Exception):
    """The last look found personal data in a request; it was not sent."""


def tokenised(text: str) -> str:
    """`text` without invisible characters and with `[身分證_1]` for what is personal. Raises NotMaskable."""
    seen = visible(text)
    for _ in range(_ROUNDS):
        # Cut after masking: half a number is a number that nothing finds any more.
        masked = mask(seen, "model").masked[:LONGEST]
        if masked == seen:
            return seen
        seen = masked
    raise NotMaskable


def visible(text: str) -> str:
    """Without characters nobody sees: instructions are smuggled in them. Line breaks and tabs become spaces."""
    kept = (" " if char in "\t\r\n" else char for char in text if char in "\t\r\n" or _shows(char))
    return "".join(kept).strip()


def special(texts: Sequence[str]) -> bool:
    """Whether a text touches data of article 6 個資法, which no model may see, masked or not."""
    return any(_SPECIAL.search(unicodedata.normalize("NFKC", visible(text))) for text in texts)


def strings(value: Any) -> Iterator[str]:
    """Every string in a JSON value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from strings(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from strings(inner)


def inspect(body: bytes) -> None:
    """The last look at a request's body. Raises Unmasked where any text in it, at any depth, holds personal data."""
    try:
        parsed = json.loads(body)
    except ValueError:
        raise Unmasked from None
    for text in strings(parsed):
        if any(find(part, "model") for part in _parts(text)):
            raise Unmasked


def _parts(text: str) -> Iterator[str]:
    """The text, and where it is JSON itself also the texts in it: escapes could hide what they hold."""
    yield text
    if text[:1] in "{[":
        try:
            yield from strings(json.loads(text))
        except ValueError:
            return


def _shows(char: str) -> bool:
    return unicodedata.category(char) not in _INVISIBLE and _SELECTORS.match(char) is None
