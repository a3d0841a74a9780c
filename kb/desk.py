"""What the command line and the console call: whole files and lists of ids, with a report of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.errors import BadPayload, NotAllowed, ServiceError
from bot.model import ContentKind, ProductClass
from kb import export, review, sources
from kb.articles import Content, Review, in_force
from kb.review import Audit, Draft, no_audit
from kb.sources import BadRow, Row
from kb.sources.rows import TAIPEI
from kb.store import Store

SHIPPED_AUTHOR, SHIPPED_APPROVER = "teller", "teller-release"
_HERE = Path(__file__).parent
_BATCH = 200  # drafts a transaction: far below MongoDB's 16 MB and its 60 s


@dataclass(frozen=True, slots=True)
class Imported:
    """`added` are ids in file order; `bad` the rows that stayed out and why."""

    added: tuple[str, ...]
    bad: tuple[BadRow, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """`done` are the versions that moved; `refused` maps an id to the sentence why it did not; `barred` are
    those of them that somebody else has to decide."""

    done: tuple[Content, ...]
    refused: Mapping[str, str]
    barred: frozenset[str] = frozenset()


def import_file(
    store: Store, path: Path, author: str, audit: Audit = no_audit, zone: ZoneInfo = TAIPEI
) -> Imported:
    """Good rows become drafts, bad ones are reported. Raises BadPayload where the whole file cannot be read."""
    rows = list(sources.read(path, zone))
    drafts = [row.draft for row in rows if isinstance(row, Row)]
    added: list[str] = []
    for start in range(0, len(drafts), _BATCH):
        added += [c.id for c in review.create(store, drafts[start : start + _BATCH], author, audit)]
    return Imported(tuple(added), tuple(row for row in rows if isinstance(row, BadRow)))


def waiting(store: Store) -> list[Content]:
    """Article versions that wait for an approval, oldest first."""
    return store.listing(ContentKind.ARTICLE, (Review.DRAFT, Review.IN_REVIEW))


def approve(store: Store, ids: Sequence[str] | None, approver: str, audit: Audit = no_audit) -> Decided:
    """Those ids, or with None everything that waits; each stands for itself, refusals are reported."""
    wanted = [content.id for content in waiting(store)] if ids is None else ids
    return _each(wanted, lambda content_id: review.approve(store, content_id, approver, audit))


def retire(store: Store, ids: Sequence[str], actor: str, audit: Audit = no_audit) -> Decided:
    return _each(ids, lambda content_id: review.retire(store, content_id, actor, audit))


def export_file(store: Store, path: Path, now: datetime | None = None) -> int:
    """The articles in force at `now`, in the order they came; how many."""
    approved = store.listing(ContentKind.ARTICLE, (Review.APPROVED,))
    articles = in_force(approved, now or datetime.now(UTC))
    export.write(path, articles)
    return len(articles)


def load_shipped(store: Store, audit: Audit = no_audit) -> int:
    """Notices and disclosures that come with the product, where the store has none by that id; how many were new."""
    drafts = shipped()
    return review.ship(store, drafts, SHIPPED_AUTHOR, SHIPPED_APPROVER, audit)


def load_sample(store: Store, author: str, approver: str, audit: Audit = no_audit) -> int:
    """The sample articles, only into a store without any; how many. Needs `load_shipped` before."""
    if store.count(ContentKind.ARTICLE):
        return 0
    return review.ship(store, sample(), author, approver, audit)


def shipped() -> list[Draft]:
    """The disclosures first: articles need them."""
    return [
        *_read_shipped("disclosures.jsonl", ContentKind.DISCLOSURE),
        *_read_shipped("notices.jsonl", ContentKind.NOTICE),
    ]


def sample() -> list[Draft]:
    return drafts_of(_HERE / "sample" / "articles.jsonl")


def drafts_of(path: Path) -> list[Draft]:
    """All rows of a file. Raises BadPayload at the first bad one."""
    drafts = []
    for row in sources.read(path):
        if isinstance(row, BadRow):
            raise BadPayload(f"{path.name}, row {row.number}: {row.reason}")
        drafts.append(row.draft)
    return drafts


def _read_shipped(name: str, kind: ContentKind) -> Iterable[Draft]:
    for line in (_HERE / "shipped" / name).read_text(encoding="utf-8").splitlines():
        if line.strip():
            entry: dict[str, Any] = json.loads(line)
            product_class = ProductClass(entry.get("product_class", ProductClass.GENERAL))
            yield Draft(id=entry["id"], answer=entry["text"], product_class=product_class, kind=kind)


def _each(ids: Sequence[str], step: Callable[[str], Content]) -> Decided:
    done: list[Content] = []
    refused: dict[str, str] = {}
    barred: set[str] = set()
    for content_id in dict.fromkeys(ids):
        try:
            done.append(step(content_id))
        except ServiceError as error:
            refused[content_id] = str(error)
            if isinstance(error, NotAllowed):
                barred.add(content_id)
    return Decided(tuple(done), refused, frozenset(barred))
