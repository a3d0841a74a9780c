"""Clocks, restriction, purge: on the real stores, with time injected."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import GENESIS, Role
from bot.retention.clock import HOLD, MESSAGE, RELATIONSHIP
from bot.retention.service import ERASED, RESTRICTED, Retention
from bot.store.chain import link
from bot.store.retention import ENDED, NONE
from bot.vault import ERASED as WORDS
from tests.unit.core.teller import Teller

LATER = timedelta(days=365 * 5 + 3)


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
    officer = teller.staff(Role.COMPLIANCE)
    teller.service.console.retention.state(officer, customer, NONE)


def chain_stands(teller: Teller, conversation: str) -> bool:
    mongo, previous = teller.service.mongo, GENESIS
    for doc in mongo["messages"].find({"conversation": conversation}).sort("seq", 1):
        if doc["prev_hash"] != previous or link(previous, doc) != doc["hash"]:
            return False
        previous = doc["hash"]
    head = mongo["conversations"].find_one({"_id": conversation})
    return head is not None and head["head_hash"] == previous != GENESIS


def test_a_relationship_nobody_spoke_of_goes_on(teller: Teller) -> None:
    _, customer = talked(teller)
    clock = teller.service.console.retention.clock(customer)
    assert clock.until is None
    assert [reason.kind for reason in clock.open] == [RELATIONSHIP]


def test_purge_after_the_term_keeps_the_chain(teller: Teller) -> None:
    user, customer = talked(teller)
    ended(teller, customer)
    talk = teller.conversation(user)["_id"]
    due = at(teller, datetime.now(UTC) + LATER)
    outcome = due.request_deletion("system:test", customer, "個資法 11-III", None)
    assert outcome.kind == ERASED and outcome.certificate
    assert chain_stands(teller, talk)
    vault = teller.service.vault
    lines = list(teller.service.mongo["messages"].find({"conversation": talk}))
    assert len(lines) >= 2
    assert {vault.read(line["content"]) for line in lines} == {WORDS}
    assert all(line["purged"] == outcome.certificate for line in lines)
