"""One thread that watches every child: relays what they say, starts again what ends, stops all in order.

One thread on purpose: children are told to die with the thread that started them, and a fork from a process
with threads can hang.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType

from bot.errors import ConfigError
from bot.supervise.child import Child, Spec
from bot.supervise.console import Console

GIVE_UP_AFTER = 6  # ends in a row, while starting only: later we never give up
PROGRESS_EVERY = 10.0


class StopRequestedError(Exception):
    """SIGTERM, SIGINT or SIGHUP came while something was awaited."""


class Loop:
    """Holds the children. Use within `with loop.signals():`, from the main thread."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.children: list[Child] = []
        self.stop_requests = 0
        self._stopping = False
        self._wake_out, self._wake_in = os.pipe()
        for fd in (self._wake_out, self._wake_in):
            os.set_blocking(fd, False)

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Catches stop signals and children's ends until left."""
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        wakeup = signal.set_wakeup_fd(self._wake_in, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)

    def start(self, spec: Spec) -> Child:
        """Starts a child and keeps it."""
        child = Child(spec)
        self.children.append(child)
        child.start(time.monotonic())
        return child

    def adopt(self, child: Child) -> None:
        """Keeps a child that runs already."""
        child.started = time.monotonic()
        self.children.append(child)

    def run(self) -> None:
        """Watches until a stop is requested."""
        with contextlib.suppress(StopRequestedError):
            while True:
                self.turn(60.0)

    def wait_ready(self, children: list[Child], say: Callable[[str], None]) -> None:
        """Waits until all serve, telling now and then for whom. ConfigError where one ends repeatedly."""
        begin = told = time.monotonic()
        waiting = list(children)
        while waiting := [child for child in waiting if not child.is_ready()]:
            for child in waiting:
                if child.failures >= GIVE_UP_AFTER:
                    raise ConfigError(f"{child.spec.name} does not start; its lines above say why.")
            if time.monotonic() - told >= PROGRESS_EVERY:
                told = time.monotonic()
                names = ", ".join(child.spec.name for child in waiting)
                say(f"waiting for {names} ({told - begin:.0f} s)")
            self.turn(0.1)

    def wait_end(self, child: Child, say: Callable[[str], None]) -> int:
        """Waits for a child that runs once; returns its exit code."""
        begin = told = time.monotonic()
        while child.running:
            self.turn(0.5)
            if time.monotonic() - told >= PROGRESS_EVERY:
                told = time.monotonic()
                say(f"{child.spec.name} is at work ({told - begin:.0f} s)")
        self.children.remove(child)
        return child.code if child.code is not None else 1

    def turn(self, longest: float) -> None:
        """Waits up to `longest` seconds for a happening and sees to it. Raises StopRequestedError."""
        now = time.monotonic()
        dues = [child.due - now for child in self.children if child.due is not None]
        self._listen(max(0.0, min([longest, *dues])))
        self._reap()
        if self._stopping:
            return
        if self.stop_requests:
            raise StopRequestedError
        now = time.monotonic()
        for child in self.children:
            if child.due is not None and child.due <= now:
                child.start(now)

    def stop(self) -> None:
        """Stops all, highest stage first; a second signal stops waiting for anything but the databases."""
        self._stopping = True
        for child in self.children:
            child.due = None
        for stage in sorted({child.spec.stage for child in self.children}, reverse=True):
            group = [child for child in reversed(self.children) if child.spec.stage == stage]
            begin = time.monotonic()
            for child in group:
                child.terminate()
            while running := [child for child in group if child.running]:
                impatient = stage > 0 and self.stop_requests > 1
                for child in running:
                    if impatient or time.monotonic() - begin > child.spec.patience:
                        child.kill()
                self.turn(0.2)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self.stop_requests += 1

    def _listen(self, timeout: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_out, selectors.EVENT_READ)
            for child in self.children:
                if child.process and child.process.stdout and not child.process.stdout.closed:
                    selector.register(child.process.stdout, selectors.EVENT_READ, child)
            for key, _ in selector.select(timeout):
                if key.data is None:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake_out, 4096)
                    continue
                for line in key.data.lines():
                    self.console.relay(key.data.spec.name, line)

    def _reap(self) -> None:
        for child in self.children:
            if child.process is None or (code := child.process.poll()) is None:
                continue
            for line in child.last_words():
                self.console.relay(child.spec.name, line)
            wait = child.ended(code, time.monotonic())
            if wait is not None and not self._stopping:
                self.console.say(f"{child.spec.name} ended ({_how(code)}); it starts again in {wait:.1f} s")


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
