"""What the command line and the console call: whole files and lists of ids, with a report of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.errors import BadPayload, NotAllowed, ServiceError
from bot.model import ContentKind, ProductClass
from kb import bulk, export, review, sources
from kb.articles import Content, Review, in_force
from kb.bulk import AuditAll, unheard
from kb.review import Audit, Draft, no_audit
from kb.sources import BadRow, Row
from kb.sources.rows import TAIPEI
from kb.store import Store

SHIPPED_AUTHOR, SHIPPED_APPROVER = "teller", "teller-release"
_HERE = Path(__file__).parent
_BATCH = 200  # drafts a transaction: far below MongoDB's 16 MB, and short, as others wait for the audit log

Step = Callable[[int, int], None]
"""Told (done, total) now and then."""
Kept = Callable[[int, int, Any], None]
"""(done before, done after, session of the transaction)"""


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
    store: Store,
    path: Path,
    author: str,
    audit: AuditAll = unheard,
    zone: ZoneInfo = TAIPEI,
    step: Step | None = None,
) -> Imported:
    """Good rows become drafts, bad ones are reported. Raises BadPayload where the whole file cannot be read."""
    rows = list(sources.read(path, zone))
    drafts = [row.draft for row in rows if isinstance(row, Row)]
    for done in write_drafts(store, drafts, author, audit):
        if step is not None:
            step(done, len(drafts))
    return Imported(tuple(one.id for one in drafts), tuple(row for row in rows if isinstance(row, BadRow)))


def write_drafts(
    store: Store,
    drafts: Sequence[Draft],
    author: str,
    audit: AuditAll,
    start: int = 0,
    kept: Kept | None = None,
) -> Iterator[int]:
    """Writes `drafts` from `start` on, a transaction a batch; yields how many are written after each.

    `kept` is called in the transaction with the counts before and after it: what it writes there is true exactly where
    the drafts are, so that whoever goes on with it writes no draft twice.
    """
    for done in range(start, len(drafts), _BATCH):
        batch = drafts[done : done + _BATCH]
        after = done + len(batch)
        also = None if kept is None else partial(kept, done, after)
        bulk.create(store, batch, author, audit, also)
        yield after


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
            raise BadPayload(f"{path.name}, {row.place}: {row.reason}")
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
