"""The mailbox: one holder at a time handles a thread's events in order and delivers what came of them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.logs import logger
from bot.mongo import PyMongoError
from bot.store.conversations import Stale
from bot.store.events import EventStore, Pending
from bot.store.outbox import Parcel
from bot.store.threads import Lease, ThreadStore

BEAT_S = 2.0
BATCH = 20

log = logger(__name__)


class LeaseKeeper:
    """Renews this process's leases, so that a slow platform does not cost one; a killed process renews nothing."""

    def __init__(self, threads: ThreadStore) -> None:
        self._threads = threads
        self._held: dict[str, Lease] = {}
        self._lock = threading.Lock()
        self._beat: threading.Thread | None = None
        self._pid = 0

    def hold(self, lease: Lease) -> None:
        with self._lock:
            self._held[lease.thread] = lease
            if self._beat is None or self._pid != os.getpid():
                self._pid = os.getpid()
                self._beat = threading.Thread(target=self._run, name="leases", daemon=True)
                self._beat.start()

    def drop(self, lease: Lease) -> None:
        with self._lock:
            self._held.pop(lease.thread, None)

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(BEAT_S):
            with self._lock:
                held = list(self._held.values())
            try:
                self._threads.renew(held)
            except PyMongoError as error:
                log.warning("lease_renewal_failed", error=type(error).__name__)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """`handle` consumes the first of the pending events (a burst counts as one turn) and says how many, and what may go
    out directly; `deliver` sends what is due and says whether nothing is left."""

    threads: ThreadStore
    events: EventStore
    keeper: LeaseKeeper
    handle: Callable[[Lease, Sequence[Pending]], tuple[int, Parcel | None]]
    deliver: Callable[[Lease, Parcel | None], bool]

    def drain(self, thread: str) -> None:
        """Empty the thread's mailbox. Raises PyMongoError; whatever is left the clock finds again."""
        while True:
            lease = self.threads.acquire(thread)
            if lease is None:
                # The holder looks again after it lets go.
                return
            self.keeper.hold(lease)
            delivered = False
            try:
                delivered = self._empty(lease)
            except Stale:
                log.info("lease_lost", thread=thread)
                return
            finally:
                self.keeper.drop(lease)
                self.threads.release(lease, delivered=delivered)
            if not self.events.has_pending(thread):
                # What a person wrote meanwhile is due at once, and the clock looks every second.
                return

    def _empty(self, lease: Lease) -> bool:
        """Whether nothing is left to send."""
        pending = list(self.events.pending(lease.thread, BATCH))
        if not pending:
            return self.deliver(lease, None)
        delivered = False
        while pending:
            count, parcel = self.handle(lease, pending)
            del pending[:count]
            delivered = self.deliver(lease, parcel)
            lease = replace(lease, known=None)
        return delivered
