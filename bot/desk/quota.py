"""How many messages a channel's plan has left: asked of the platform aside and seldom, kept in Redis for an hour."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from redis.exceptions import RedisError

from bot.errors import SendError
from bot.logs import logger
from bot.model import ChannelAccount
from bot.queue import JobQueue
from bot.store.accounts import AccountStore

AGAIN_S = 300
KEPT_S = 3600
LOW = 0.10

log = logger(__name__)


@runtime_checkable
class Counts(Protocol):
    """A channel whose platform counts messages by the month."""

    def quota(self, account: ChannelAccount) -> tuple[int, int] | None:
        """(used, allowed) of this month, about; None where the plan has no limit. Raises SendError."""


@dataclass(frozen=True, slots=True)
class Quota:
    used: int
    allowed: int

    @property
    def left(self) -> int:
        return max(0, self.allowed - self.used)

    @property
    def low(self) -> bool:
        return self.left < LOW * self.allowed


@dataclass(frozen=True, slots=True)
class Quotas:
    accounts: AccountStore
    channels: Mapping[Any, Any]
    queue: JobQueue

    def known(self, account_id: str) -> Quota | None:
        """What was last heard; has a worker ask again where that is older than five minutes. Never raises."""
        try:
            if self.queue.redis.set(f"quota:asked:{account_id}", 1, nx=True, ex=AGAIN_S):
                self.queue.look_at_quota(account_id)
            held = self.queue.redis.get(_key(account_id))
            return Quota(*json.loads(held)) if isinstance(held, bytes) else None
        except (RedisError, ValueError, TypeError):
            return None

    def look(self, account_id: str) -> None:
        """In a worker: ask the platform. One that does not say leaves what was known to run out."""
        account = self.accounts.recent(account_id)
        channel = self.channels.get(account.channel) if account else None
        if account is None or not isinstance(channel, Counts):
            return
        try:
            found = channel.quota(account)
        except SendError as error:
            log.info("quota_unknown", channel=account.channel.value, code=error.code)
            return
        try:
            if found is None:
                self.queue.redis.delete(_key(account_id))
            else:
                self.queue.redis.set(_key(account_id), json.dumps(found), ex=KEPT_S)
        except RedisError as error:
            log.warning("quota_away", error=type(error).__name__)


def _key(account_id: str) -> str:
    return f"quota:{account_id}"
