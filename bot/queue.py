"""The only file that enqueues: job name and ids, never content. Redis may be away: the clock finds what it missed."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import uuid

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from bot.logs import logger

LIVE = "live"
FIRST = "first"
"""What a person has to do with: served by the same processes, ahead of what the bot answers."""
SLOW = "slow"
LONG = "long"
"""Minutes each: served beside `slow` by the same process, so that nothing short waits behind it."""
DRAIN = "bot.jobs.drain"
BEHIND = 4
MARK_S = 30
AHEAD_S = 3600
"""How long a thread goes first after a person had to do with it."""
AWAY_S = 1.0
FAILURE_TTL_S = 3600

log = logger(__name__)


def connect(url: str | None, *, timeout_s: float | None = 0.5) -> Redis:
    """A client that fails fast: nothing a customer waits for may wait for Redis."""
    return Redis.from_url(
        url or "redis://127.0.0.1:1/0",
        socket_connect_timeout=timeout_s,
        socket_timeout=timeout_s,
        retry=Retry(NoBackoff(), 1),
        health_check_interval=30,
    )


def mark(thread: str) -> str:
    """The key that says: a drain of `thread` is on its way."""
    return f"pend:{thread}"


def first(thread: str) -> str:
    """The key that says: a person has to do with `thread`."""
    return f"first:{thread}"


def _list(name: str) -> str:
    return Queue.redis_queue_namespace_prefix + name


def begin(connection: Redis, queue: Queue, job: Job) -> None:
    """Forget `job`, then let it be done: one in hand when its worker is killed is found again by the clock, not by RQ.

    With it goes the mark of its thread: a message from here on needs a wake-up of its own. Raises RedisError.
    """
    with connection.pipeline(transaction=False) as pipeline:
        pipeline.lrem(queue.intermediate_queue_key, 1, job.id)
        pipeline.delete(job.key, *(mark(thread) for thread in job.args if job.func_name == DRAIN))
        pipeline.execute()


class JobQueue:
    def __init__(self, url: str | None) -> None:
        self._url = url
        self._redis: Redis | None = None
        self._pid = 0
        self._away_until = 0.0
        self._lock = threading.Lock()

    @property
    def redis(self) -> Redis:
        if self._redis is None or self._pid != os.getpid():
            with self._lock:
                if self._redis is None or self._pid != os.getpid():
                    self._redis = connect(self._url)
                    self._pid = os.getpid()
        return self._redis

    def wake(self, thread: str, *, ahead: bool = False) -> bool:
        """Have a worker look at `thread`; one wake-up is under way at a time. False when Redis is away.

        `ahead`: a colleague said something, which goes before what the bot answers, as do the answers to it.
        """
        if time.monotonic() < self._away_until:
            return False
        try:
            job = str(uuid.uuid4())
            with self.redis.pipeline(transaction=False) as pipeline:
                pipeline.set(mark(thread), job, nx=True, ex=MARK_S)
                if ahead:
                    pipeline.set(first(thread), 1, ex=AHEAD_S)
                pipeline.exists(first(thread))
                marked, *_, goes_first = pipeline.execute()
            if marked:
                self._enqueue(FIRST if goes_first else LIVE, DRAIN, thread, job)
            elif ahead:
                self._pass(thread)
        except RedisError as error:
            # A hanging Redis costs one caller its time-out, not every caller.
            self._away_until = time.monotonic() + AWAY_S
            log.warning("queue_away", error=type(error).__name__)
            return False
        return True

    def ahead(self, thread: str) -> None:
        """From here on `thread` goes before what the bot answers: a person is asked for in it, or has it in hand."""
        with contextlib.suppress(RedisError):
            self.redis.set(first(thread), 1, ex=AHEAD_S)

    def _pass(self, thread: str) -> None:
        """A wake-up that waits among the bot's goes over to the first."""
        job = self.redis.get(mark(thread))
        # Killed in between, the clock finds a mark without its job.
        if isinstance(job, bytes) and self.redis.lrem(_list(LIVE), 1, job.decode()):
            self._enqueue(FIRST, DRAIN, thread, job.decode())

    def rewake(self, thread: str) -> bool:
        """The clock's wake-up; False where the marked job still waits its turn, or Redis is away.

        A backlog must not grow by looking at it: each sweep would enqueue every waiting thread once more, and the
        workers would do nothing but find that there is nothing left to do.
        """
        try:
            marked = self.redis.get(mark(thread))
            if isinstance(marked, bytes) and any(self._waits(marked.decode(), one) for one in (LIVE, FIRST)):
                return False
            self.redis.delete(mark(thread))
        except RedisError:
            return False
        return self.wake(thread)

    def _waits(self, job: str, queue: str) -> bool:
        return self.redis.lpos(_list(queue), job) is not None

    def fetch_profile(self, thread: str) -> None:
        try:
            self._enqueue(SLOW, "bot.jobs.profile", thread)
        except RedisError as error:
            log.warning("queue_away", error=type(error).__name__)

    def look_at_quota(self, account_id: str) -> None:
        try:
            self._enqueue(SLOW, "bot.jobs.quota", account_id)
        except RedisError as error:
            log.warning("queue_away", error=type(error).__name__)

    def begin_run(self, run: str) -> None:
        """Have a worker take up a long run; the clock asks again for one that still waits."""
        job = f"run-{run}"
        try:
            if not self._waits(job, LONG):
                self._enqueue(LONG, "bot.jobs.run", run, job)
        except RedisError as error:
            log.warning("queue_away", error=type(error).__name__)

    def behind(self) -> bool:
        """Whether messages to people wait for a worker. Never raises: what nobody can know is not so."""
        try:
            return self.redis.llen(_list(FIRST)) >= BEHIND
        except RedisError:
            return False

    def depth(self, name: str) -> int:
        """Jobs waiting. Raises RedisError."""
        return int(Queue(name, connection=self.redis, serializer=JSONSerializer).count)

    def _enqueue(self, name: str, function: str, argument: str, job: str | None = None) -> None:
        # One round trip: whoever writes to us waits for it.
        with self.redis.pipeline() as pipeline:
            Queue(name, connection=self.redis, serializer=JSONSerializer).enqueue(
                function,
                argument,
                job_id=job,
                result_ttl=0,
                failure_ttl=FAILURE_TTL_S,
                description=function,
                pipeline=pipeline,
            )
            pipeline.execute()

    def close(self) -> None:
        if self._redis is not None and self._pid == os.getpid():
            self._redis.close()
        self._redis = None
