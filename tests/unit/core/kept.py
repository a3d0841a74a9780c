"""What tests of retention share: customers who talked, on another day, and officers without a sign-in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.model import GENESIS, Role, Staff
from bot.retention.service import Retention
from bot.store.chain import link
from bot.store.records import new_id
from bot.store.retention import NONE
from tests.unit.core.teller import Teller

LATER = timedelta(days=365 * 5 + 3)


def one_of(role: Role) -> Staff:
    """Somebody whose sign-in no test needs: a password takes its time."""
    return Staff(new_id(), "somebody@example.com", "somebody", role)


def at(teller: Teller, now: datetime) -> Retention:
    """The same service, on another day."""
    house = teller.service.console.retention

    def clock() -> datetime:
        return now

    return replace(house, now=clock, purger=replace(house.purger, now=clock))


def talked(teller: Teller, text: str = "我的信用卡帳單怎麼看") -> tuple[str, str]:
    """(user, customer) of somebody who wrote."""
    user = teller.person()
    teller.hears(user, text)
    return user, teller.conversation(user)["customer"]


def ended(teller: Teller, customer: str) -> None:
    officer = one_of(Role.COMPLIANCE)
    teller.service.console.retention.state(officer, customer, NONE)


def chain_stands(teller: Teller, conversation: str) -> bool:
    mongo, previous = teller.service.mongo, GENESIS
    for doc in mongo["messages"].find({"conversation": conversation}).sort("seq", 1):
        if doc["prev_hash"] != previous or link(previous, doc) != doc["hash"]:
            return False
        previous = doc["hash"]
    head = mongo["conversations"].find_one({"_id": conversation})
    return head is not None and head["head_hash"] == previous != GENESIS
