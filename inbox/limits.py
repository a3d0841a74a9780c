"""Sign-in attempts are counted by address and account, and by address alone against guessing over many accounts."""

from __future__ import annotations

import hashlib

from flask import request
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

PER_ACCOUNT = RateLimitItemPerMinute(5)
PER_ADDRESS = RateLimitItemPerMinute(60)


class Attempts:
    """Counts in Redis over all processes; in this process while Redis is away, so an outage opens no door."""

    def __init__(self, storage: str | None) -> None:
        shared = storage_from_string(storage or "memory://", wrap_exceptions=True)
        self._limiter = FixedWindowRateLimiter(shared)
        self._fallback = FixedWindowRateLimiter(MemoryStorage())

    @staticmethod
    def _keys(email: str) -> tuple[str, str]:
        address = request.remote_addr or "none"
        # A digest: keys in Redis must not spell out anybody's address.
        account = hashlib.sha256(email.strip().lower().encode()).hexdigest()[:24]
        return address, f"{address}:{account}"

    def allow(self, email: str) -> bool:
        """Counts the attempt before the password is looked at, so that guesses in parallel are counted too."""
        address, account = self._keys(email)
        try:
            return self._limiter.hit(PER_ADDRESS, "ip", address) and self._limiter.hit(
                PER_ACCOUNT, "account", account
            )
        except StorageError:
            return self._fallback.hit(PER_ADDRESS, "ip", address) and self._fallback.hit(
                PER_ACCOUNT, "account", account
            )

    def forget(self, email: str) -> None:
        """A right password wipes the slate: only failures add up."""
        _, account = self._keys(email)
        self._fallback.clear(PER_ACCOUNT, "account", account)
        try:
            self._limiter.clear(PER_ACCOUNT, "account", account)
        except StorageError:
            return
