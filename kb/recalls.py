"""Out of force because it was wrong: which versions that concerns, and the withdrawal itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.errors import BadPayload, NotFound
from bot.model import ContentKind
from kb.articles import Content, Review
from kb.review import Audit
from kb.store import Change, Store


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """`versions` may have been shown to customers; `retired` is the one this call took out of force."""

    versions: tuple[int, ...]
    retired: int | None


def withdraw(
    store: Store, article: str, version: int | None, actor: str, reason: str, audit: Audit
) -> Withdrawn:
    """`version`, or with None every version that ever was in force, is shown no more from this moment.

    Another version in force stays. Raises NotFound, BadPayload without a reason.
    """
    if not reason.strip():
        raise BadPayload("A recall needs a reason.")
    shown = sorted(one.version for one in store.versions(ContentKind.ARTICLE, article) if one.approved_at)
    if version is not None and version not in shown:
        raise NotFound(f"{article} has no version {version} that ever was in force.")
    if not shown:
        raise NotFound(f"{article} has no version that ever was in force.")

    def work(change: Change) -> Content | None:
        current = change.approved(ContentKind.ARTICLE, article)
        # Looked at in the transaction: the correction somebody approved a moment ago must not go with the mistake.
        if current is None or (current.version != version if version else current.version not in shown):
            return None
        now = datetime.now(UTC)
        change.mark(
            current,
            Review.APPROVED,
            status=Review.RETIRED,
            retired_at=now.replace(microsecond=now.microsecond // 1000 * 1000),
            note=reason,
        )
        change.bump()
        detail = {"version": current.version, "sha256": current.sha256, "reason": reason, "recall": True}
        audit(actor, "kb.retire", f"{current.kind}:{current.id}", detail, change.session)
        return current

    retired = store.change(work)
    return Withdrawn((version,) if version else tuple(shown), retired.version if retired else None)
