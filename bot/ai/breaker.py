"""A circuit breaker: an endpoint that keeps failing is left alone, so that no customer waits for it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

FAILURES = 5
WITHIN_S = 30.0
OPEN_S = 30.0


class Breaker:
    """Opens after 5 failures within 30 s; after 30 s lets one call through, whose outcome decides. One a process.

    Who was let in reports once: `succeeded`, `failed`, or `left` where the call says nothing about the endpoint.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: deque[float] = deque(maxlen=FAILURES)
        self._opened: float | None = None
        self._trying = False

    def enter(self) -> bool:
        with self._lock:
            if self._opened is None:
                return True
            if self._trying or self._clock() - self._opened < OPEN_S:
                return False
            self._trying = True
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failures.clear()
            self._opened, self._trying = None, False

    def failed(self) -> None:
        with self._lock:
            now = self._clock()
            self._failures.append(now)
            full = len(self._failures) == FAILURES and now - self._failures[0] <= WITHIN_S
            if self._trying or full:
                self._opened = now
            self._trying = False

    def left(self) -> None:
        with self._lock:
            self._trying = False
