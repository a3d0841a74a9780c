"""The verification of the live store: the audit log, every chain, what vanished whole, the seals and their copies.

In bounded memory, whatever the store holds, and while it is worked with: a record that is written meanwhile is either
seen whole or not at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from bot.records.check import Bad
from bot.records.sealed import Sealed
from bot.records.streams import KINDS, chains, log, threads
from bot.store.chains import ChainStore
from bot.store.seals import SealStore

EVERY = 1000
"""Progress is told each time so many more were read."""

Step = Callable[[int, int], None]
"""Told (how many, of about how many); may raise to stop the work."""


@dataclass(frozen=True, slots=True)
class Report:
    """`bad` is empty where all is well. `records` were each hashed anew; `seals` were each checked with their lists;
    `sealed_until` is the last sealed day, None where there is none."""

    bad: tuple[Bad, ...]
    records: int
    seals: int
    sealed_until: str | None
    seconds: float

    @property
    def ok(self) -> bool:
        return not self.bad

    @property
    def per_second(self) -> int:
        return round(self.records / self.seconds) if self.seconds else 0


def verify(
    chain_store: ChainStore,
    seal_store: SealStore,
    *,
    folder: Path | None = None,
    trusted: Collection[str] = (),
    most: int = 1,
    step: Step = lambda _done, _total: None,
) -> Report:
    """Everything, until `most` faults are found; the first is the first in the order of the chains.

    Raises PyMongoError.

    `folder` holds shipped copies of seals, `trusted` ids of keys that the first seal may be signed with (none: any).
    """
    began, count = time.perf_counter(), _Count(step, 2 * sum(chain_store.sizes().values()))
    certified = lru_cache(4096)(chain_store.certified)
    sealed = Sealed(seal_store, trusted, folder, count.sealed)

    def findings() -> Iterator[Bad]:
        yield from log(chain_store, certified, count.read)
        for kind in KINDS:
            yield from chains(chain_store, kind, certified, count.read)
        yield from threads(chain_store)
        yield from sealed.findings()

    found = tuple(islice(findings(), most))
    return Report(
        bad=found,
        records=count.records,
        seals=sealed.days,
        sealed_until=sealed.last["_id"] if sealed.last else None,
        seconds=round(time.perf_counter() - began, 3),
    )


class _Count:
    def __init__(self, step: Step, total: int) -> None:
        self.records = 0
        self._step, self._total, self._sealed = step, total, 0
        self._step(0, total)

    def read(self, n: int) -> None:
        self.records += n
        self._tell()

    def sealed(self, n: int) -> None:
        self._sealed += n
        self._tell()

    def _tell(self) -> None:
        done = self.records + self._sealed
        if done % EVERY == 0:
            # Records are written meanwhile, and those of today are in no seal yet: an estimate.
            self._step(min(done, self._total), self._total)
