"""Who takes new conversations: what people say of themselves, and what a closed console says for them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from redis.exceptions import RedisError

from bot.contracts import Publisher
from bot.desk.access import ANSWERS
from bot.errors import BadPayload, Conflict, NotAllowed
from bot.live import QUEUE, desk_of
from bot.model import Staff
from bot.mongo import Doc, Mongo, Session
from bot.queue import JobQueue
from bot.store.audit import AuditStore
from bot.store.desks import CAPACITY, DeskStore

AVAILABLE, AWAY, OFFLINE = "available", "away", "offline"
STATES = (AVAILABLE, AWAY, OFFLINE)
UNSEEN = timedelta(seconds=60)
"""Without an open page for so long somebody takes nothing new."""
BACK_WITHIN = timedelta(minutes=15)
"""Who is back so soon goes on where the network cut them off; later they say so themselves."""
NOTED_EVERY = timedelta(seconds=10)
GAP_S = 15.0
SYSTEM = "system:router"


class Online(Protocol):
    """The part of `bot.desk.presence.Presence` that is asked here."""

    def online(self) -> set[str]: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody's own desk. `auto`: a closed console chose `state`; `load` of `capacity` conversations in hand."""

    state: str
    auto: bool
    load: int
    capacity: int


@dataclass(slots=True)
class Watch:
    """Since when this process has been watching without a hole: absence from before is nothing it knows of."""

    since: datetime | None = None
    beat: float = 0.0

    def look(self, now: datetime) -> datetime:
        """The moment since which it has been looking every few seconds."""
        gap = time.monotonic() - self.beat > GAP_S
        self.beat = time.monotonic()
        if self.since is None or gap:
            self.since = now
        return self.since

    def blind(self) -> None:
        self.since = None


@dataclass(frozen=True, slots=True)
class Availability:
    """Raises PyMongoError where the store is away."""

    mongo: Mongo
    store: DeskStore
    audit: AuditStore
    live: Publisher
    presence: Online
    queue: JobQueue
    watch: Watch = field(default_factory=Watch)

    def standing(self, staff: Staff) -> Standing | None:
        """None for those who answer nobody."""
        if staff.role not in ANSWERS:
            return None
        desk = self.store.desk(staff.id) or {}
        person = self.store.staff(staff_id=staff.id).get(staff.id, {})
        load = self.store.loads(datetime.now(UTC), [staff.id]).get(staff.id, 0)
        state = desk.get("state", AWAY)
        return Standing(state, bool(desk.get("auto")), load, person.get("capacity", CAPACITY))

    def choose(self, staff: Staff, state: str, *, hand_over: bool = False) -> None:
        """At once and audited. `hand_over`: conversations of theirs in which a customer waits go back to the queue,
        now and as long as the person is gone; going offline always does. Raises NotAllowed, BadPayload, Conflict."""
        if staff.role not in ANSWERS:
            raise NotAllowed("Your role answers no customers.")
        if state not in STATES:
            raise BadPayload("Choose available, away or offline.")
        now = datetime.now(UTC)
        self.store.place(staff.id, now)
        self.store.seen([staff.id], now, now)
        desk = self.store.desk(staff.id) or {}
        handing_over = state == OFFLINE or (state == AWAY and hand_over)
        if not self._move(desk, state, now, staff.id, auto=False, handing_over=handing_over):
            raise Conflict("Your desk changed a moment ago; look again.")

    def observe(self, now: datetime) -> tuple[dict[str, Doc], datetime | None]:
        """All desks after noting who is here, and since when this process can tell; None where it cannot."""
        online = self._online()
        if online is None:
            self.watch.blind()
            return self.store.desks(), None
        watching = self.watch.look(now)
        desks = self.store.desks()
        fresh = now - NOTED_EVERY
        if stale := [one for one in online if one not in desks or last_seen(desks[one]) < fresh]:
            self.store.seen(stale, now, fresh)
            desks = self.store.desks()
        for desk in list(desks.values()):
            if self._settle(desk, desk["_id"] in online, watching, now):
                desks[desk["_id"]] = self.store.desk(desk["_id"]) or desk
        return desks, watching

    def _settle(self, desk: Doc, here: bool, watching: datetime, now: datetime) -> bool:
        """Away for who closed the console, available again for who is back soon; whether something changed."""
        if here:
            back = desk["auto"] and desk["state"] == AWAY and now - desk["since"] <= BACK_WITHIN
            return back and self._move(desk, AVAILABLE, now, SYSTEM, auto=False, handing_over=False)
        if desk["state"] != AVAILABLE or now - max(last_seen(desk), watching) < UNSEEN:
            return False
        return self._move(desk, AWAY, now, SYSTEM, auto=True, handing_over=False)

    def _move(
        self, desk: Doc, state: str, now: datetime, actor: str, *, auto: bool, handing_over: bool
    ) -> bool:
        fields: dict[str, Any] = {"state": state, "auto": auto, "since": now, "handing_over": handing_over}
        if state == AVAILABLE and desk["state"] != AVAILABLE:
            fields["available_since"] = now
        detail = {"from": desk["state"], "to": state, "hand_over": handing_over}

        def work(session: Session) -> bool:
            if not self.store.change(session, desk, fields):
                return False
            self.audit.add(actor, "desk:availability", f"staff:{desk['_id']}", detail, session)
            return True

        moved = self.mongo.transaction(work)
        if moved:
            # The router looks at once, and so does the person's own page.
            self.live.publish((QUEUE, desk_of(desk["_id"])), {})
        return moved

    def _online(self) -> set[str] | None:
        """None where nobody can tell: an empty answer of a Redis that is away is no absence."""
        try:
            self.queue.redis.ping()
        except RedisError:
            return None
        return self.presence.online()


def last_seen(desk: Mapping[str, Any]) -> datetime:
    seen: datetime = desk.get("seen_at") or desk["since"]
    return seen
