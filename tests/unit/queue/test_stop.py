"""A crew that has nothing to do goes home when it is told to."""

from __future__ import annotations

import time

import pytest

from bot.settings import Settings
from bot.worker import WORKER_TTL_S, Crew

pytestmark = pytest.mark.servers
WAITS_S = WORKER_TTL_S - 15
"""How long RQ waits in Redis for a job, at most."""


def test_an_idle_crew_ends_as_soon_as_its_wait_in_redis_does(settings: Settings) -> None:
    crew = Crew("nothing", 2, settings.redis_url)
    crew.start()
    end = time.monotonic() + 5
    while len(crew._workers) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(WAITS_S + 0.5)
    asked = time.monotonic()
    crew.end()
    assert time.monotonic() - asked < WAITS_S + 1
    assert not any(thread.is_alive() for thread in crew._threads)
