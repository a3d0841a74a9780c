"""Destroyed keys leave every warm process: a poke over Redis, and a bound where it does not come."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from bot.contracts import Publisher
from bot.vault import Vault

KEYS_GONE = "keys"
"""The live topic; a poke on it says that keys were destroyed, not whose."""
LOOK_S = 60.0
"""So often a process that hears nothing drops its keys anyway; while Redis is away it is every two seconds
(`bot.live.AWAY_S`), and no key is used longer than `bot.vault.KEY_CACHED_MS` after it was read."""


class Listener(Protocol):
    def listen(self, topics: Sequence[str], timeout: float) -> Iterator[dict[str, Any] | None]: ...


def follow(vault: Vault, live: Listener) -> threading.Thread:
    """Drop the data keys of this process whenever some are destroyed, until the process stops."""

    def listen() -> None:
        # Every word of it, also that pokes may have been missed, is a reason to read the keys anew.
        for _ in live.listen([KEYS_GONE], timeout=LOOK_S):
            vault.forget()

    thread = threading.Thread(target=listen, name="keys", daemon=True)
    thread.start()
    return thread


def forgetter(vault: Vault, live: Publisher) -> Callable[[], None]:
    """What the purge calls when keys are gone: here at once, elsewhere as soon as the poke arrives."""

    def forget() -> None:
        vault.forget()
        live.publish(KEYS_GONE, {"keys": "gone"})

    return forget
