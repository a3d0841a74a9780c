"""Starting children that die with us, and ending what an earlier, killed owner left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
# Bound here, before any fork: between fork and exec nothing may take a lock that another thread could hold.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

_HAS_PROC = Path("/proc/self/cmdline").exists()


def die_with_parent(parent: int | None = None) -> None:
    """SIGTERM for this process once its parent is gone (Linux; elsewhere it does nothing).

    The kernel means the parent's *thread*: start children from a thread that lives as long as they should.
    """
    if _prctl is None:
        return
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def spawn(
    argv: Sequence[str],
    *,
    output: IO[bytes] | int,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Starts `argv` in a session of its own (a Ctrl-C reaches only us, and we stop things in order)."""
    parent = os.getpid()
    return subprocess.Popen(
        list(argv),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=None if env is None else dict(env),
        cwd=cwd,
        start_new_session=True,
        umask=0o077,  # Redis makes its folders for everybody to read
        preexec_fn=lambda: die_with_parent(parent),
    )


def stop(process: subprocess.Popen[bytes], patience: float) -> None:
    """TERM, up to `patience` seconds, then KILL."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def alive(pid: int) -> bool:
    """Whether `pid` runs (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return True


def command_line(pid: int) -> list[str]:
    """Arguments `pid` was started with; empty where it is gone or not ours to see."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        if _HAS_PROC:
            return []
        shown = subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return shown.stdout.split()
    return [part.decode("utf-8", "replace") for part in raw.split(b"\0") if part]


def environment_has(pid: int, entry: str) -> bool:
    """Whether `pid` was started with `NAME=value` in its environment (Linux; elsewhere False)."""
    try:
        return entry.encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def every_pid() -> list[int]:
    """All processes one can see in /proc, but for this one; empty without /proc."""
    try:
        names = [path.name for path in Path("/proc").iterdir()]
    except OSError:
        return []
    return [int(name) for name in names if name.isdigit() and int(name) != os.getpid()]


def end_stale(candidates: Iterable[int], ours: Callable[[int], bool], patience: float) -> list[int]:
    """Ends those of `candidates` that are `ours`: TERM, `patience` seconds, then KILL. Returns their pids.

    `ours` is asked again before each signal: a pid may have been given to somebody else meanwhile.
    """
    found = [pid for pid in set(candidates) if alive(pid) and ours(pid)]
    _signal(found, ours, signal.SIGTERM)
    if not _gone(found, ours, patience):
        _signal(found, ours, signal.SIGKILL)
        _gone(found, ours, 5.0)
    return found


def _signal(pids: Iterable[int], ours: Callable[[int], bool], number: signal.Signals) -> None:
    for pid in pids:
        if ours(pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def _gone(pids: Iterable[int], ours: Callable[[int], bool], patience: float) -> bool:
    until = time.monotonic() + patience
    while any(alive(pid) and ours(pid) for pid in pids):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
