"""The machine and who uses it: CPU seconds of our processes, and what everybody else took meanwhile (Linux)."""

from __future__ import annotations

import contextlib
import os
import platform
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """CPU seconds since boot: `by_pid` user + system, `parents` the tree, `busy` the whole machine."""

    by_pid: dict[int, float]
    parents: dict[int, int]
    busy: float

    @classmethod
    def take(cls) -> Snapshot:
        by_pid: dict[int, float] = {}
        parents: dict[int, int] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError, ValueError, IndexError):
                    parent, used = stat((entry / "stat").read_text())
                    by_pid[int(entry.name)], parents[int(entry.name)] = used / _TICK, parent
        return cls(by_pid, parents, busy(Path("/proc/stat").read_text()) / _TICK)

    def tree(self, root: int) -> set[int]:
        """`root` and everything below it."""
        found, grown = {root}, True
        while grown:
            more = {pid for pid, parent in self.parents.items() if parent in found} - found
            grown = bool(more)
            found |= more
        return found


def stat(text: str) -> tuple[int, int]:
    """(parent, user + system ticks) from /proc/<pid>/stat; the name in it may hold anything."""
    fields = text[text.rindex(")") + 2 :].split()
    return int(fields[1]), int(fields[11]) + int(fields[12])


def busy(text: str) -> int:
    """Ticks that the machine was not idle, from /proc/stat."""
    values = [int(value) for value in text.split("\n", 1)[0].split()[1:9]]
    user, nice, system, _idle, _wait, irq, softirq, steal = values
    return user + nice + system + irq + softirq + steal


def spent(before: Snapshot, after: Snapshot, pids: Iterable[int]) -> float:
    """CPU seconds of `pids` between two snapshots."""
    return sum(after.by_pid[pid] - before.by_pid.get(pid, 0.0) for pid in pids if pid in after.by_pid)


def others(before: Snapshot, after: Snapshot, seconds: float, *, own: float = 0.0) -> float:
    """Cores that processes outside this bench's tree used; `own` are CPU seconds of ours that have ended already."""
    ours = spent(before, after, after.tree(os.getpid()))
    return max(0.0, (after.busy - before.busy - ours - own) / seconds) if seconds else 0.0


def describe() -> dict[str, object]:
    """Model, cores, system and Python; figures mean nothing without them."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "cpu": model[1] if model else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.system() + " " + platform.release(),
        "python": platform.python_version(),
        "load_1m": os.getloadavg()[0],
    }
