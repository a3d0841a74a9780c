"""The weekly audit and the proof, put together with knowledge, recalls and staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from bot.automation import Automation
from bot.compose_governance import register_of
from bot.errors import Conflict, NotFound
from bot.model import ContentKind
from bot.mongo import Mongo
from bot.policies import Policies
from bot.quality.audits import Audits
from bot.quality.proving import Proving
from bot.quality.reviewing import WRITERS, Reviewing
from bot.quality.whole import Quality
from bot.recalls import Recalls
from bot.settings import Settings
from bot.store.audit import AuditStore
from bot.store.proofs import ProofStore
from bot.store.quality import QualityStore
from bot.store.staff import StaffStore
from bot.vault import Vault
from kb.articles import Content
from kb.store import Store


def quality_of(
    settings: Settings,
    mongo: Mongo,
    vault: Vault,
    audit: AuditStore,
    staff: StaffStore,
    recalls: Recalls,
    policies: Policies,
    automation: Automation,
) -> Quality:
    """Connects nothing."""
    store = QualityStore(mongo)

    def version(kind: str, content_id: str, number: int) -> Content | None:
        try:
            return Store(mongo.db).version(ContentKind(kind), content_id, number)
        except (NotFound, Conflict):
            return None

    def class_of(article: str, number: int) -> str | None:
        found = version(ContentKind.ARTICLE.value, article, number)
        return None if found is None else found.product_class.value

    @lru_cache(100_000)
    def hands(kind: str, content_id: str, number: int) -> tuple[str, ...]:
        """Who wrote it, and who approved it: that never changes of a version that was said."""
        found = version(kind, content_id, number)
        return () if found is None else tuple(who for who in (found.author, found.approver) if who)

    def people(refs: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
        return tuple(who for ref in refs for who in hands(ref["kind"], ref["id"], ref["version"]))

    def owner(refs: Sequence[Mapping[str, Any]]) -> str | None:
        for who in people(refs):
            found = staff.by_id(who)
            if found is not None and found.role in WRITERS:
                return found.id
        return None

    audits = Audits(mongo, vault, store, audit, settings.quality, lru_cache(100_000)(class_of))
    return Quality(
        audits,
        Reviewing(mongo, store, audit, audits, people, owner, recalls.start, settings.quality.due_days),
        Proving(ProofStore(mongo), vault, audit, lambda: Store(mongo.db).load()[1]),
        version,
        register_of(settings, mongo, audit, policies, automation),
    )
