"""Who has the console open, and who reads or writes which conversation now. In Redis: losing it costs seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from bot.logs import logger
from bot.queue import AWAY_S, JobQueue

ONLINE_S = 45.0
"""So long somebody counts as here after the last sign of life: a reload or a hole in the network is no absence."""
AROUND_S = 9.0
"""So long somebody counts as reading: two signs of life and the way here."""
TYPING_S = 6.0
KEPT_S = 120
_ONLINE = "presence:online"

log = logger(__name__)


@dataclass(slots=True)
class Presence:
    """Nothing here raises: where Redis is away nobody is seen, and nothing else stops."""

    queue: JobQueue
    _away_until: float = field(default=0.0, repr=False)

    def beat(self, staff_id: str, conversation_id: str | None = None, typing: bool = False) -> None:
        """A sign of life of an open page. `conversation_id`: the one it shows; `typing`: a reply is being written."""
        now = time.time()

        def work() -> None:
            with self.queue.redis.pipeline(transaction=False) as pipe:
                pipe.zadd(_ONLINE, {staff_id: now})
                pipe.expire(_ONLINE, KEPT_S)
                if conversation_id:
                    pipe.zadd(_reading(conversation_id), {staff_id: now})
                    pipe.expire(_reading(conversation_id), KEPT_S)
                if conversation_id and typing:
                    pipe.zadd(_writing(conversation_id), {staff_id: now})
                    pipe.expire(_writing(conversation_id), KEPT_S)
                pipe.execute()

        self._try(work)

    def stops(self, staff_id: str, conversation_id: str, *, typing_only: bool = False) -> None:
        """A page was left, or the reply was sent or given up."""

        def work() -> None:
            with self.queue.redis.pipeline(transaction=False) as pipe:
                pipe.zrem(_writing(conversation_id), staff_id)
                if not typing_only:
                    pipe.zrem(_reading(conversation_id), staff_id)
                pipe.execute()

        self._try(work)

    def visitor_beat(self, thread: str) -> None:
        """A sign of life of a customer's open chat on a web page."""

        def work() -> None:
            self.queue.redis.set(f"presence:visitor:{thread}", 1, ex=round(ONLINE_S))

        self._try(work)

    def visitor(self, thread: str) -> bool | None:
        """Whether the customer has the chat of `thread` open; None where nobody can know."""
        found: list[bool] = []

        def work() -> None:
            found.append(bool(self.queue.redis.exists(f"presence:visitor:{thread}")))

        self._try(work)
        return found[0] if found else None

    def online(self) -> set[str]:
        """Ids of the staff with an open page in the last 45 seconds; none where Redis is away."""
        found: set[str] = set()

        def work() -> None:
            with self.queue.redis.pipeline(transaction=False) as pipe:
                since = time.time() - ONLINE_S
                pipe.zremrangebyscore(_ONLINE, "-inf", f"({since}")
                pipe.zrange(_ONLINE, 0, -1)
                found.update(one.decode() for one in pipe.execute()[1])

        self._try(work)
        return found

    def around(self, conversation_id: str) -> tuple[tuple[str, bool], ...]:
        """(staff id, writing) of everybody who has this conversation open now, those who write first."""
        found: list[tuple[str, bool]] = []

        def work() -> None:
            now = time.time()
            with self.queue.redis.pipeline(transaction=False) as pipe:
                pipe.zrangebyscore(_reading(conversation_id), now - AROUND_S, "+inf")
                pipe.zrangebyscore(_writing(conversation_id), now - TYPING_S, "+inf")
                readers, writers = ({one.decode() for one in ids} for ids in pipe.execute())
            found.extend((one, True) for one in sorted(writers))
            found.extend((one, False) for one in sorted(readers - writers))

        self._try(work)
        return tuple(found)

    def _try(self, work: Callable[[], None]) -> None:
        if time.monotonic() < self._away_until:
            return
        try:
            work()
        except RedisError as error:
            # A hanging Redis costs one caller its time-out, not every page.
            self._away_until = time.monotonic() + AWAY_S
            log.warning("presence_away", error=type(error).__name__)


def _reading(conversation_id: str) -> str:
    return f"presence:reading:{conversation_id}"


def _writing(conversation_id: str) -> str:
    return f"presence:writing:{conversation_id}"


def presence_topic(conversation_id: str) -> str:
    """What the streams of one conversation hear when somebody came, left or began to write."""
    return f"presence:{conversation_id}"
