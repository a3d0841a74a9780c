"""Routers in two processes and threads, people who take, transfer and leave, all at once against the real stores."""

from __future__ import annotations

import multiprocessing
import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.compose import build
from bot.desk.availability import AVAILABLE, AWAY
from bot.errors import ServiceError
from bot.model import Role, Staff
from bot.mongo import Doc
from bot.settings import Settings
from tests.unit.core.teller import Teller, own_settings

pytestmark = pytest.mark.servers

CUSTOMERS, AGENTS, CAPACITY = 24, 4, 3


def route(settings: Settings, ready: multiprocessing.synchronize.Barrier, ticks: int) -> None:
    """One more clock, in a process of its own."""
    service = build(settings, channels={})
    router = service.router
    router.store.desks()
    ready.wait(30)
    for _ in range(ticks):
        router.tick()
    service.close()


def in_hand(teller: Teller) -> Counter[str]:
    found = teller.service.mongo["conversations"].find({"status": "assigned"})
    return Counter(doc["assignee"] for doc in found)


def replayed(teller: Teller, conversations: set[str]) -> dict[str, str | None]:
    """Who has each, going by the audit log alone: every change starts from where the one before it ended.

    A second owner would show as an assignment from `waiting` of one that somebody had.
    """
    owner: dict[str, str | None] = dict.fromkeys(conversations)
    for entry in teller.service.mongo["audit"].find({"subject": {"$in": list(conversations)}}).sort("seq", 1):
        verb, subject = entry["action"].partition(":")[2], entry["subject"]
        if verb in ("assign", "take"):
            assert entry["detail"]["from"] == "waiting"
            assert owner[subject] is None, "two owners"
            owner[subject] = entry["detail"].get("to") or entry["actor"]
        elif verb == "return":
            assert owner[subject] == entry["detail"]["owner"]
            owner[subject] = None
    return owner


def test_nobody_gets_one_twice_nobody_too_many_and_none_is_lost(teller: Teller) -> None:
    people = [teller.staff(Role.AGENT) for _ in range(AGENTS)]
    by_hand = teller.staff(Role.AGENT)
    mongo, router = teller.service.mongo, teller.service.router
    mongo["staff"].update_many({}, {"$set": {"capacity": CAPACITY}})
    for person in people:
        teller.service.console.presence.beat(person.id)
        router.availability.choose(person, AVAILABLE)
    for _ in range(CUSTOMERS):
        teller.hears(teller.person(), "我要真人")
    ids = {doc["_id"] for doc in mongo["conversations"].find({"status": "waiting"})}
    assert len(ids) == CUSTOMERS

    most: Counter[str] = Counter()
    taken: list[str] = []
    failures: list[BaseException] = []
    done = threading.Event()

    def guarded(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                failures.append(error)

        return threading.Thread(target=run)

    def routing() -> None:
        own = build(teller.service.settings, channels={})
        for _ in range(6):
            own.router.tick()
        own.close()

    def taking(seed: int) -> Callable[[], None]:
        def work() -> None:
            rng = random.Random(seed)
            for wanted in rng.sample(sorted(ids), 4):
                try:
                    teller.service.console.desk.take(by_hand, wanted)
                    taken.append(wanted)
                except ServiceError:
                    continue

        return work

    def leaving(person: Staff) -> Callable[[], None]:
        def work() -> None:
            for state in (AWAY, AVAILABLE, AWAY, AVAILABLE):
                try:
                    router.availability.choose(person, state, hand_over=True)
                except ServiceError:
                    continue

        return work

    def watching() -> None:
        while not done.is_set():
            most.update({})
            for who, count in in_hand(teller).items():
                most[who] = max(most[who], count)

    settings = teller.service.settings
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(2)
    other = context.Process(
        target=route,
        args=(own_settings(settings.home, settings.mongodb_uri or "", settings.redis_url or ""), ready, 8),
    )
    other.start()
    ready.wait(30)
    watcher = guarded(watching)
    threads = [guarded(routing) for _ in range(4)]
    threads += [guarded(taking(seed)) for seed in range(2)]
    threads += [guarded(leaving(person)) for person in people[:2]]
    for thread in (watcher, *threads):
        thread.start()
    for thread in threads:
        thread.join(60)
    other.join(60)
    done.set()
    watcher.join(10)
    assert failures == []
    assert other.exitcode == 0

    # In the end everybody is here again and there is room for all: nothing is lost.
    for person in people:
        if router.store.desk(person.id)["state"] != AVAILABLE:  # type: ignore[index]
            router.availability.choose(person, AVAILABLE)
    router.tick()
    docs = {doc["_id"]: doc for doc in mongo["conversations"].find({"_id": {"$in": list(ids)}})}
    assert set(docs) == ids
    owner = replayed(teller, ids)
    for one, doc in docs.items():
        assert (doc["status"], doc["assignee"]) == (
            ("assigned", owner[one]) if owner[one] else ("waiting", None)
        )
    assert all(count <= CAPACITY for who, count in most.items() if who != by_hand.id), most
    assert all(count == CAPACITY for who, count in in_hand(teller).items() if who != by_hand.id)
    assert taken
    assert {docs[one]["assignee"] for one in taken} == {by_hand.id}
    waiting = [doc for doc in docs.values() if doc["status"] == "waiting"]
    # Two threads of one person may take the same one: that is one conversation.
    assert len(waiting) == max(CUSTOMERS - AGENTS * CAPACITY - len(set(taken)), 0)


def test_away_wins_against_a_router_that_has_already_chosen(teller: Teller) -> None:
    """The choice was made before, the transaction comes after: it looks again."""
    from bot.desk.routing_match import Match

    person = teller.staff(Role.AGENT)
    teller.service.console.presence.beat(person.id)
    router = teller.service.router
    router.availability.choose(person, AVAILABLE)
    user = teller.person()
    teller.hears(user, "我要真人")
    found: Doc = teller.conversation(user)
    router.availability.choose(person, AWAY)
    assert not router._assign(Match(found["_id"], person.id, "skill"), "general", 0)
    assert teller.conversation(user)["status"] == "waiting"
    # Nor where the conversation became a complaint meanwhile.
    router.availability.choose(person, AVAILABLE)
    teller.service.mongo["conversations"].update_one({"_id": found["_id"]}, {"$set": {"skill": "complaint"}})
    assert not router._assign(Match(found["_id"], person.id, "skill"), "general", 0)
    assert teller.conversation(user)["status"] == "waiting"


def test_a_reply_wins_against_a_router_that_takes_back(teller: Teller) -> None:
    person, user = teller.staff(Role.AGENT), teller.person()
    teller.hears(user, "我要真人")
    desk, router = teller.service.console.desk, teller.service.router
    desk.take(person, teller.conversation(user)["_id"])
    before = teller.conversation(user)
    desk.reply(person, before["_id"], "您好", "w-1")
    assert not router._return(before, "unanswered", datetime.now(UTC) + timedelta(hours=1))
    assert teller.conversation(user)["assignee"] == person.id
