"""The clock's part: seals what is over and ships it, in a thread of its own, since a large day takes its time."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from bot.logs import logger
from bot.mongo import PyMongoError
from bot.records.sealing import Sealer
from bot.records.shipping import Shipping

log = logger(__name__)


@dataclass(slots=True)
class Keeper:
    sealer: Sealer
    shipping: Shipping
    _thread: threading.Thread | None = field(default=None, repr=False)

    def tick(self) -> None:
        """Look whether anything is due; the one before may still be at it."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="seals", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        try:
            self.sealer.tick()
            self.shipping.tick()
        except PyMongoError as error:
            # The next minute may go well.
            log.warning("seals_failed", error=type(error).__name__)
