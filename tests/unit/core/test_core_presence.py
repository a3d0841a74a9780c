"""Who is here and who reads what: seen at once, gone soon after, and no page stops when Redis is away."""

from __future__ import annotations

import time

import pytest

from bot.desk import presence as module
from bot.desk.presence import AROUND_S, ONLINE_S, TYPING_S, Presence
from bot.queue import JobQueue
from tests.unit.core.teller import Teller


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the presence, to be moved on."""
    now = [time.time()]
    monkeypatch.setattr(module.time, "time", lambda: now[0])
    return now


def test_a_beat_shows_for_as_long_as_it_counts(teller: Teller, clock: list[float]) -> None:
    presence = teller.service.presence
    teller.service.queue.redis.delete("presence:online")
    presence.beat("s1", "c1", typing=True)
    presence.beat("s2", "c1")
    presence.beat("s3")
    assert presence.online() == {"s1", "s2", "s3"}
    assert presence.around("c1") == (("s1", True), ("s2", False))
    assert presence.around("c2") == ()
    clock[0] += TYPING_S + 0.5
    assert presence.around("c1") == (("s1", False), ("s2", False))
    clock[0] += AROUND_S - TYPING_S
    presence.beat("s2", "c1")
    assert presence.around("c1") == (("s2", False),)
    clock[0] += ONLINE_S - AROUND_S - 0.6
    assert presence.online() == {"s1", "s2", "s3"}
    clock[0] += 1
    assert "s1" not in presence.online()
    assert presence.online() == {"s2"}


def test_whoever_stops_is_gone_at_once(teller: Teller) -> None:
    presence = teller.service.presence
    presence.beat("s1", "c9", typing=True)
    presence.stops("s1", "c9", typing_only=True)
    assert presence.around("c9") == (("s1", False),)
    presence.stops("s1", "c9")
    assert presence.around("c9") == ()


def test_without_redis_nobody_is_seen_and_nothing_stops() -> None:
    presence = Presence(JobQueue(None))
    presence.beat("s1", "c1", typing=True)
    assert presence.online() == set()
    assert presence.around("c1") == ()
