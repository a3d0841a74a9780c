"""Which keys there are, how old they are and when they are due: for the page. Never what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bot.mongo import Mongo
from bot.settings import environment
from bot.settings_keys import target
from bot.store.audit import AuditStore
from bot.store.seals import SealStore
from bot.vault_keys import MasterKeys, Wrapped

# NIST SP 800-57 part 1, 5.3.6: a key that wraps others one to two years, a private key that signs one to three.
MASTER_YEAR = timedelta(days=365)
SEAL_YEARS = timedelta(days=730)
SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Master:
    """`current`: new data keys are wrapped by it, or are to be moved to it."""

    wrapped: Wrapped
    current: bool


@dataclass(frozen=True, slots=True)
class Due:
    """`since`: made, or last replaced. `state`: fine, soon, over."""

    since: datetime
    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class Seal:
    """The key of the latest seal; `since` is the first day it signed."""

    key_id: str
    since: date
    last: date
    due: Due


@dataclass(frozen=True, slots=True)
class Keys:
    """`rotated`: when `flask keys rotate` last ended on the current master. `moving`: others still wrap data keys."""

    masters: tuple[Master, ...]
    rotated: datetime | None
    due: Due | None
    seal: Seal | None

    @property
    def moving(self) -> int:
        return sum(one.wrapped.keys for one in self.masters if not one.current)


class KeyRegister:
    """Raises PyMongoError."""

    def __init__(
        self,
        mongo: Mongo,
        audit: AuditStore,
        kms: Mapping[str, Mapping[str, object]],
        master_key: Mapping[str, object] | None,
    ) -> None:
        self._masters = MasterKeys(mongo, kms, master_key)
        self._seals = SealStore(mongo)
        self._audit = audit
        self._kms = kms

    def overview(self, now: datetime | None = None) -> Keys:
        now = now or datetime.now(UTC)
        current = target(self._kms, environment())
        masters = tuple(
            Master(one, one.master.partition(" ")[0] == current) for one in self._masters.wrapped()
        )
        done = self._audit.latest(f"master:{current}", ["keys:rotate:done"], 1)
        rotated = done[0]["at"] if done else None
        made = [one.wrapped.oldest for one in masters if one.wrapped.oldest is not None]
        # A master that was never replaced is at least as old as the oldest key it wraps.
        since = rotated or min(made, default=None)
        return Keys(masters, rotated, _due(since, MASTER_YEAR, now) if since else None, self._seal(now))

    def _seal(self, now: datetime) -> Seal | None:
        last = self._seals.latest()
        if last is None:
            return None
        first = self._seals.first_by(last["key_id"]) or last
        since = datetime.fromisoformat(first["_id"]).replace(tzinfo=UTC)
        due = _due(since, SEAL_YEARS, now)
        return Seal(last["key_id"], since.date(), date.fromisoformat(last["_id"]), due)


def _due(since: datetime, term: timedelta, now: datetime) -> Due:
    at = since + term
    return Due(since, at, "over" if at <= now else "soon" if at - SOON <= now else "fine")
