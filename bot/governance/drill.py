"""The kill switch exercised for real: off for one web account, messages posted until people get them, on again.

Only on a web account, where nothing is sent to anybody: visitors that do not exist ask, and their conversations are
closed afterwards. docs/ai-governance.md says how often, and with which account.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.errors import BadPayload, Conflict, Unavailable
from bot.model import ChannelAccount, ChannelType

PROBES = 6
"""Visitors after the switch: enough that each of a few processes decides one."""
APART_S = 0.2
WAIT_S = 15.0
AI_OFF = "ai_off"
WITHIN_S = 1.0
"""What docs/operations.md promises."""

Ask = Callable[[], str]
"""A new visitor says something; the id of their thread. Raises Unavailable where the web process does not take it."""
Decided = Callable[[str], tuple[str, datetime] | None]
"""(handler, when) of what was decided in a thread; None yet."""


@dataclass(frozen=True, slots=True)
class Drill:
    ask: Ask
    decided: Decided
    turn: Callable[[bool], object]
    """True: off."""
    close: Callable[[str], None]
    """Ends a visitor's conversation."""
    sleep: Callable[[float], None] = time.sleep

    def run(self, account: ChannelAccount) -> Mapping[str, Any]:
        """`ok`; `effect_s`: from the switch to the last turn that the AI still decided, 0 for none; `restored_s`: from
        switching on to its next answer. Raises BadPayload, Conflict, Unavailable; the AI is on again in any case."""
        if account.channel is not ChannelType.WEB:
            raise BadPayload(
                "A drill is for a web account: on others its questions would be sent to the platform."
            )
        threads = [self.ask()]
        try:
            if self._wait(threads[0])[0] == AI_OFF:
                raise Conflict("The AI is off already: there is nothing to drill.")
            off_at = datetime.now(UTC)
            self.turn(True)
            try:
                for _ in range(PROBES):
                    threads.append(self.ask())
                    self.sleep(APART_S)
                found = [self._wait(one) for one in threads[1:]]
            finally:
                on_at = datetime.now(UTC)
                self.turn(False)
            late = [(at - off_at).total_seconds() for handler, at in found if handler != AI_OFF]
            restored = self._restored(threads, on_at)
        finally:
            for one in threads:
                self.close(one)
        effect = max(late, default=0.0)
        return {
            "account": account.id,
            "ok": found[-1][0] == AI_OFF and effect <= WITHIN_S and restored is not None,
            "probes": len(found),
            "stopped": sum(handler == AI_OFF for handler, _ in found),
            "effect_s": round(effect, 3),
            "first_s": round(min((at - off_at).total_seconds() for _, at in found), 3),
            "restored_s": restored,
        }

    def _restored(self, threads: list[str], on_at: datetime) -> float | None:
        for _ in range(PROBES):
            threads.append(self.ask())
            handler, at = self._wait(threads[-1])
            if handler != AI_OFF:
                return round((at - on_at).total_seconds(), 3)
        return None

    def _wait(self, thread: str) -> tuple[str, datetime]:
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            if (found := self.decided(thread)) is not None:
                return found
            self.sleep(0.05)
        raise Unavailable("Nothing was decided within 15 seconds: are the workers up?")
