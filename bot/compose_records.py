"""The parts of the records that processes share, and those that only the clock and commands have."""

from __future__ import annotations

from adapters.seals import SealPost
from bot.desk.hours import HoursBook
from bot.desk.trail import Trail
from bot.key_register import KeyRegister
from bot.mongo import Mongo
from bot.queue import JobQueue
from bot.records.keeper import Keeper
from bot.records.sealing import Sealer
from bot.records.shipping import Shipping
from bot.settings import Settings
from bot.store.audit import AuditStore
from bot.store.chains import ChainStore
from bot.store.runs import RunStore
from bot.store.seals import SealStore
from bot.store.staff import StaffStore
from bot.store.trail import TrailStore
from bot.vault import Vault
from bot.verifications import Verifications


def verifications_of(mongo: Mongo, audit: AuditStore, queue: JobQueue, settings: Settings) -> Verifications:
    return Verifications(
        mongo, RunStore(mongo), audit, queue, ChainStore(mongo), SealStore(mongo), settings.records
    )


def keys_of(mongo: Mongo, audit: AuditStore, settings: Settings) -> KeyRegister:
    return KeyRegister(mongo, audit, settings.kms, settings.kms_master_key)


def trail_of(
    mongo: Mongo, vault: Vault, audit: AuditStore, staff: StaffStore, hours: HoursBook, settings: Settings
) -> Trail:
    most = settings.security.opens_per_hour
    return Trail(TrailStore(mongo, vault), audit, staff, hours.current, most)


def sealer_of(mongo: Mongo, settings: Settings) -> Sealer:
    """For the clock and for commands: what it makes reads the seal key. Never for the web process."""
    return Sealer(SealStore(mongo), settings.records.key_file, make_key=not settings.production)


def keeper_of(mongo: Mongo, settings: Settings) -> Keeper:
    """The clock's."""
    records = settings.records
    post = SealPost(records.webhook, records.webhook_secret or "") if records.webhook else None
    return Keeper(sealer_of(mongo, settings), Shipping(SealStore(mongo), records.folder, post))
