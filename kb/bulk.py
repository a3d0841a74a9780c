"""Many drafts at once: the same versions and audit lines as `review.create` makes, in a handful of round trips.

One draft costs five of them there, which is nothing to a person who saves one and half a minute to who imports 10,000.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from bot.errors import BadPayload
from kb.articles import Content, Review
from kb.review import ARTICLE, REPLACED, Draft, moment, version_of
from kb.store import Change, Store

_OPEN = (Review.DRAFT, Review.IN_REVIEW)
Line = tuple[str, Mapping[str, Any]]
"""(target, detail)"""


class AuditAll(Protocol):
    """Writes a line of the audit log for each of `lines`, in the transaction of `session`."""

    def __call__(self, actor: str, action: str, lines: Sequence[Line], session: Any) -> None: ...


def unheard(actor: str, action: str, lines: Sequence[Line], session: Any) -> None:
    """For tests."""


def create(
    store: Store,
    drafts: Sequence[Draft],
    author: str,
    audit: AuditAll,
    also: Callable[[Any], None] | None = None,
    now: datetime | None = None,
) -> list[Content]:
    """Articles, all or none, as `review.create`; `also` writes into the same transaction. Raises what that raises."""
    if not author:
        raise BadPayload("A draft needs an author.")
    ids = [draft.id for draft in drafts]
    if len(set(ids)) < len(ids):
        raise BadPayload("The same id comes twice.")
    at = now or moment()

    def work(change: Change) -> list[Content]:
        newest = change.newest_of(ARTICLE, ids)
        change.withdraw([one for one in newest.values() if one.status in _OPEN], at, REPLACED)
        made = [version_of(draft, newest.get(draft.id), author, at) for draft in drafts]
        change.add(made)
        lines = [(f"{c.kind}:{c.id}", {"version": c.version, "sha256": c.sha256}) for c in made]
        audit(author, "kb.draft", lines, change.session)
        if also is not None:
            also(change.session)
        return made

    return store.change(work)
