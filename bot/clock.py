"""`python -m bot.clock`: once a second, find what got stuck and wake it; one process is enough, more do no harm."""

from __future__ import annotations

import signal
import sys
import threading
import time
from types import FrameType

from bot.compose import of_process
from bot.errors import ConfigError, ServiceError
from bot.logs import configure, logger
from bot.mongo import PyMongoError
from bot.ready import ready

TICK_S = 1.0
HOURLY_S = 3600.0
MINUTE_S = 60.0

log = logger(__name__)


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
    ready()
    swept_idle = 0.0
    learned: float | None = None
    while not done.wait(TICK_S):
        try:
            service.sweeper.sweep()
            service.sweeper.beat("clock")
            if time.monotonic() - swept_idle > HOURLY_S:
                swept_idle = time.monotonic()
                service.sweeper.close_idle()
            service.begin_scheduled()
            if learned is None or time.monotonic() - learned > MINUTE_S:
                learned = time.monotonic()
                service.recalls.tick()
                service.automation.tick()
        except PyMongoError as error:
            log.warning("sweep_failed", error=type(error).__name__)
        except ServiceError as error:
            log.warning("learning_failed", error=str(error))
    service.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
