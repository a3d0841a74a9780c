"""Live fan-out of ids over Redis: one subscription a process, a bounded queue a listener. Content never passes here."""

from __future__ import annotations

import contextlib
import json
import queue
import secrets
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from redis.exceptions import RedisError

from bot.logs import logger
from bot.queue import JobQueue, connect

CHANNEL = "teller:live"
BACKLOG = 200
REVISION = "teller:revision:"
EVERYONE = "inbox"
"""The topic of what concerns every list."""
EVERY_CONVERSATION = "inbox:all"
QUEUE = "inbox:queue"
MARKED = (EVERYONE, QUEUE)
"""Topics of the lists that many people look at: what was told of last has a mark, as it has for each desk."""
AWAY_S = 2.0
_END: dict[str, Any] = {}
"""Wakes a listener to see that the process stops."""
RECONNECT_S = 0.5

log = logger(__name__)


DESK = f"{EVERYONE}:staff:"


def desk_of(staff_id: str) -> str:
    """The topic of what one person has in hand."""
    return DESK + staff_id


class _Ear:
    """One listener; it counts from its making until nobody holds it."""

    def __init__(self, topics: Sequence[str]) -> None:
        self.topics = frozenset(topics)
        self.pokes: queue.Queue[dict[str, Any] | None] = queue.Queue(BACKLOG)

    def hear(self, poke: dict[str, Any] | None) -> None:
        # A full queue belongs to a slow listener; one poke in it already makes it look at everything.
        with contextlib.suppress(queue.Full):
            self.pokes.put_nowait(poke)


class Live:
    """`publish` a poke, `listen` for pokes on topics. A lost poke costs a moment: listeners look again anyway."""

    def __init__(self, url: str | None, jobs: JobQueue, stopping: Callable[[], bool]) -> None:
        self._url = url
        self._jobs = jobs
        self._stopping = stopping
        # Weak, because a stream that ends before its first poke never reaches a `finally`.
        self._ears: weakref.WeakSet[_Ear] = weakref.WeakSet()
        self._by_topic: dict[str, weakref.WeakSet[_Ear]] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._connected = False

    def publish(self, topics: str | Sequence[str], data: Mapping[str, Any]) -> None:
        named = [topics] if isinstance(topics, str) else list(topics)
        body = json.dumps({**data, "topics": named})
        marked = [topic for topic in named if topic in MARKED or topic.startswith(DESK)]
        try:
            if not marked:
                self._jobs.redis.publish(CHANNEL, body)
                return
            # Marked first: who hears of the change must not find the mark of before it. No counter: a Redis that lost
            # everything would count to the same number again.
            with self._jobs.redis.pipeline(transaction=False) as both:
                for topic in marked:
                    both.set(REVISION + topic, secrets.token_hex(8))
                both.publish(CHANNEL, body)
                both.execute()
        except RedisError as error:
            log.warning("live_away", error=type(error).__name__)

    def revision(self, desk: str) -> tuple[str, str] | None:
        """The first changes with every change of what the shared lists hold, the second also with what `desk`, a staff
        id, has in hand; None while nobody can know.

        What was read from MongoDB after a revision was asked for holds all changes told of up to it.
        """
        try:
            marks = self._jobs.redis.mget([REVISION + topic for topic in (*MARKED, desk_of(desk))])
        except RedisError:
            return None
        shared = marks[: len(MARKED)]
        return (repr(shared), repr(marks)) if any(shared) else None

    @property
    def connected(self) -> bool:
        return self._connected

    @property
    def listeners(self) -> int:
        return len(self._ears)

    def listen(
        self, topics: Sequence[str], timeout: float = 15.0, beat: float | None = None
    ) -> Iterator[dict[str, Any] | None]:
        """Pokes as they come, from this call on; None says to look again: after `timeout` seconds of silence, and
        whenever pokes may have been missed. With `beat`, an empty poke comes at least every so many seconds, which
        says no more than that time has passed. Ends at shutdown."""
        ear = _Ear(topics)
        with self._lock:
            self._ears.add(ear)
            for topic in ear.topics:
                self._by_topic.setdefault(topic, weakref.WeakSet()).add(ear)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="live", daemon=True)
                self._thread.start()
        return self._pokes(ear, timeout, beat)

    def _pokes(self, ear: _Ear, timeout: float, beat: float | None) -> Iterator[dict[str, Any] | None]:
        # A thousand idle streams wait here: each is woken by what it hears, and by nothing else.
        quiet_since = beaten = time.monotonic()
        while not self._stopping():
            now = time.monotonic()
            if beat is not None and now - beaten >= beat:
                yield {}
                beaten = now = time.monotonic()
            silence = quiet_since + (timeout if self._connected else min(timeout, AWAY_S)) - now
            wait = silence if beat is None else min(silence, beaten + beat - now)
            try:
                poke = ear.pokes.get(timeout=max(wait, 0.0))
            except queue.Empty:
                if wait < silence:
                    continue
                poke = None
            quiet_since = time.monotonic()
            if poke is not _END:
                yield poke

    def _run(self) -> None:
        while not self._stopping():
            try:
                self._subscribe()
            except (RedisError, OSError, ValueError):
                self._hand_out(None)
                time.sleep(RECONNECT_S)
        self._hand_out(_END)

    def _subscribe(self) -> None:
        client = connect(self._url, timeout_s=5.0)
        pubsub: Any = client.pubsub()  # type: ignore[no-untyped-call]
        try:
            pubsub.subscribe(CHANNEL)
            while not self._stopping():
                message = pubsub.get_message(timeout=1.0)
                if message is None:
                    continue
                if message["type"] == "subscribe":
                    self._connected = True
                    # What was published before this moment is lost.
                    self._hand_out(None)
                elif message["type"] == "message":
                    self._hand_out(json.loads(message["data"]))
        finally:
            self._connected = False
            pubsub.close()
            client.close()

    def _hand_out(self, poke: dict[str, Any] | None) -> None:
        """To those who listen to one of its topics; to all where it names none."""
        with self._lock:
            ears = set(self._ears) if not poke else self._listening(poke["topics"])
        for ear in ears:
            ear.hear(poke)

    def _listening(self, topics: Sequence[str]) -> set[_Ear]:
        found: set[_Ear] = set()
        for topic in topics:
            if (ears := self._by_topic.get(topic)) is None:
                continue
            if ears:
                found.update(ears)
            else:
                del self._by_topic[topic]
        return found
