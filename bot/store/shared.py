"""What many people look at in the same second is read once a process, until something in it changed."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST_S = 2.0
"""What a revision does not tell of (another name of a customer, other hours) shows so late at most."""
KEPT = 200


@dataclass(frozen=True, slots=True)
class _Kept:
    revision: str
    at: float
    value: Any


class Shared:
    """`revision` names what was told of last; None where nobody can know, and then nothing is shared."""

    def __init__(self, revision: Callable[[], str | None]) -> None:
        self._revision = revision
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._reading: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, read: Callable[[], T]) -> T:
        """What `read` returned for `key` since the last change; of many who ask at once one reads, the others wait."""
        # Asked for first: what is read after it holds every change told of up to it.
        revision = self._revision()
        if revision is None:
            return read()
        with self._lock:
            reading = self._reading.setdefault(key, threading.Lock())
        with reading:
            kept = self._kept.get(key)
            if kept is not None and kept.revision == revision and time.monotonic() - kept.at < LONGEST_S:
                value: T = kept.value
                return value
            value, now = read(), time.monotonic()
            with self._lock:
                self._kept[key] = _Kept(revision, now, value)
                self._kept.move_to_end(key)
                while len(self._kept) > KEPT:
                    self._reading.pop(self._kept.popitem(last=False)[0], None)
            return value
