"""The load generator, a process of its own: reads a job as JSON on stdin, writes what it measured to stdout.

`run` starts one from the bench. Closed: each connection sends its next request when the last is answered. Open:
requests leave at their time however slow the answers are, so a stall is counted in every request it delays.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.bench.figures import arrivals
from tests.bench.messages import Message, Press
from tests.bench.wire import Connection
from tests.house import ROOT

SPARE = 256  # connections of an open run: far more than are ever busy, unless the server has stopped


@dataclass(frozen=True, slots=True)
class Job:
    """`rate` None is a closed run of `connections`; it ends after `seconds` or `limit` requests."""

    url: str
    secret: str
    messages: list[Message]
    seconds: float
    connections: int = 32
    limit: int = 100_000
    rate: float | None = None
    seed: int = 1


@dataclass(slots=True)
class Measured:
    """`ms` are latencies by request, `sent` is when each reply token left (time.time()), `lag_ms` how late that was."""

    seconds: float = 0.0
    cpu_s: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    ms: list[float] = field(default_factory=list)
    sent: dict[str, float] = field(default_factory=dict)
    lag_ms: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.ms) / self.seconds if self.seconds else 0.0

    @property
    def failed(self) -> int:
        return sum(count for status, count in self.statuses.items() if status != "200")


async def measure(job: Job) -> Measured:
    done, statuses = Measured(), Counter[int]()
    press = Press(job.url, job.secret, job.messages).requests()
    parts = urlsplit(job.url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80

    async def one(connection: Connection, token: str, request: bytes, due: float) -> None:
        done.sent[token] = time.time()
        status = await connection.post(request)
        done.ms.append((time.perf_counter() - due) * 1000)
        statuses[status] += 1

    async def closed(connection: Connection, end: float) -> None:
        while time.perf_counter() < end and len(done.sent) < job.limit:
            token, request = next(press)
            await one(connection, token, request, time.perf_counter())
        connection.close()

    async def open_(start: float) -> None:
        idle = [Connection(host, port) for _ in range(SPARE)]
        tasks = []

        async def borrowed(token: str, request: bytes, due: float) -> None:
            connection = idle.pop() if idle else Connection(host, port)
            await one(connection, token, request, due)
            idle.append(connection)

        for at in arrivals(job.rate or 0.0, job.seconds, job.seed):
            token, request = next(press)
            if (wait := start + at - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            done.lag_ms.append((time.perf_counter() - start - at) * 1000)
            tasks.append(asyncio.create_task(borrowed(token, request, time.perf_counter())))
        await asyncio.gather(*tasks)

    used, start = _cpu(), time.perf_counter()
    if job.rate is None:
        crowd = [Connection(host, port) for _ in range(job.connections)]
        await asyncio.gather(*(closed(connection, start + job.seconds) for connection in crowd))
    else:
        await open_(start)
    done.seconds, done.cpu_s = time.perf_counter() - start, _cpu() - used
    done.statuses = {str(status): count for status, count in statuses.items()}
    return done


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def run(job: Job) -> Measured:
    """In a process of its own, over at most the job's time and a minute. Raises RuntimeError where it failed."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"],
        cwd=ROOT,
        input=json.dumps(asdict(job)),
        stdout=subprocess.PIPE,
        text=True,
        timeout=job.seconds + 60,
    )
    if ended.returncode:
        raise RuntimeError(f"the load generator ended with {ended.returncode}")
    return Measured(**json.loads(ended.stdout))


def main() -> None:
    given: dict[str, Any] = json.load(sys.stdin)
    job = Job(**{**given, "messages": [Message(**one) for one in given["messages"]]})
    gc.freeze()
    gc.disable()  # its pauses would be measured as the servers'
    json.dump(asdict(asyncio.run(measure(job))), sys.stdout)


if __name__ == "__main__":
    main()
