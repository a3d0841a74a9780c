"""`make soak`: minutes of signed traffic under random kills; exits 1 on any broken promise.

Which process dies, how many at once, and how long the peace lasts is random but repeatable (`--seed`). Every few
minutes the traffic pauses, everything has to be answered, and all promises are checked on what has happened so far.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.fault.chaos import Platform, faults, missing
from tests.house import House, running

TARGETS = ("bot.worker live", "bot.worker slow", "bot.clock", "gunicorn", "redis-server", "mongod")
SETTLE_S = 120.0
LATE_DOUBLE_S = 6.0
FROZEN_S = 9.0  # longer than a lease
BATCH_S = 180.0


@dataclass(slots=True)
class Tally:
    """What a soak did: kills and freezes by target, events, redeliveries, seconds to quiet after each batch."""

    hits: Counter[str] = field(default_factory=Counter)
    events: int = 0
    retries: int = 0
    batches: int = 0
    quiet_s: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fault.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--customers", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="repeats the same choices")
    return parser.parse_args(arguments)


def harm(house: House, chance: random.Random, tally: Tally) -> None:
    """One misfortune: a kind of process is killed, or one worker stands still for longer than its lease."""
    target = chance.choice(TARGETS)
    pids = house.pids(target)
    if not pids:
        return
    if target == "bot.worker live" and chance.random() < 0.3:
        frozen = chance.choice(pids)
        tally.hits["frozen worker"] += 1
        _signal(frozen, signal.SIGSTOP)
        time.sleep(FROZEN_S)
        _signal(frozen, signal.SIGCONT)
        return
    whole = chance.random() < 0.5
    for pid in pids if whole else [chance.choice(pids)]:
        _signal(pid, signal.SIGKILL)
    tally.hits[target] += 1


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def batch(house: House, account: str, customers: int, seed: int, seconds: float, tally: Tally) -> None:
    """Traffic under kills for `seconds`, then quiet, then the promises; what is broken goes into the tally."""
    chance = random.Random(seed)
    platform = Platform(house, account, customers, seed)
    end = time.monotonic() + seconds
    platform.start(pause=(0.4, 1.5))
    try:
        while time.monotonic() < end:
            time.sleep(chance.uniform(1.0, 6.0))
            harm(house, chance, tally)
    finally:
        platform.end()
    start = time.monotonic()
    while (left := missing(house, platform)) and time.monotonic() - start < SETTLE_S:
        time.sleep(0.5)
    tally.quiet_s.append(time.monotonic() - start)
    if left:
        tally.faults.append(f"seed {seed}: {left} answers missing after {SETTLE_S:.0f} s")
    time.sleep(LATE_DOUBLE_S)
    tally.faults += [f"seed {seed}: {fault}" for fault in faults(house, platform)]
    tally.events += platform.asked
    tally.retries += platform.retries
    tally.batches += 1


def report(tally: Tally, seed: int, minutes: float) -> str:
    hits = ", ".join(f"{count} x {name}" for name, count in sorted(tally.hits.items())) or "none"
    lines = [
        f"soak: {minutes:.0f} minutes, seed {seed}, {tally.batches} batches",
        f"events accepted: {tally.events}; redeliveries that it took: {tally.retries}",
        f"killed or frozen: {hits}",
        f"from the last message to the last answer: {max(tally.quiet_s, default=0.0):.1f} s at most",
        f"faults: {len(tally.faults)}",
        *(f"  {fault}" for fault in tally.faults[:50]),
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    given = options(arguments)
    tally = Tally()
    seeds = random.Random(given.seed)
    with tempfile.TemporaryDirectory(prefix="teller-soak-") as home, running(Path(home) / "home") as house:
        account = house.accounts()["line"]
        end = time.monotonic() + given.minutes * 60
        while (left := end - time.monotonic()) > 0 and not tally.faults:
            seed = seeds.randrange(2**31)
            batch(house, account, given.customers, seed, min(BATCH_S, max(20.0, left)), tally)
            print(
                f"batch {tally.batches}: {tally.events} events, {len(tally.faults)} faults", file=sys.stderr
            )
    print(report(tally, given.seed, given.minutes))
    return 1 if tally.faults or not tally.hits or not tally.events else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
