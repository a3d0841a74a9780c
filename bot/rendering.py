"""From references to what a customer reads: approved texts byte for byte, disclosures joined, never truncated.

The slots of a template hold the values of its part (`bot.slots`); everything around them is the approved text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.contracts import Capabilities, Finder
from bot.model import DEFAULT_LOCALE, Button, ContentKind, Ref
from bot.slots import Filled, text_of

SEPARATOR = "\n\n"
JOINS = ("privacy_link",)
"""Notices that belong to the message before them, as disclosures do."""
CJK = re.compile(r"[㐀-鿿豈-﫿ㄅ-ㄯ]")
LATIN = re.compile(r"[A-Za-z]{2,}")


@dataclass(frozen=True, slots=True)
class Rendered:
    text: str = field(repr=False)
    refs: tuple[Ref, ...]
    buttons: tuple[tuple[str, str], ...] = ()


def spoken(text: str, known: str | None) -> str | None:
    """The language that `text` shows. One Latin word (ATM, ETF, ok) shows none where the customer's is known."""
    if CJK.search(text):
        return DEFAULT_LOCALE
    words = LATIN.findall(text)
    return "en" if len(words) > 1 or (words and known is None) else None


def locale_of(text: str, known: str | None, default: str) -> str:
    """The language to answer in: that of the message where it shows, else the customer's, else the firm's."""
    if shown := spoken(text, known):
        return shown
    if known:
        return "en" if known.lower().startswith("en") else DEFAULT_LOCALE
    return default


def length(text: str, unit: str) -> int:
    return len(text.encode("utf-16-le")) // 2 if unit == "utf16" else len(text)


def render(
    parts: Sequence[Ref], buttons: Sequence[Button], locale: str, finder: Finder, limits: Capabilities
) -> list[Rendered]:
    """One message a part; a disclosure joins the part before it, or goes ahead of it as a message of its own when
    both do not fit the platform's limit. Buttons belong to the last message. Raises KeyError for a reference
    that was never approved, or a slot that has no value."""
    messages: list[Rendered] = []
    for part in parts:
        ref = part.ref if isinstance(part, Filled) else part
        text = text_of(part, finder.text(ref, locale))
        joins = ref.kind is ContentKind.DISCLOSURE or ref.id in JOINS
        if not joins or not messages:
            messages.append(Rendered(text, (ref,)))
            continue
        joined = messages[-1].text + SEPARATOR + text
        if length(joined, limits.text_unit) <= limits.text:
            messages[-1] = Rendered(joined, (*messages[-1].refs, ref))
        else:
            messages.insert(len(messages) - 1, Rendered(text, (ref,)))
    if messages and buttons:
        labels = tuple((finder.title(button.ref, locale), button.value) for button in buttons)
        messages[-1] = Rendered(messages[-1].text, messages[-1].refs, labels)
    return messages
