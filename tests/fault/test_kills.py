"""kill -9 of everything, twice each, under load: nothing accepted is lost, doubled or out of order."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.fault.chaos import Platform, faults, missing
from tests.house import running, until

CUSTOMERS = 20
TARGETS = ("bot.worker live", "gunicorn", "redis-server", "mongod")
BETWEEN_KILLS_S = 2.0
SETTLE_S = 90.0


@pytest.mark.timeout(420)
def test_every_accepted_event_is_decided_once_in_order_and_answered_once(tmp_path: Path) -> None:
    with running(tmp_path / "home") as house:
        platform = Platform(house, house.accounts()["line"], CUSTOMERS, seed=1)
        platform.start(pause=(0.4, 1.2))
        time.sleep(1.5)
        killed = dict.fromkeys(TARGETS, 0)
        for _ in range(2):
            for target in TARGETS:
                killed[target] += len(house.kill(target))
                time.sleep(BETWEEN_KILLS_S)
        platform.end()
        assert all(killed.values()), f"a target was never hit: {killed}"
        assert platform.asked > CUSTOMERS * 5
        assert platform.retries > 0, "no request ever failed: the kills did not bite"
        until(lambda: missing(house, platform) == 0, SETTLE_S, "an answer for every accepted event")
        # A late double would come now: let the clock and every retry have their turn.
        time.sleep(6)
        assert faults(house, platform) == []
