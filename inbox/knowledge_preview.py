"""How a version reads on each platform: the very rendering of the pipeline, with that platform's limits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from bot.contracts import Finder
from bot.model import ChannelType, ContentKind, Ref
from bot.rendering import length, render
from bot.slots import as_written
from inbox.auth import console
from inbox.knowledge_desk import kb
from kb.articles import REGULATED, Content, Review, in_force


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message; `used` of `limit` in the platform's own unit. Beyond the limit the adapter sends it in parts."""

    text: str
    used: int
    limit: int

    @property
    def parts(self) -> int:
        return -(-self.used // self.limit)


@dataclass(frozen=True, slots=True)
class Look:
    channel: ChannelType
    locale: str
    bubbles: tuple[Bubble, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """`bare` is True where the class needs a disclosure and none is in force: then nothing of it is shown."""

    looks: tuple[Look, ...]
    bare: bool


class _Shelf:
    """The part of a `Finder` that rendering asks: the texts of these versions."""

    def __init__(self, contents: Iterable[Content]) -> None:
        self._by_ref = {content.ref: content for content in contents}

    def text(self, ref: Ref, locale: str) -> str:
        return self._by_ref[ref].text(locale)

    def title(self, ref: Ref, locale: str) -> str:
        return self._by_ref[ref].title(locale)


def preview(content: Content, now: datetime) -> Preview:
    """Every installed platform in every language the version has, with the disclosures in force at `now`."""
    disclosures: list[Content] = []
    if content.kind is ContentKind.ARTICLE:
        approved = kb().listing(ContentKind.DISCLOSURE, (Review.APPROVED,))
        disclosures = [d for d in in_force(approved, now) if d.product_class is content.product_class]
    shelf = cast(Finder, _Shelf([content, *disclosures]))
    parts = [as_written(content.ref), *(d.ref for d in disclosures)]
    looks = []
    for channel, adapter in console().channels.items():
        limits = adapter.capabilities
        for locale in content.answer:
            rendered = render(parts, (), locale, shelf, limits)
            bubbles = (Bubble(r.text, length(r.text, limits.text_unit), limits.text) for r in rendered)
            looks.append(Look(channel, locale, tuple(bubbles)))
    needed = content.kind is ContentKind.ARTICLE and content.product_class in REGULATED
    return Preview(tuple(looks), needed and not disclosures)
