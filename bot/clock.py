"""`python -m bot.clock`: once a second, find what got stuck and wake it; one process is enough, more do no harm."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from bot.compose import of_process
from bot.compose_records import keeper_of
from bot.errors import ConfigError, ServiceError
from bot.logs import configure, logger
from bot.mongo import PyMongoError
from bot.quality.keeper import Keeper
from bot.ready import ready

TICK_S = 1.0
HOURLY_S = 3600.0
MINUTE_S = 60.0
RUNS_S = 5.0

log = logger(__name__)


@dataclass(slots=True)
class Job:
    """Done every `every_s` seconds, first at once; its trouble is told and is not the others'."""

    every_s: float
    work: Callable[[], object]
    _due: float = 0.0

    def run(self) -> None:
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + self.every_s - TICK_S / 2
        try:
            self.work()
        except PyMongoError as error:
            log.warning("sweep_failed", error=type(error).__name__)
        except ServiceError as error:
            log.warning("sweep_failed", error=str(error))


def main() -> int:
    configure()
    try:
        service = of_process()
    except ConfigError as error:
        print("\n".join(error.faults), file=sys.stderr)  # noqa: T201
        return 1
    done = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        done.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    service.router.follow(service.live)
    service.follow_keys()
    ready()
    quality = Keeper(service.console.quality.audits, service.console.quality.proving)
    jobs = (
        Job(TICK_S, service.sweeper.sweep),
        Job(TICK_S, lambda: service.sweeper.beat("clock")),
        Job(TICK_S, service.begin_scheduled),
        Job(TICK_S, service.router.tick),
        Job(RUNS_S, service.console.work.snoozes.tick),
        Job(RUNS_S, service.runs.tick),
        Job(RUNS_S, service.figures.tick),
        Job(MINUTE_S, service.recalls.tick),
        Job(MINUTE_S, keeper_of(service.mongo, service.settings).tick),
        Job(MINUTE_S, service.automation.tick),
        Job(MINUTE_S, quality.tick),
        Job(HOURLY_S, service.console.quality.register.note_settings),
        Job(HOURLY_S, service.console.retention.tick),
        Job(HOURLY_S, service.console.cases.tick),
        Job(HOURLY_S, service.console.orders.tick),
        Job(HOURLY_S, service.sweeper.close_idle),
    )
    while not done.wait(TICK_S):
        for job in jobs:
            job.run()
    service.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
