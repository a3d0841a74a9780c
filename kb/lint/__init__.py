"""Reads the knowledge as a careful editor would before an approval, and lists what needs a person.

single   one article: phrasings, languages, dates, placeholders, personal data, links, lengths
pairs    two articles: copies, near-identical questions, contrast siblings
dates    dates that end a fact, Gregorian and 民國
fault    the finding, its severity and its sentence in both languages
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.contracts import Capabilities
from bot.model import ContentKind
from kb.articles import REGULATED, Content, Review
from kb.lint import pairs, single
from kb.lint.fault import KINDS, Fault, Severity
from kb.search.encoders import Encoder
from kb.sources.rows import TAIPEI

__all__ = ["KINDS", "Fault", "Severity", "lint"]


def lint(
    contents: Sequence[Content],
    encoders: Sequence[Encoder] = (),
    *,
    limits: Mapping[str, Capabilities] | None = None,
    cache: Path | None = None,
    now: datetime | None = None,
    zone: ZoneInfo = TAIPEI,
) -> list[Fault]:
    """Findings in `contents`, worst first, always in the same order.

    Of each article and notice the newest version that is not retired is read, drafts included; disclosures count
    where they are approved and in force. `encoders` compare questions by meaning, without any they are compared by
    their words; `cache` is the folder of vectors, `limits` the platforms by channel name, without which no length is
    looked at.
    """
    at = now or datetime.now(UTC)
    articles = _newest(contents)
    disclosures = [c for c in contents if c.kind is ContentKind.DISCLOSURE and c.in_force(at)]
    found = list(pairs.faults(articles, encoders, cache))
    for article in articles:
        found += single.faults(article, at, zone)
        own = tuple(d for d in disclosures if d.product_class is article.product_class)
        if article.product_class in REGULATED and not own:
            found.append(
                Fault(article.id, "missing_disclosure", {"product_class": str(article.product_class)})
            )
        found += single.lengths(article, own, limits or {})
    for disclosure in disclosures:
        found += single.split_disclosures(disclosure, limits or {})
    for notice in _newest(contents, ContentKind.NOTICE):
        found += single.unknown_slots(notice)
    return sorted(found, key=lambda fault: fault.order)


def _newest(contents: Sequence[Content], kind: ContentKind = ContentKind.ARTICLE) -> list[Content]:
    newest: dict[str, Content] = {}
    for content in contents:
        if content.kind is kind and content.status is not Review.RETIRED:
            before = newest.get(content.id)
            if before is None or content.version > before.version:
                newest[content.id] = content
    return [newest[content_id] for content_id in sorted(newest)]
