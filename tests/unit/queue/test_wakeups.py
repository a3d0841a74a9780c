"""Wake-ups on a real Redis: one a thread under way, found again when lost, never multiplied by a backlog."""

from __future__ import annotations

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from bot.queue import LIVE, JobQueue, begin
from bot.settings import Settings

pytestmark = pytest.mark.servers
THREADS = [f"thread-{n}" for n in range(5)]


@pytest.fixture
def queue(settings: Settings) -> JobQueue:
    queue = JobQueue(settings.redis_url)
    queue.redis.flushdb()
    return queue


def test_a_second_message_needs_no_second_job(queue: JobQueue) -> None:
    assert queue.wake("a")
    assert queue.wake("a")
    assert queue.depth(LIVE) == 1


def test_a_message_after_the_drain_began_gets_its_own(queue: JobQueue) -> None:
    queue.wake("a")
    waiting = Queue(LIVE, connection=queue.redis, serializer=JSONSerializer)
    begin(queue.redis, waiting, waiting.jobs[0])
    queue.wake("a")
    assert queue.depth(LIVE) == 2


def test_sweeping_a_backlog_does_not_grow_it(queue: JobQueue) -> None:
    for thread in THREADS:
        queue.wake(thread)
    woken = [queue.rewake(thread) for _ in range(10) for thread in THREADS]
    assert not any(woken)
    assert queue.depth(LIVE) == len(THREADS)


def test_a_mark_whose_job_is_gone_is_found_at_the_next_sweep(queue: JobQueue) -> None:
    """A worker was killed between taking the job and beginning it."""
    queue.wake("a")
    assert queue.redis.lpop(f"rq:queue:{LIVE}")
    assert queue.rewake("a")
    assert queue.depth(LIVE) == 1


def test_nothing_marked_is_woken(queue: JobQueue) -> None:
    assert queue.rewake("a")
    assert queue.depth(LIVE) == 1
