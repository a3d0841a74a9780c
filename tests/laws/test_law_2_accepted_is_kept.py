"""Law 2. What is accepted is kept: once each, in order, whatever dies and wherever it dies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.model import ChannelType, OutText
from bot.store.conversations import Stale
from bot.store.threads import LEASE, NEVER
from tests.knowledge import notice
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers

GREETING, UNSUPPORTED = notice("greeting"), notice("unsupported")
STICKER = {"text": None, "kind": "other", "kind_detail": "sticker"}


class Killed(BaseException):
    """The process is gone: nothing catches it."""


def kept(teller: Teller, user: str, events: int) -> None:
    """Each event decided once, each answer shown once and in the order of the record, nothing left over."""
    consumed = [event for decision in teller.decisions(user) for event in decision["events"]]
    assert len(consumed) == len(set(consumed)) == events
    ledger = teller.rows("events", user)
    assert sorted(consumed) == [event["_id"] for event in ledger]
    assert {event["status"] for event in ledger} == {"done"}
    messages = teller.rows("messages", user)
    assert [message["event"] for message in messages if message["author"] == "customer"] == [
        event["_id"] for event in sorted(ledger, key=lambda event: event["sent_at"])
    ]
    assert [message["pos"] for message in messages] == list(range(1, len(messages) + 1))
    assert not any(entry["open"] for entry in teller.rows("outbox", user))
    recorded = [teller.service.vault.open(one["content"]) for one in messages if one["author"] == "bot"]
    assert teller.line.texts(user) == recorded
    assert recorded


def script(user: str, count: int = 3) -> list[dict[str, Any]]:
    """Events whose order shows: the platform's clock, one second apart."""
    began = datetime.now(UTC) - timedelta(seconds=count + 1)
    return [
        {
            "user_id": user,
            "event_id": f"{user}-{n}",
            "sent_at": (began + timedelta(seconds=n)).isoformat(),
            "reply_token": f"token-{user}-{n}",
            **(STICKER if n else {"text": "你好"}),
        }
        for n in range(count)
    ]


def expire_lease(teller: Teller, user: str) -> None:
    """The six seconds after which a dead process's lease is free."""
    teller.service.mongo["threads"].update_one({"_id": teller.thread(user)}, {"$set": {"lease_until": NEVER}})


def test_law_2_the_same_event_five_times_is_one_decision(teller: Teller) -> None:
    user = teller.person()
    events = script(user)
    outcomes = [teller.posts(*events) for _ in range(5)]
    assert [outcome.new for outcome in outcomes] == [3, 0, 0, 0, 0]
    assert [outcome.known for outcome in outcomes] == [0, 3, 3, 3, 3]
    teller.drain(user)
    teller.posts(*events)
    teller.drain(user)
    kept(teller, user, 3)


def test_law_2_a_redelivery_that_comes_together_with_something_new_loses_neither(teller: Teller) -> None:
    user = teller.person()
    events = script(user, 4)
    teller.posts(*events[:2])
    again = teller.posts(*events[1:])
    assert (again.new, again.known) == (2, 1)
    teller.drain(user)
    kept(teller, user, 4)


def test_law_2_arrival_out_of_order_is_put_right(teller: Teller) -> None:
    """LINE promises no order; what waits together is handled by the platform's clock."""
    user = teller.person()
    for event in reversed(script(user, 4)):
        teller.posts(event)
    teller.drain(user)
    kept(teller, user, 4)


def test_law_2_many_drains_of_one_thread_at_once_decide_once(teller: Teller) -> None:
    user = teller.person()
    events = script(user, 8)
    gate = threading.Barrier(6)

    def work(n: int) -> None:
        gate.wait(10)
        for event in events[n::6]:
            teller.posts(event)
            teller.drain(user)

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work, n) for n in range(6)]:
            done.result(30)
    teller.drain(user)
    ledger = teller.rows("events", user)
    assert len(ledger) == 8
    consumed = [event for decision in teller.decisions(user) for event in decision["events"]]
    assert sorted(consumed) == [event["_id"] for event in ledger]
    shown = [teller.service.vault.open(m["content"]) for m in teller.rows("messages", user) if m["approved"]]
    assert teller.line.texts(user) == shown


def test_law_2_a_message_that_comes_while_the_holder_lets_go_is_not_left_behind(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own wake-up found the lease taken; the holder has to look again after releasing."""
    user = teller.person()
    first, second = script(user, 2)
    threads = teller.service.mailbox.threads
    release = threads.release

    def late(lease: Any, **rest: Any) -> None:
        if len(teller.rows("events", user)) == 1:
            teller.posts(second)
            teller.service.mailbox.drain(teller.thread(user))
        release(lease, **rest)

    monkeypatch.setattr(threads, "release", late)
    teller.posts(first)
    teller.drain(user)
    kept(teller, user, 2)


def test_law_2_who_lost_the_lease_writes_nothing(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process stood still beyond its lease; the successor has answered meanwhile."""
    user = teller.person()
    teller.posts(*script(user))
    seal = teller.service.conversations.seal
    stood_still = []

    def slow(*arguments: Any) -> Any:
        sealed = seal(*arguments)
        if not stood_still:
            stood_still.append(True)
            expire_lease(teller, user)
            teller.drain(user)
        return sealed

    monkeypatch.setattr(teller.service.conversations, "seal", slow)
    teller.drain(user)
    assert stood_still
    kept(teller, user, 3)


def test_law_2_a_renewal_that_comes_late_does_not_take_the_lease_back(teller: Teller) -> None:
    """The keeper had read its list before the holder let go: the next message must not wait for that."""
    user = teller.person()
    threads = teller.service.mailbox.threads
    lease = threads.acquire(teller.thread(user))
    assert lease is not None
    threads.release(lease, delivered=True)
    threads.renew([lease])
    teller.hears(user, "你好")
    assert teller.line.texts(user) == [GREETING]


def test_law_2_the_fence_refuses_the_former_holder(teller: Teller) -> None:
    user = teller.person()
    teller.hears(user, "你好")
    threads = teller.service.mailbox.threads
    old = threads.acquire(teller.thread(user))
    assert old is not None
    assert threads.acquire(teller.thread(user)) is None
    expire_lease(teller, user)
    new = threads.acquire(teller.thread(user))
    assert new is not None
    assert new.fence > old.fence
    assert not threads.holds(old)
    teller.posts(*script(user, 1))
    with pytest.raises(Stale):
        teller.service.mailbox.handle(old, teller.service.events.pending(teller.thread(user)))
    # The former holder's renewal and release leave the new lease alone.
    threads.renew([old])
    threads.release(old, delivered=True)
    doc = threads.get(teller.thread(user))
    assert doc is not None
    assert datetime.now(UTC) < doc["lease_until"] <= datetime.now(UTC) + LEASE
    threads.release(new, delivered=True)


@pytest.mark.parametrize(
    ("channel", "part", "method"),
    [
        # Nothing at the platform would notice: the claim does.
        (ChannelType.TELEGRAM, lambda t: t.service.outbox, "claim"),
        # Claimed with the decision: the token is spent by then, and the push wants a claim of its own.
        (ChannelType.LINE, lambda t: t.line, "send"),
    ],
)
def test_law_2_who_stood_still_before_sending_does_not_send_again(
    teller: Teller,
    monkeypatch: pytest.MonkeyPatch,
    channel: ChannelType,
    part: Callable[[Teller], Any],
    method: str,
) -> None:
    user = teller.person()
    step = getattr(part(teller), method)
    stood_still = []

    def slow(*arguments: Any, **named: Any) -> Any:
        if not stood_still:
            stood_still.append(True)
            teller.service.mongo["threads"].update_one(
                {"_id": teller.thread(user, channel)}, {"$set": {"lease_until": NEVER}}
            )
            teller.drain(user, channel)
        return step(*arguments, **named)

    monkeypatch.setattr(part(teller), method, slow)
    teller.hears(user, "你好", channel, reply_token=teller.token())
    assert stood_still
    assert teller.platforms[channel].texts(user) == [GREETING]
    assert [one["status"] for one in teller.rows("outbox", user, channel)] == ["sent"]


STEPS: list[tuple[str, Callable[[Teller], Any], str]] = [
    ("the lease is taken", lambda t: t.service.mailbox.threads, "acquire"),
    ("the mailbox is read", lambda t: t.service.events, "pending"),
    ("the customer is read", lambda t: t.service.conversations, "context"),
    ("a data key is made", lambda t: t.service.conversations, "new_customer"),
    ("the mind decides", lambda t: t.service.mind, "decide"),
    ("messages are sealed", lambda t: t.service.conversations, "seal"),
    ("a customer is inserted", lambda t: t.service.conversations, "insert_customer"),
    ("messages are written", lambda t: t.service.conversations, "write"),
    ("the outbox is filled", lambda t: t.service.outbox, "add"),
    ("the event is done", lambda t: t.service.events, "done"),
    ("the transaction", lambda t: t.service.mongo, "transaction"),
    ("consoles are told", lambda t: t.service.live, "publish"),
    ("texts are read back", lambda t: t.service.outbox, "contents"),
    ("the entry is claimed", lambda t: t.service.outbox, "claim"),
    ("the platform is called", lambda t: t.line, "send"),
    ("the entry is settled", lambda t: t.service.outbox, "settle"),
    ("the lease is let go", lambda t: t.service.mailbox.threads, "release"),
    ("the mailbox is looked at again", lambda t: t.service.events, "has_pending"),
]


@pytest.mark.parametrize("token", [True, False], ids=["token", "push"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("step", "part", "method"), STEPS, ids=[step for step, _, _ in STEPS])
def test_law_2_killed_between_any_two_steps(
    teller: Teller,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    part: Callable[[Teller], Any],
    method: str,
    when: str,
    token: bool,
) -> None:
    user = teller.person()
    events = script(user, 2)
    if not token:
        for event in events:
            del event["reply_token"]
    teller.posts(*events)
    whole = getattr(part(teller), method)
    killed: list[str] = []

    def dying(*arguments: Any, **named: Any) -> Any:
        if killed:
            return whole(*arguments, **named)
        killed.append(step)
        if when == "before":
            raise Killed
        whole(*arguments, **named)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(part(teller), method, dying)
        with pytest.raises(Killed):
            teller.drain(user)
    expire_lease(teller, user)
    teller.drain(user)
    kept(teller, user, 2)
    assert teller.line.texts(user) == [GREETING, UNSUPPORTED]


def test_law_2_killed_again_and_again_at_the_platform(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not the message had gone out each time."""
    user = teller.person()
    teller.posts(*script(user))
    send = teller.line.send
    deaths = iter(["after", "before", "after", "before", "after", "before", "after"])

    def dying(*arguments: Any) -> Any:
        when = next(deaths, None)
        if when == "before":
            raise Killed
        receipt = send(*arguments)
        if when == "after":
            raise Killed
        return receipt

    monkeypatch.setattr(teller.line, "send", dying)
    for _ in range(7):
        with pytest.raises(Killed):
            teller.drain(user)
        expire_lease(teller, user)
    teller.drain(user)
    kept(teller, user, 3)


def test_law_2_redis_emptied_everything_is_found_again(teller: Teller) -> None:
    teller.service.queue.redis.flushdb()
    users = [teller.person() for _ in range(5)]
    for user in users:
        teller.posts(*script(user, 2))
    assert len(teller.jobs()) == 5
    teller.service.queue.redis.flushdb()
    back = datetime.now(UTC) - timedelta(seconds=10)
    teller.service.mongo["events"].update_many(
        {"thread": {"$in": [teller.thread(user) for user in users]}}, {"$set": {"received_at": back}}
    )
    assert teller.service.sweeper.sweep() >= 5
    assert teller.work() >= 5
    for user in users:
        kept(teller, user, 2)


def test_law_2_the_sweeper_leaves_alone_what_is_held_or_new(teller: Teller) -> None:
    held, new = teller.person(), teller.person()
    teller.posts(*script(held, 1))
    teller.posts(*script(new, 1))
    teller.service.mongo["events"].update_many(
        {"thread": teller.thread(held)}, {"$set": {"received_at": NEVER}}
    )
    lease = teller.service.mailbox.threads.acquire(teller.thread(held))
    assert lease is not None
    teller.service.queue.redis.flushdb()
    teller.service.sweeper.sweep()
    assert not {teller.thread(held), teller.thread(new)} & set(teller.jobs())
    teller.service.mailbox.threads.release(lease, delivered=True)
    teller.service.sweeper.sweep()
    assert teller.thread(held) in teller.jobs()


def test_law_2_what_was_to_be_sent_later_is_found_when_it_is_due(teller: Teller) -> None:
    user = teller.person()
    teller.posts(*script(user, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teller.line, "send", _die)
        with pytest.raises(Killed):
            teller.drain(user)
    teller.service.queue.redis.flushdb()
    expire_lease(teller, user)
    teller.service.sweeper.sweep()
    teller.work()
    kept(teller, user, 1)


def _die(*_arguments: Any, **_named: Any) -> None:
    raise Killed


def test_law_2_whatever_a_turn_raises_the_next_drain_repeats_it(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of ours is not the end of a customer's message."""
    user = teller.person()
    teller.posts(*script(user))

    def broken(*_arguments: Any, **_named: Any) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(teller.service.conversations, "seal", broken)
        with pytest.raises(ZeroDivisionError):
            teller.drain(user)
    teller.drain(user)
    kept(teller, user, 3)


def test_law_2_platforms_see_what_the_record_says(teller: Teller) -> None:
    """The helper itself must be able to fail."""
    user = teller.person()
    teller.hears(user, "你好")
    teller.line.shown[user].append(OutText("x", "twice"))
    with pytest.raises(AssertionError):
        kept(teller, user, 1)
