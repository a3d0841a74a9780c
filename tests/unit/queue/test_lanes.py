"""What people have to do with goes before what the bot answers: two queues, served by the same processes."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from bot import worker
from bot.queue import BEHIND, FIRST, LIVE, JobQueue, begin
from bot.settings import Settings
from bot.worker import Way
from tests.house import free_port

pytestmark = pytest.mark.servers


@pytest.fixture
def queue(settings: Settings) -> JobQueue:
    queue = JobQueue(settings.redis_url)
    queue.redis.flushdb()
    return queue


def waiting(queue: JobQueue) -> dict[str, list[str]]:
    jobs = {
        name: Queue(name, connection=queue.redis, serializer=JSONSerializer).jobs for name in (FIRST, LIVE)
    }
    return {name: [job.args[0] for job in found] for name, found in jobs.items()}


def test_what_a_person_has_to_do_with_goes_first_and_in_turn(queue: JobQueue) -> None:
    for thread in ("b", "d"):
        queue.ahead(thread)
    for thread in "abcd":
        queue.wake(thread)
    assert waiting(queue) == {FIRST: ["b", "d"], LIVE: ["a", "c"]}


def test_a_colleagues_words_pass_the_wake_up_that_waits(queue: JobQueue) -> None:
    for thread in "abc":
        queue.wake(thread)
    queue.wake("b", ahead=True)
    assert waiting(queue) == {FIRST: ["b"], LIVE: ["a", "c"]}
    first = Queue(FIRST, connection=queue.redis, serializer=JSONSerializer)
    begin(queue.redis, first, first.jobs[0])
    first.empty()
    # What the customer answers goes the same way.
    queue.wake("b")
    assert waiting(queue) == {FIRST: ["b"], LIVE: ["a", "c"]}


def test_sweeping_does_not_wake_twice_what_waits_among_the_first(queue: JobQueue) -> None:
    queue.wake("a", ahead=True)
    assert not any(queue.rewake("a") for _ in range(3))
    assert waiting(queue) == {FIRST: ["a"], LIVE: []}


def test_an_hour_later_the_bots_order_holds_again(queue: JobQueue) -> None:
    queue.ahead("a")
    assert 0 < queue.redis.ttl("first:a") <= 3600


def test_behind_is_where_several_wait_and_never_where_nobody_knows(queue: JobQueue) -> None:
    for number in range(BEHIND):
        assert not queue.behind()
        queue.wake(f"thread-{number}", ahead=True)
    assert queue.behind()
    assert not JobQueue(f"redis://127.0.0.1:{free_port()}/0").behind()


def begins(way: Way, name: str, done: list[float]) -> None:
    with way.passing(name):
        done.append(time.monotonic())


@pytest.fixture
def long_waits(monkeypatch: pytest.MonkeyPatch) -> float:
    """Far longer than a busy machine holds a thread up."""
    monkeypatch.setattr(worker, "GIVES_WAY_S", 10.0)
    return worker.GIVES_WAY_S


def test_the_bots_begin_at_once_where_nothing_of_peoples_is_in_hand(long_waits: float) -> None:
    way, done = Way(), list[float]()
    start = time.monotonic()
    for _ in range(20):
        begins(way, LIVE, done)
    assert done[-1] - start < long_waits / 2


def test_the_bots_wait_and_begin_when_peoples_are_done(long_waits: float) -> None:
    way, done, end = Way(), list[float](), threading.Event()

    def peoples() -> None:
        with way.passing(FIRST):
            end.wait(5)

    with ThreadPoolExecutor(4) as pool:
        holder = pool.submit(peoples)
        while not way._first:
            time.sleep(0.001)
        bots = [pool.submit(begins, way, LIVE, done) for _ in range(2)]
        time.sleep(0.1)
        assert done == []
        freed = time.monotonic()
        end.set()
        for one in (holder, *bots):
            one.result(5)
    assert len(done) == 2
    assert max(done) - freed < long_waits / 2


def test_where_peoples_never_end_the_bots_begin_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "GIVES_WAY_S", 0.1)
    way, done, start = Way(), list[float](), time.monotonic()
    with way.passing(FIRST), ThreadPoolExecutor(5) as pool:
        for one in [pool.submit(begins, way, LIVE, done) for _ in range(5)]:
            one.result(5)
    # Not of one from the next: a thread that is held up after its turn began makes that one look too short.
    assert len(done) == 5
    assert [at - start >= 0.1 * number for number, at in enumerate(sorted(done), 1)] == [True] * 5
