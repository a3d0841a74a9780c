"""`python -m bot.worker live|slow`: several RQ workers in the threads of one process, one queue each.

Beside `live` the same process serves `first`: what people have to do with goes before what the bot answers.

Threads, because a reply mostly waits (for MongoDB, a platform, a model); SimpleWorker, because a forked work-horse
imports everything anew for each message; one queue, because RQ moves jobs safely (BLMOVE) only then.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from bot.compose import of_process
from bot.errors import ConfigError
from bot.logs import configure, logger
from bot.mongo import PyMongoError
from bot.precedence import LATER, REPLIES, step_back
from bot.queue import FIRST, LIVE, LONG, SLOW, begin, connect
from bot.ready import ready
from bot.settings import Settings

# RQ waits in BLMOVE for worker_ttl - 15 s: a stop is noticed within two seconds.
WORKER_TTL_S = 17
BEAT_S = 5.0
AGAIN_S = 0.5
DRAIN_S = 8.0
GIVES_WAY_S = 0.25
"""While there is always something of people's in hand, one that the bot answers begins so often: nobody is starved."""
NICE = {LIVE: REPLIES, SLOW: LATER}

log = logger(__name__)


class Way:
    """What people have to do with goes first: the rest begins when none of it is in hand, or one at a time."""

    def __init__(self) -> None:
        self._first = 0
        self._let = 0.0
        self._free = threading.Condition()

    @contextlib.contextmanager
    def passing(self, queue: str) -> Iterator[None]:
        if queue != FIRST:
            self._give_way()
            yield
            return
        with self._free:
            self._first += 1
        try:
            yield
        finally:
            with self._free:
                self._first -= 1
                if not self._first:
                    self._free.notify_all()

    def _give_way(self) -> None:
        since = time.monotonic()
        with self._free:
            while self._first:
                left = max(since, self._let) + GIVES_WAY_S - time.monotonic()
                if left <= 0:
                    self._let = time.monotonic()
                    return
                self._free.wait(left)


class ThreadWorker(SimpleWorker):
    """RQ's own loop without signals, which belong to the main thread, and without forking.

    And without RQ's books: two dozen Redis commands a job (heartbeats, executions, registries) cost as much as the job,
    and nobody reads them. What must not be lost is in the mailbox, where the clock finds it.
    """

    death_penalty_class = TimerDeathPenalty
    way: Way
    _told = float("-inf")

    def execute_job(self, job: Job, queue: Queue) -> None:
        with self.way.passing(queue.name):
            begin(self.connection, queue, job)
            try:
                # Without RQ's time-out, a thread a job that raises wherever the code is: each wait of ours ends.
                job.perform()
            except Exception as error:  # noqa: BLE001 - the loop goes on, whatever a job did
                _report(job, error)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """RQ asks for it three times a job."""
        if time.monotonic() - self._told > BEAT_S:
            self._told = time.monotonic()
            super().heartbeat(timeout, pipeline)

    def set_state(self, state: str, pipeline: Any = None) -> None:
        if state != self.get_state():
            super().set_state(state, pipeline)

    def check_for_suspension(self, burst: bool) -> None:
        """`rq suspend` is for other people's workers: ours stop with their process."""

    def _install_signal_handlers(self) -> None:
        """The process has them; see `main`."""

    def subscribe(self) -> None:
        """RQ's commands would take a thread and a connection for each worker: ours hear of a stop by a signal."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed to."""

    def dequeue_job_and_maintain_ttl(
        self,
        timeout: int | None,
        max_idle_time: int | None = None,  # noqa: ARG002 - RQ's signature
    ) -> tuple[Job, Queue] | None:
        """RQ's own waits for a job however long there is none, and hears of no stop meanwhile. Raises StopRequested."""
        while not self._stop_requested:
            if (found := super().dequeue_job_and_maintain_ttl(timeout, timeout)) is not None:
                return found
        raise StopRequested

    def request_stop_soon(self) -> None:
        self._stop_requested = True


class Crew:
    """The threads of this process; each makes its worker anew after Redis was away."""

    def __init__(self, queue: str, threads: int, redis_url: str | None, way: Way | None = None) -> None:
        self.queue = queue
        self.redis_url = redis_url
        self.way = way or Way()
        self.stop = threading.Event()
        self._workers: dict[int, ThreadWorker] = {}
        self._threads = [
            threading.Thread(target=self._run, args=(n,), name=f"{queue}-{n}", daemon=True)
            for n in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def end_soon(self) -> None:
        """Nothing new from now on."""
        self.stop.set()
        for worker in list(self._workers.values()):
            worker.request_stop_soon()

    def end(self) -> None:
        """Finish what is in hand, within a few seconds; the rest is found again by the clock."""
        self.end_soon()
        until = time.monotonic() + DRAIN_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self, number: int) -> None:
        while not self.stop.is_set():
            try:
                self._work(number)
            except (RedisError, OSError) as error:
                log.warning("queue_away", error=type(error).__name__)
            except Exception:
                log.exception("worker_failed")
            self.stop.wait(AGAIN_S)

    def _work(self, number: int) -> None:
        # No socket time-out: a blocking move waits longer than any; a dead server breaks the connection.
        connection = connect(self.redis_url, timeout_s=None)
        name = f"{self.queue}-{socket.gethostname()}-{os.getpid()}-{number}-{time.time_ns()}"
        worker = ThreadWorker(
            [Queue(self.queue, connection=connection, serializer=JSONSerializer)],
            name=name,
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=WORKER_TTL_S,
            log_job_description=False,
        )
        worker.way = self.way
        self._workers[number] = worker
        try:
            worker.work(with_scheduler=False, logging_level="WARNING")
        finally:
            self._workers.pop(number, None)
            connection.close()


def _report(job: Job, error: Exception) -> None:
    """A traceback may quote a customer: log its place only. The clock repeats the work."""
    away = isinstance(error, (PyMongoError, RedisError))
    log.warning(
        "job_failed",
        job=job.func_name,
        error=type(error).__name__,
        away=away,
        exc_info=None if away else error,
    )


def main(arguments: list[str]) -> int:
    """Runs until SIGTERM or SIGINT; 2 for a queue that does not exist, 1 for settings that do not fit."""
    configure()
    if len(arguments) != 1 or arguments[0] not in (LIVE, SLOW):
        print(f"usage: python -m bot.worker {LIVE}|{SLOW}", file=sys.stderr)  # noqa: T201
        return 2
    try:
        settings = Settings.from_env()
        service = of_process()
    except ConfigError as error:
        print("\n".join(error.faults), file=sys.stderr)  # noqa: T201
        return 1
    queue = arguments[0]
    step_back(NICE[queue])
    done = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        done.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    service.warm(queue)
    service.follow_keys()
    if queue == LIVE:
        way, threads = Way(), settings.worker_threads
        each = {FIRST: max(1, threads // 2), LIVE: threads}
        crews = [Crew(one, count, settings.redis_url, way) for one, count in each.items()]
    else:
        crews = [Crew(one, 1, settings.redis_url) for one in (SLOW, LONG)]
    for crew in crews:
        crew.start()
    ready()
    name = f"worker:{queue}:{socket.gethostname()}:{os.getpid()}"
    while True:
        # The first one at once: `flask doctor` right after the start must find it.
        try:
            service.sweeper.beat(name)
        except PyMongoError as error:
            log.warning("beat_failed", error=type(error).__name__)
        if done.wait(BEAT_S):
            break
    # A long run is given back at its next step, for the next process to take.
    service.runs.halting.set()
    for crew in crews:
        crew.end_soon()
    for crew in crews:
        crew.end()
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    of_process().close()
    # Threads stuck in a platform's time-out must not hold the stop up; their work is found again.
    os._exit(code)
