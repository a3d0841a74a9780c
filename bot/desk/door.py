"""Everything of the house's own door in one value, as the console asks for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.contracts import Publisher
from bot.desk.invitations import Invitations
from bot.desk.password import Passwords
from bot.desk.second_factor import SecondFactors
from bot.desk.staff import People
from bot.mongo import Mongo
from bot.store.audit import AuditStore
from bot.store.factors import FactorStore
from bot.store.invitations import InvitationStore
from bot.store.sessions import SessionStore
from bot.store.staff import StaffStore
from bot.store.staff_requests import StaffRequestStore
from bot.vault import Vault


@dataclass(frozen=True, slots=True)
class Door:
    sessions: SessionStore
    people: People
    invitations: Invitations
    factors: SecondFactors
    passwords: Passwords


def door_of(
    mongo: Mongo,
    vault: Vault,
    staff: StaffStore,
    audit: AuditStore,
    live: Publisher,
    context: Collection[str] = (),
) -> Door:
    """`context`: words that no password may contain."""
    sessions = SessionStore(mongo, vault)
    return Door(
        sessions,
        People(mongo, staff, StaffRequestStore(mongo), sessions, audit, live),
        Invitations(mongo, InvitationStore(mongo, vault), staff, audit, context),
        SecondFactors(mongo, FactorStore(mongo, vault), staff, sessions, audit),
        Passwords(mongo, staff, sessions, audit, context),
    )
