"""Out of force because it was wrong: which versions that concerns, and the withdrawal itself."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import BadPayload, NotFound
from bot.model import ContentKind
from kb.articles import Content
from kb.review import Audit, log, moment, take_out
from kb.store import Change, Store


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """`versions` may have been shown to customers; `retired` is the one this call took out of force, or off the
    schedule."""

    versions: tuple[int, ...]
    retired: int | None


def withdraw(
    store: Store, article: str, version: int | None, actor: str, reason: str, audit: Audit
) -> Withdrawn:
    """`version`, or with None every version that ever was approved, is shown no more from this moment.

    Another version in force, or on its way there, stays. Raises NotFound, BadPayload without a reason.
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
        ahead = change.scheduled(ContentKind.ARTICLE, article)
        # Looked at in the transaction: the correction somebody approved a moment ago must not go with the mistake.
        meant = [version] if version else shown
        gone = [one for one in ([current] if current else []) + ahead if one.version in meant]
        if not gone:
            return None
        take_out(change, gone, moment(), reason)
        for one in gone:
            log(audit, change, actor, "kb.retire", one, reason=reason, recall=True)
        return gone[0]

    retired = store.change(work)
    return Withdrawn((version,) if version else tuple(shown), retired.version if retired else None)
