"""The knowledge base put together with the house: its store, its audit, its recalls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.automation import Automation
from bot.contracts import Finder, StatusDesk
from bot.encoding import encoder as encoder
from bot.mongo import Mongo
from bot.recalls import Withdraw
from bot.settings import Settings
from bot.store.audit import AuditStore
from handlers import Chain, build_mind
from handlers.hours import InForce
from kb.live import Knowledge
from kb.recalls import withdraw
from kb.review import Audit
from kb.store import Store


def knowledge_of(settings: Settings, mongo: Mongo, automation: Automation) -> Knowledge:
    def load() -> tuple[int, list[Any]]:
        return Store(mongo.db).load()

    def revision() -> int:
        return Store(mongo.db).revision()

    return Knowledge(load, revision, settings.home / "cache", settings.auto_answer, earned=automation.rights)


def mind_of(settings: Settings, finder: Finder, hours: InForce, status: StatusDesk | None) -> Chain:
    return build_mind(
        finder,
        encode=encoder(settings.home / "cache"),
        hours=hours,
        status=status,
        privacy_url=settings.privacy_url,
    )


def withdraw_of(mongo: Mongo, audit: Audit) -> Withdraw:
    def run(article: str, version: int | None, by: str, reason: str) -> tuple[int, ...]:
        return withdraw(Store(mongo.db), article, version, by, reason, audit).versions

    return run


def audit_within(audit: AuditStore) -> Audit:
    """The audit log within the transaction of the change it tells of."""

    def add(actor: str, action: str, target: str, detail: Mapping[str, Any], session: Any) -> None:
        audit.add(actor, action, target, dict(detail), session)

    return add
