"""Sign-in attempts: counted by address and account, and by address alone against guessing over many accounts.

Failures add up over three windows, so that whoever goes on guessing waits longer and longer; nobody can shut another
person out from elsewhere. The profile `strict` locks the account itself after five failures, as Taiwan's rules for
electronic payment ask, for half an hour: an address that nobody has is locked alike, so that a lock tells nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from flask import request
from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

PER_ACCOUNT: tuple[RateLimitItem, ...] = (
    RateLimitItemPerMinute(5),
    RateLimitItemPerHour(15),
    RateLimitItemPerDay(40),
)
PER_ADDRESS = RateLimitItemPerMinute(60)
# Codes of a second factor count for the account wherever they come from: who types one knows the password.
PER_CODE = RateLimitItemPerMinute(5, 5)
STRICT_FAILURES = RateLimitItemPerDay(5)
LOCK = RateLimitItemPerMinute(1, 30)

Hit = tuple[RateLimitItem, tuple[str, ...]]


class Attempts:
    """Counts in Redis over all processes; in this process while Redis is away, so an outage opens no door."""

    def __init__(self, storage: str | None, *, strict: bool = False) -> None:
        shared = storage_from_string(storage or "memory://", wrap_exceptions=True)
        self._limiter = FixedWindowRateLimiter(shared)
        self._fallback = FixedWindowRateLimiter(MemoryStorage())
        self._strict = strict

    @staticmethod
    def _keys(email: str) -> tuple[str, str]:
        address = request.remote_addr or "none"
        # A digest: keys in Redis must not spell out anybody's address.
        return address, hashlib.sha256(email.strip().lower().encode()).hexdigest()[:24]

    def allow(self, email: str) -> int:
        """Counts the attempt before the password is looked at, so that guesses in parallel are counted too.

        0 where it may be made, else the seconds to wait.
        """
        address, account = self._keys(email)
        hits: list[Hit] = [(PER_ADDRESS, ("ip", address))]
        if self._strict:
            return self._either(lambda limiter: self._locked(limiter, address, account))
        hits += [(item, ("account", f"{address}:{account}")) for item in PER_ACCOUNT]
        return self._either(lambda limiter: _hit(limiter, hits))

    def _locked(self, limiter: FixedWindowRateLimiter, address: str, account: str) -> int:
        if not limiter.test(LOCK, "lock", account):
            return _left(limiter, (LOCK, ("lock", account)))
        if wait := _hit(limiter, [(PER_ADDRESS, ("ip", address))]):
            return wait
        limiter.hit(STRICT_FAILURES, "failures", account)
        if not limiter.test(STRICT_FAILURES, "failures", account):
            # This one, the fifth, may still be right; then `forget` opens the lock again.
            limiter.hit(LOCK, "lock", account)
            limiter.clear(STRICT_FAILURES, "failures", account)
        return 0

    def allow_code(self, staff_id: str) -> int:
        return self._either(lambda limiter: _hit(limiter, [(PER_CODE, ("code", staff_id))]))

    def allow_link(self) -> int:
        """For a page whose address is a secret: nobody tries many."""
        address = request.remote_addr or "none"
        return self._either(lambda limiter: _hit(limiter, [(PER_ADDRESS, ("link", address))]))

    def _either(self, count: Callable[[FixedWindowRateLimiter], int]) -> int:
        try:
            return count(self._limiter)
        except StorageError:
            return count(self._fallback)

    def forget(self, email: str) -> None:
        """A right password wipes the slate: only failures add up."""
        address, account = self._keys(email)

        def clear(limiter: FixedWindowRateLimiter) -> None:
            for item in PER_ACCOUNT:
                limiter.clear(item, "account", f"{address}:{account}")
            if self._strict:
                limiter.clear(STRICT_FAILURES, "failures", account)
                limiter.clear(LOCK, "lock", account)

        clear(self._fallback)
        try:
            clear(self._limiter)
        except StorageError:
            return

    def forget_code(self, staff_id: str) -> None:
        self._fallback.clear(PER_CODE, "code", staff_id)
        try:
            self._limiter.clear(PER_CODE, "code", staff_id)
        except StorageError:
            return


def _hit(limiter: FixedWindowRateLimiter, hits: list[Hit]) -> int:
    for item, key in hits:
        if not limiter.hit(item, *key):
            return _left(limiter, (item, key))
    return 0


def _left(limiter: FixedWindowRateLimiter, hit: Hit) -> int:
    """Seconds until the window is over, rounded up to whole minutes: to the second it would tell who else tries."""
    reset = limiter.get_window_stats(hit[0], *hit[1]).reset_time
    return max(1, -(-int(reset - time.time()) // 60)) * 60
