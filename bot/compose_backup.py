"""The parts of backups, for commands: never in a process that serves."""

from __future__ import annotations

from typing import Any

from bot.backup.making import Maker
from bot.backup.restoring import Restorer
from bot.errors import BadPayload
from bot.mongo import Mongo
from bot.records.verify import verify
from bot.retention.lists import ErasureList
from bot.retention.purging import Purger
from bot.settings import Settings
from bot.store import schema
from bot.store.audit import AuditStore
from bot.store.backup import BackupStore
from bot.store.chains import ChainStore
from bot.store.purging import PurgeStore
from bot.store.retention import RetentionStore
from bot.store.seals import SealStore
from bot.vault import Vault
from kb import store as kb_store

PATIENCE_MS = 300_000


def maker_of(settings: Settings, key: bytes) -> Maker:
    """Reads with more patience than a page: a batch of files may be large."""
    patient = Mongo(settings.mongodb_uri, timeout_ms=PATIENCE_MS)
    return Maker(BackupStore(patient), AuditStore(patient), key)


def restorer_of(settings: Settings, uri: str, key: bytes) -> Restorer:
    """Into the database of `uri`. Raises BadPayload where that is the one that serves."""
    if uri == settings.mongodb_uri:
        raise BadPayload("Restore into another database than the one that serves, and open it afterwards.")
    mongo = Mongo(uri, timeout_ms=PATIENCE_MS)
    vault = Vault(mongo, settings.kms, settings.kms_master_key)
    records, audit = RetentionStore(mongo), AuditStore(mongo)
    if settings.retention.erasures is None:
        raise BadPayload("Set TELLER_ERASURE_LIST.")
    purger = Purger(
        mongo,
        PurgeStore(mongo, records),
        vault,
        audit,
        ErasureList(settings.retention.erasures),
        vault.forget,
    )

    def prepare() -> None:
        schema.ensure(mongo)
        kb_store.ensure_indexes(mongo.db)
        vault.prepare()

    def proof() -> tuple[int, tuple[Any, ...]]:
        report = verify(ChainStore(mongo), SealStore(mongo))
        return report.records, report.bad

    return Restorer(mongo, BackupStore(mongo), records, purger, audit, key, prepare, proof)
