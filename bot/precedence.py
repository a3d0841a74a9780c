"""Who goes first where cores are short: webhooks and open pages, then replies, then work that can wait."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

REPLIES, LATER = 10, 15
AUTOGROUP = Path("/proc/self/autogroup")


def step_back(nice: int) -> None:
    """This process gives way to others; `nice` as in nice(2).

    Where Linux groups by session (CONFIG_SCHED_AUTOGROUP, sched(7)), a session gets its share however nice those within
    are: two web processes in one session would get as much as one thread of a worker. So the leader of a session steps
    back with all of it. What somebody started from a terminal leaves the terminal as it is.
    """
    os.nice(nice)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):
            AUTOGROUP.write_text(str(nice))
