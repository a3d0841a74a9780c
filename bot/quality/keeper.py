"""The clock's part: seed and draw, and the weekly proof, in a thread of its own, since the record is long."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from bot.errors import ServiceError
from bot.logs import logger
from bot.mongo import PyMongoError
from bot.quality.audits import Audits
from bot.quality.proving import Proving

log = logger(__name__)


@dataclass(slots=True)
class Keeper:
    audits: Audits
    proving: Proving
    _thread: threading.Thread | None = field(default=None, repr=False)

    def tick(self) -> None:
        """Look whether anything is due; the one before may still be at it."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="quality", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        try:
            self.audits.tick()
            report = self.proving.weekly()
            if report is not None and not report.ok:
                log.error("proof_failed", faults=report.faults, first=report.bad[0].message)
        except (PyMongoError, ServiceError) as error:
            # The next minute may go well.
            log.warning("quality_failed", error=type(error).__name__)
