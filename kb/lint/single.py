"""What can be said about one article without looking at the others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot import neutral
from bot.contracts import Capabilities
from bot.masking import find, mask
from bot.model import LOCALES
from bot.rendering import SEPARATOR, length
from bot.slots import undeclared
from kb.articles import Content, pick
from kb.education import product_link
from kb.lint.dates import Role, dates
from kb.lint.fault import Fault, quote
from kb.wording import objection

SOON_DAYS = 30
OLD_DAYS = 120
"""Figures of a finance firm that rest on a day further back than this want another look."""
_PLACEHOLDER = re.compile(
    r"\{\{.*?\}\}|\$?\{\w+\}|%\(\w+\)s|<[^<>\d\s=][^<>]{0,30}>|_{3,}"
    r"|(?i:(?<![a-z])(?:todo|tbd|tbc|fixme|lorem ipsum)(?![a-z]))"
    r"|(?i:(?<![a-z])x{2,}(?=\s*(?:元|%|年|月|日|號|萬|銀行|公司)))|(?:[○〇]|(?<![A-Za-z])O(?=O)){2,}"
    r"|(?<=[\d月])\s?X+\s?日|待補(?![件繳正足])|待填|待更新|[(\[【](?:請?填|插入|補上|insert\b)[^)\]】]*[)\]】]"
)
_CONTACT = frozenset({"LANDLINE", "EMAIL", "ADDRESS", "COMPANY_TAX_ID", "LINE_ID"})
"""Types that a firm has too. Its own belong into articles; a mobile number or an ID never does."""


def faults(article: Content, now: datetime, zone: ZoneInfo) -> Iterator[Fault]:
    if len(article.questions) == 1:
        yield Fault(article.id, "single_phrasing")
    for locale in LOCALES:
        if locale not in article.answer:
            yield Fault(article.id, "missing_language", {"locale": locale})
    link = product_link(article)
    if link is not None:
        yield Fault(article.id, "education_link", {"link": quote(link)})
    yield from _validity(article, now, zone)
    for text in dict.fromkeys((*article.answer.values(), *article.questions)):
        yield from _text(article.id, text, now, zone)


def _validity(article: Content, now: datetime, zone: ZoneInfo) -> Iterator[Fault]:
    if article.valid_until is None:
        return
    shown = article.valid_until.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    days = (article.valid_until - now).days
    if article.valid_until <= now:
        yield Fault(article.id, "expired", {"date": shown})
    elif days < SOON_DAYS:
        yield Fault(article.id, "expires_soon", {"date": shown, "days": days + 1})


def _text(article: str, text: str, now: datetime, zone: ZoneInfo) -> Iterator[Fault]:
    today = now.astimezone(zone).date()
    for written, day, role in dates(text):
        left = (day - today).days
        if role is Role.BASIS and left < -OLD_DAYS:
            yield Fault(article, "old_basis", {"text": quote(written), "days": OLD_DAYS})
        elif role is Role.END and left < 0:
            yield Fault(article, "past_date", {"text": quote(written)})
        elif role is Role.END and left < SOON_DAYS:
            yield Fault(article, "date_soon", {"text": quote(written), "days": left + 1})
    hit = _PLACEHOLDER.search(unicodedata.normalize("NFKC", text))
    if hit:
        yield Fault(article, "placeholder", {"text": quote(hit.group())})
    for span in find(text):
        kind = "contact_data" if span.type in _CONTACT else "personal_data"
        shown = _hidden(text, span.start, span.end)
        yield Fault(article, kind, {"type": span.type, "masked": shown})
    problem = neutral.objection(text) or objection(text)
    if problem:
        yield Fault(article, "wording", {"problem": problem})


def _hidden(text: str, start: int, end: int) -> str:
    """The masked form of one finding, found again in its own sentence: some types need their context."""
    before, after = mask(text[:start]).masked, mask(text[end:]).masked
    whole = mask(text).masked
    fits = whole.startswith(before) and whole.endswith(after) and len(whole) > len(before) + len(after)
    return whole[len(before) : len(whole) - len(after)] if fits else "***"


def lengths(
    article: Content, disclosures: tuple[Content, ...], limits: Mapping[str, Capabilities]
) -> Iterator[Fault]:
    """Answers that a channel cannot show in one message, alone or with their disclosures."""
    for channel, locale in ((channel, locale) for channel in limits for locale in article.answer):
        limit = limits[channel]
        alone = article.answer[locale]
        joined = SEPARATOR.join((alone, *(pick(d.answer, locale) for d in disclosures)))
        for kind, text in (("split_answer", alone), ("disclosure_apart", joined)):
            size = length(text, limit.text_unit)
            if size > limit.text:
                yield Fault(article.id, kind, _size(channel, locale, size, limit))
                break


def split_disclosures(disclosure: Content, limits: Mapping[str, Capabilities]) -> Iterator[Fault]:
    """A disclosure may be sent by itself, never in pieces."""
    for channel, limit in limits.items():
        for locale, text in disclosure.answer.items():
            size = length(text, limit.text_unit)
            if size > limit.text:
                yield Fault(disclosure.id, "split_disclosure", _size(channel, locale, size, limit))


def unknown_slots(notice: Content) -> Iterator[Fault]:
    """Places that the code which says this notice does not fill."""
    for text in notice.answer.values():
        place = undeclared(notice.kind, notice.id, text)
        if place is not None:
            yield Fault(notice.id, "unknown_slot", {"text": place})


def _size(channel: str, locale: str, size: int, limit: Capabilities) -> dict[str, str | int]:
    return {"channel": channel, "locale": locale, "length": size, "limit": limit.text}
