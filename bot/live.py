"""Live fan-out of ids over Redis: one subscription a process, a bounded queue a listener. Content never passes here."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from redis.exceptions import RedisError

from bot.logs import logger
from bot.queue import JobQueue, connect

CHANNEL = "teller:live"
BACKLOG = 200
RECONNECT_S = 0.5

log = logger(__name__)


class Live:
    """`publish` a poke, `listen` for pokes on topics. A lost poke costs a moment: listeners look again anyway."""

    def __init__(self, url: str | None, jobs: JobQueue, stopping: Callable[[], bool]) -> None:
        self._url = url
        self._jobs = jobs
        self._stopping = stopping
        self._listeners: dict[int, tuple[frozenset[str], queue.Queue[dict[str, Any]]]] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._connected = False
        self._next = 0

    def publish(self, topic: str, data: Mapping[str, Any]) -> None:
        try:
            self._jobs.redis.publish(CHANNEL, json.dumps({"topic": topic, **data}))
        except RedisError as error:
            log.warning("live_away", error=type(error).__name__)

    @property
    def connected(self) -> bool:
        return self._connected

    def listen(self, topics: Sequence[str], timeout: float = 15.0) -> Iterator[dict[str, Any] | None]:
        """Pokes as they come; None after `timeout` seconds of silence (look again yourself); ends at shutdown."""
        mine: queue.Queue[dict[str, Any]] = queue.Queue(BACKLOG)
        with self._lock:
            self._next += 1
            key = self._next
            self._listeners[key] = (frozenset(topics), mine)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="live", daemon=True)
                self._thread.start()
        try:
            quiet_since = time.monotonic()
            while not self._stopping():
                try:
                    yield mine.get(timeout=min(1.0, timeout))
                    quiet_since = time.monotonic()
                except queue.Empty:
                    if time.monotonic() - quiet_since >= (timeout if self._connected else min(timeout, 2.0)):
                        yield None
                        quiet_since = time.monotonic()
        finally:
            with self._lock:
                self._listeners.pop(key, None)

    def _run(self) -> None:
        while not self._stopping():
            try:
                self._subscribe()
            except (RedisError, OSError, ValueError):
                self._connected = False
                time.sleep(RECONNECT_S)

    def _subscribe(self) -> None:
        client = connect(self._url, timeout_s=5.0)
        pubsub: Any = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        try:
            pubsub.subscribe(CHANNEL)
            self._connected = True
            while not self._stopping():
                message = pubsub.get_message(timeout=1.0)
                if message is not None:
                    self._hand_out(json.loads(message["data"]))
        finally:
            self._connected = False
            pubsub.close()
            client.close()

    def _hand_out(self, poke: dict[str, Any]) -> None:
        with self._lock:
            targets = [mine for topics, mine in self._listeners.values() if poke.get("topic") in topics]
        for target in targets:
            try:
                target.put_nowait(poke)
            except queue.Full:
                # The listener is slow; one poke in its queue already makes it look at everything.
                continue
