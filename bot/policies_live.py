"""The approved rules in a process that decides: looked for each second, taken over once their training is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.errors import ServiceError
from bot.logs import logger
from bot.mongo import PyMongoError
from bot.policies import Document, Policies

INTERVAL_S = 1.0
log = logger(__name__)


@dataclass(slots=True)
class Follower:
    """`adopt` brings a version's document in force, and may take its time: nobody waits for it."""

    policies: Policies
    adopt: Callable[[Document, int], None]
    _seen: int = 0
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)

    def look(self) -> bool:
        """Whether something else is in force now. Raises PyMongoError, and what `adopt` and `document` raise."""
        revision, number = self.policies.store.state()
        if revision == self._seen:
            return False
        self.adopt(self.policies.document(number), number)
        self._seen = revision
        return True

    def watch(self, interval: float = INTERVAL_S) -> None:
        threading.Thread(target=self._follow, args=(interval,), name="rules", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def try_to_look(self) -> bool:
        """As `look`; what goes wrong leaves the rules of before in force, and is logged."""
        try:
            return self.look()
        except (ServiceError, PyMongoError) as error:
            log.warning("rules_not_followed", error=type(error).__name__)
        except Exception:  # a thread that dies would freeze the rules without a word
            log.exception("rules_not_followed")
        return False

    def _follow(self, interval: float) -> None:
        while not self._stop.wait(interval):
            self.try_to_look()
