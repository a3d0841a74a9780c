"""What many people look at in the same second is read once a process, until something in it changed."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")
V = TypeVar("V")

LONGEST_S = 2.0
"""What a revision does not tell of (another name of a customer, other hours) shows so late at most."""
OWN_S = 10.0
"""The same for the numbers beside a person's own lists: the desk is told of all that they count."""
KEPT = 1000


@dataclass(frozen=True, slots=True)
class _Kept:
    """`begun`: when it began to be read."""

    revision: str
    begun: float
    value: Any

    def serves(self, revision: str, asked: float, longest: float) -> bool:
        if self.begun >= asked:
            # Read while this one waited for its turn: younger than what it asked for, whatever was told of meanwhile.
            return True
        return self.revision == revision and time.monotonic() - self.begun < longest


@dataclass(frozen=True, slots=True)
class Moment:
    """What was told of when somebody asked: what they read from then on holds it. None while nobody can know."""

    at: float
    shared: str | None
    own: str | None


class Shared:
    """`revision` names what was told of last, to everybody and to one desk too; while it is None nothing is shared."""

    def __init__(self, revision: Callable[[str], tuple[str, str] | None]) -> None:
        self._revision = revision
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._reading: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def moment(self, desk: str) -> Moment:
        """Asked for once a look, before anything is read: what is read after it holds every change told of up to it."""
        asked = time.monotonic()
        shared, own = self._revision(desk) or (None, None)
        return Moment(asked, shared, own)

    def own(self, moment: Moment, key: Hashable, read: Callable[[], T]) -> T:
        """`get` for what is one person's, of which the desk that `moment` was asked for is told."""
        return self._get(moment.at, moment.own, key, read, OWN_S)

    def get(self, moment: Moment, key: Hashable, read: Callable[[], T]) -> T:
        """What `read` returned for `key` since the last change; of many who ask at once one reads, the others wait."""
        return self._get(moment.at, moment.shared, key, read, LONGEST_S)

    def _get(
        self, asked: float, revision: str | None, key: Hashable, read: Callable[[], T], longest: float
    ) -> T:
        if revision is None:
            return read()
        with self._lock:
            reading = self._reading.setdefault(key, threading.Lock())
        with reading:
            kept = self._kept.get(key)
            if kept is not None and kept.serves(revision, asked, longest):
                value: T = kept.value
                return value
            begun = time.monotonic()
            value = read()
            with self._lock:
                self._kept[key] = _Kept(revision, begun, value)
                self._kept.move_to_end(key)
                while len(self._kept) > KEPT:
                    self._reading.pop(self._kept.popitem(last=False)[0], None)
            return value


class Remembered(Generic[V]):
    """Names and the like, which `read` gives for several keys at once: each is asked for again after LONGEST_S."""

    def __init__(self, read: Callable[[Collection[str]], Mapping[str, V]], kept: int = 200) -> None:
        self._read = read
        self._most = kept
        self._kept: dict[str, tuple[float, V | None]] = {}

    def of(self, keys: Collection[str]) -> dict[str, V]:
        """Those that there are, by key. Raises what `read` raises."""
        now = time.monotonic()
        kept = {key: self._kept[key] for key in keys if key in self._kept}
        kept = {key: one for key, one in kept.items() if now - one[0] < LONGEST_S}
        if asked := set(keys) - kept.keys():
            found = self._read(asked)
            kept |= {key: (now, found.get(key)) for key in asked}
            if len(self._kept) > self._most:
                self._kept = {}
            self._kept.update(kept)
        return {key: value for key, (_, value) in kept.items() if value is not None}
