"""Live pokes over a real Redis: every process hears, nobody waits on a lost one, and Redis may be away."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from bot.live import BACKLOG, Live
from bot.queue import JobQueue
from bot.settings import Settings
from tests.house import free_port, until

pytestmark = pytest.mark.servers


class Process:
    """The `Live` of one process; ended with its test."""

    def __init__(self, url: str | None) -> None:
        self.ended = threading.Event()
        self.live = Live(url, JobQueue(url), self.ended.is_set)

    def ready(self) -> None:
        until(lambda: self.live.connected, 5, "a subscription")


@pytest.fixture
def process(settings: Settings) -> Iterator[Process]:
    one = Process(settings.redis_url)
    yield one
    one.ended.set()


@pytest.fixture
def other(settings: Settings) -> Iterator[Process]:
    one = Process(settings.redis_url)
    yield one
    one.ended.set()


def heard(pokes: Iterator[dict[str, Any] | None], seconds: float = 5.0) -> dict[str, Any]:
    """The next poke that says something."""
    end = time.monotonic() + seconds
    for poke in pokes:
        if poke is not None:
            return poke
        assert time.monotonic() < end, "nothing was heard"
    raise AssertionError("the stream ended")


def test_a_poke_reaches_every_process_that_listens(process: Process, other: Process) -> None:
    here, there = process.live.listen(["inbox"]), other.live.listen(["inbox", "thread:a"])
    process.ready()
    other.ready()
    process.live.publish("inbox", {"conversation": "c1"})
    assert heard(here)["conversation"] == heard(there)["conversation"] == "c1"


def test_listening_begins_with_the_call(process: Process) -> None:
    """Who listens first and looks afterwards misses nothing in between."""
    pokes = process.live.listen(["thread:a"], 60)
    process.ready()
    process.live.publish("thread:a", {"n": 1})
    time.sleep(0.2)
    assert heard(pokes, 1.0)["n"] == 1


def test_only_the_topics_asked_for(process: Process) -> None:
    pokes = process.live.listen(["thread:a", "thread:b"])
    process.ready()
    for topic in ("thread:c", "thread:a:x", "inbox", "thread:b"):
        process.live.publish(topic, {"topic": topic})
    assert heard(pokes)["topic"] == "thread:b"


def test_who_stopped_listening_is_forgotten(process: Process) -> None:
    begun, unbegun = process.live.listen(["a"]), process.live.listen(["a"])
    process.ready()
    process.live.publish("a", {})
    heard(begun)
    assert process.live.listeners == 2
    begun.close()  # type: ignore[attr-defined]
    del unbegun
    gc.collect()
    assert process.live.listeners == 0


def test_a_slow_listener_holds_nobody_up(process: Process) -> None:
    slow, quick = process.live.listen(["a"]), process.live.listen(["b"])
    process.ready()
    for _ in range(BACKLOG + 50):
        process.live.publish("a", {})
    process.live.publish("b", {"n": 1})
    assert heard(quick)["n"] == 1
    assert heard(slow)["topics"] == ["a"]


def test_silence_gives_a_sign_of_life(process: Process) -> None:
    pokes = process.live.listen(["a"], 0.3)
    process.ready()
    began = time.monotonic()
    assert next(pokes) is None
    assert next(pokes) is None
    assert time.monotonic() - began < 3


def test_a_broken_subscription_comes_back_and_everybody_looks_again(process: Process) -> None:
    pokes = process.live.listen(["a"], 60)
    process.ready()
    assert next(pokes) is None
    killer = JobQueue(process.live._url)
    killer.redis.client_kill_filter(_type="pubsub")
    began = time.monotonic()
    # Whatever was said meanwhile is lost; the reconnection says so.
    assert next(pokes) is None
    assert time.monotonic() - began < 10
    process.live.publish("a", {"n": 2})
    assert heard(pokes)["n"] == 2


def test_without_redis_listeners_look_every_two_seconds_and_publishers_go_on() -> None:
    alone = Process(f"redis://127.0.0.1:{free_port()}/0")
    try:
        pokes = alone.live.listen(["a"], 60)
        began = time.monotonic()
        alone.live.publish("a", {})
        assert next(pokes) is None
        assert time.monotonic() - began < 5
        assert not alone.live.connected
    finally:
        alone.ended.set()


def test_a_stream_ends_when_the_process_stops(process: Process) -> None:
    pokes = process.live.listen(["a"], 60)
    threading.Timer(0.2, process.ended.set).start()
    began = time.monotonic()
    assert [poke for poke in pokes if poke is not None] == []
    assert time.monotonic() - began < 5


def test_the_revision_of_the_shared_lists_changes_with_them_and_with_nothing_else(process: Process) -> None:
    process.live.publish("inbox", {})
    first = process.live.revision("s")
    assert first is not None
    process.live.publish(("conversation:c", "inbox:all", "inbox:staff:s"), {})
    second = process.live.revision("s")
    assert second is not None
    assert second[0] == first[0]
    process.live.publish(("conversation:c", "inbox:queue"), {})
    third = process.live.revision("s")
    process.live.publish("inbox", {})
    fourth = process.live.revision("s")
    assert third is not None
    assert fourth is not None
    assert len({first[0], third[0], fourth[0]}) == 3


def test_the_revision_of_a_desk_changes_with_it_and_with_the_shared_lists(process: Process) -> None:
    process.live.publish("inbox", {})
    seen = [process.live.revision("s")]
    for topics in (("inbox:staff:s",), ("inbox:queue",), ("inbox",)):
        process.live.publish(topics, {})
        seen.append(process.live.revision("s"))
    assert len({one[1] for one in seen if one is not None}) == 4
    process.live.publish(("inbox:staff:another", "inbox:all", "conversation:c"), {})
    assert process.live.revision("s") == seen[-1]


def test_a_redis_that_lost_everything_never_repeats_a_revision(process: Process) -> None:
    process.live.publish("inbox:queue", {})
    before = process.live.revision("s")
    JobQueue(process.live._url).redis.flushdb()
    assert process.live.revision("s") is None
    process.live.publish("inbox:queue", {})
    assert process.live.revision("s") not in (None, before)


def test_without_redis_nobody_knows_the_revision() -> None:
    assert Process(f"redis://127.0.0.1:{free_port()}/0").live.revision("s") is None
