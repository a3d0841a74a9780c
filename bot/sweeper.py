"""The clock's work: find again whatever got stuck, so that Redis may lose everything and nobody is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.contracts import Publisher
from bot.logs import logger
from bot.metrics import STUCK
from bot.model import Delivery, Status
from bot.mongo import Mongo
from bot.queue import JobQueue
from bot.store.events import EventStore
from bot.store.outbox import OutboxStore
from bot.store.threads import ThreadStore
from bot.turns import handed

STUCK_AFTER = timedelta(seconds=3)
# A Messenger echo may still settle an unknown send; after that a person should look.
ECHO_WAIT = timedelta(seconds=15)
BOT_IDLE = timedelta(hours=24)
ATTENTION_PRIORITY = 3

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Sweeper:
    mongo: Mongo
    threads: ThreadStore
    events: EventStore
    outbox: OutboxStore
    queue: JobQueue
    live: Publisher

    def sweep(self) -> int:
        """Wake what is pending or due without a live lease; returns how many threads. Raises PyMongoError."""
        waiting = dict.fromkeys([*self.events.stuck(STUCK_AFTER), *self.outbox.due()])
        free = self.threads.free(list(waiting))
        woken = sum(self.queue.rewake(thread) for thread in free)
        if woken:
            STUCK.inc(woken)
            log.info("requeued", threads=woken)
        self._call_people()
        return woken

    def _call_people(self) -> None:
        """A send that failed, or that nobody knows of, puts the conversation in front of a person."""
        now = datetime.now(UTC)
        for entry_id, conversation_id, status in self.outbox.unattended(ECHO_WAIT):
            reason = "delivery_unknown" if status == Delivery.UNKNOWN.value else "delivery_failed"
            changed = self.mongo["conversations"].update_one(
                {"_id": conversation_id, "status": Status.BOT.value},
                {"$set": handed(reason, "general", ATTENTION_PRIORITY, now)},
            )
            self.outbox.attend(entry_id)
            if changed.modified_count:
                log.info("person_called", conversation=conversation_id, reason=reason)
                self.live.publish("inbox", {"conversation": conversation_id})

    def close_idle(self) -> int:
        """Conversations the bot has had to itself for a day are over: the next message opens a new one."""
        now = datetime.now(UTC)
        over = {
            "status": Status.RESOLVED.value,
            "open": False,
            "offer": None,
            "resolved_at": now,
            "resolved_by": "bot",
        }
        result = self.mongo["conversations"].update_many(
            {"status": Status.BOT.value, "last_at": {"$lt": now - BOT_IDLE}}, {"$set": over}
        )
        return result.modified_count

    def beat(self, name: str) -> None:
        """A sign of life for `flask doctor`."""
        self.mongo["state"].update_one({"_id": name}, {"$set": {"at": datetime.now(UTC)}}, upsert=True)
