"""Approved for later: what takes the place of the version in force when its time comes."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from kb.articles import Content, Review
from kb.review import Audit, log, moment
from kb.store import Change, Store


def begin_due(store: Store, audit: Audit, now: datetime | None = None) -> int:
    """Versions whose time has come take the place of those before them, which answered until then; how many."""
    at = now or moment()
    return sum(store.change(partial(_begin, content=one, audit=audit, at=at)) for one in store.due(at))


def _begin(change: Change, content: Content, audit: Audit, at: datetime) -> int:
    if content.key not in {one.key for one in change.scheduled(content.kind, content.id)}:
        return 0
    before = change.approved(content.kind, content.id)
    if before is not None:
        note = f"superseded by version {content.version}"
        change.mark(before, Review.APPROVED, status=Review.RETIRED, retired_at=at, note=note)
    change.mark(content, Review.SCHEDULED, status=Review.APPROVED)
    change.bump()
    log(audit, change, content.approver or "", "kb.begin", content)
    return 1
