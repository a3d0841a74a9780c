"""One watched process: how it starts, whether it serves, how long to wait before it starts again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.embedded import processes

FIRST_WAIT, LONGEST_WAIT, STEADY = 0.2, 5.0, 30.0
_LONGEST_LINE = 64_000

Spawn = Callable[[], subprocess.Popen[bytes]]


@dataclass(frozen=True, slots=True)
class Spec:
    """What to run. `stage` orders the stop: the highest goes first, equals go together.

    `ready_file` is removed before each start; the child touches it once it serves. `ready` is asked besides.
    `patience` is how many seconds a stop may take before KILL.
    """

    name: str
    spawn: Spawn
    stage: int
    patience: float = 10.0
    ready_file: Path | None = None
    ready: Callable[[], bool] | None = None
    restart: bool = True
    on_exit: Callable[[int], None] | None = None


def program(argv: list[str], env: Mapping[str, str], cwd: Path) -> Spawn:
    """Starts `argv` with its output on a pipe for us to read."""
    return lambda: processes.spawn(argv, output=subprocess.PIPE, env=env, cwd=cwd)


@dataclass(slots=True)
class Child:
    """A Spec and what became of it. Times are seconds of the caller's monotonic clock."""

    spec: Spec
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float | None = None
    failures: int = 0
    code: int | None = None
    _rest: bytes = field(default=b"", repr=False)

    @property
    def running(self) -> bool:
        return self.process is not None

    def start(self, now: float) -> None:
        """Starts it, or plans another try where the machine refuses (no memory, no process left)."""
        self._not_ready()
        self.due, self.started = None, now
        try:
            self.process = self.spec.spawn()
        except OSError:
            self._plan(now)
            return
        if self.process.stdout is not None:
            os.set_blocking(self.process.stdout.fileno(), False)

    def ended(self, code: int, now: float) -> float | None:
        """Notes its end; returns seconds until the next start, None where it is not to start again."""
        process, self.process, self.code = self.process, None, code
        self._not_ready()
        if process is not None:
            # Whatever it had started must not hold its port or its pipe.
            self._signal_group(process.pid, signal.SIGKILL)
            if process.stdout is not None:
                process.stdout.close()
            if self.spec.on_exit:
                self.spec.on_exit(process.pid)
        if not self.spec.restart:
            return None
        if now - self.started >= STEADY:
            self.failures = 0
        return self._plan(now)

    def is_ready(self) -> bool:
        """Whether it serves now."""
        if self.process is None or (self.spec.ready_file and not self.spec.ready_file.exists()):
            return False
        return self.spec.ready is None or self.spec.ready()

    def terminate(self) -> None:
        """Asks it to stop (only the process itself: gunicorn tells its workers)."""
        if self.process is not None:
            self.process.terminate()

    def kill(self) -> None:
        """Ends it and whatever it started."""
        if self.process is not None:
            self._signal_group(self.process.pid, signal.SIGKILL)

    def lines(self) -> list[bytes]:
        """Lines it wrote since the last call; an unfinished one waits, an endless one is cut."""
        *whole, self._rest = (self._rest + self._read()).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            whole.append(self._rest)
            self._rest = b""
        return whole

    def last_words(self) -> list[bytes]:
        """All that is left in the pipe of a process that ended."""
        left = self._rest
        while more := self._read():
            left += more
        self._rest = b""
        return left.splitlines()

    def _read(self) -> bytes:
        stream = self.process.stdout if self.process else None
        if stream is None or stream.closed:
            return b""
        try:
            data = os.read(stream.fileno(), 65536)
        except BlockingIOError:
            return b""
        if not data:
            stream.close()  # it closed its output and lives on: an ended pipe would wake us for ever
        return data

    def _not_ready(self) -> None:
        if self.spec.ready_file:
            self.spec.ready_file.unlink(missing_ok=True)

    def _plan(self, now: float) -> float:
        wait = min(FIRST_WAIT * float(2 ** min(self.failures, 10)), LONGEST_WAIT)
        self.failures += 1
        self.due = now + wait
        return wait

    @staticmethod
    def _signal_group(group: int, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
