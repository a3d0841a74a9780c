"""How the parts of retention are put together, for `bot/compose.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.live import Live
from bot.mongo import Doc, Mongo
from bot.retention.holds import Holds
from bot.retention.lists import ErasureList
from bot.retention.purging import Purger
from bot.retention.service import Disputes, Retention
from bot.retention.warm import forgetter
from bot.settings_retention import RetentionSettings
from bot.store.audit import AuditStore
from bot.store.cases import CaseStore
from bot.store.holds import HoldStore
from bot.store.links import LinkStore
from bot.store.purging import PurgeStore
from bot.store.retention import RetentionStore
from bot.vault import Vault


@dataclass(frozen=True, slots=True)
class ComplaintTalks:
    """Conversations that were handed over as complaints, where no cases say more of them."""

    records: RetentionStore

    def __call__(self, customers: Sequence[str]) -> Sequence[tuple[str, datetime | None]]:
        return self.records.complaints(customers)


def retention_of(
    mongo: Mongo,
    vault: Vault,
    audit: AuditStore,
    live: Live,
    settings: RetentionSettings,
    disputes: Disputes | None = None,
    copies: Callable[[Doc], None] = lambda _certificate: None,
) -> Retention:
    """`disputes` come on top of the conversations that are complaints; `copies` removes what was exported of those
    whom a certificate names. Raises ValueError without a path of the list
    of erasures."""
    if settings.erasures is None:
        raise ValueError("the list of erasures has no path")
    records, holds = RetentionStore(mongo), HoldStore(mongo, vault)
    purger = Purger(
        mongo,
        PurgeStore(mongo, records),
        vault,
        audit,
        ErasureList(settings.erasures),
        forgetter(vault, live),
        copies=copies,
    )
    talks = ComplaintTalks(records)
    # A complaint without a conversation, a letter, is a case only.
    cases: Disputes = CaseStore(mongo, vault).disputes
    known: tuple[Disputes, ...] = (talks, cases) if disputes is None else (talks, cases, disputes)

    def all_of(customers: Sequence[str]) -> Sequence[tuple[str, datetime | None]]:
        return [one for source in known for one in source(customers)]

    return Retention(
        mongo,
        records,
        Holds(mongo, holds, records, audit),
        LinkStore(mongo, vault),
        audit,
        live,
        settings,
        purger,
        all_of,
    )
