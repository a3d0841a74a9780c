"""The router: gives waiting conversations to people, and takes back what nobody answers. Any number may run at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.desk.access import ANSWERS
from bot.desk.availability import AVAILABLE, SYSTEM, Availability
from bot.desk.change import Changes
from bot.desk.fairness import Fairness, fairness
from bot.desk.hours import HoursBook
from bot.desk.routing_match import (
    GENERAL,
    NEVER_RELAXED,
    Agent,
    Match,
    Waiting,
    match,
    permits,
    waited,
)
from bot.desk.routing_return import reason_to_return, returned
from bot.desk.routing_rules import AUTO, Rules, RulesBook
from bot.desk.standing import owned_by
from bot.errors import Conflict
from bot.live import MARKED, Live
from bot.logs import logger
from bot.metrics import ASSIGNED, RETURNED
from bot.model import Role, Status
from bot.mongo import Doc, PyMongoError, Session
from bot.store.desks import CAPACITY, DeskStore
from bot.store.views import COMPLAINT

KNOWN_FOR = timedelta(days=30)
WAKES_ON = MARKED
REST_S = 0.2

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Router:
    """Every assignment is one transaction that holds the agent's desk and compares the conversation: of two routers, or
    a router and a person, one wins and the other looks again."""

    store: DeskStore
    availability: Availability
    rules: RulesBook
    changes: Changes
    hours: HoursBook
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def tick(self, now: datetime | None = None) -> int:
        """One look at everything; how many conversations were assigned. Raises PyMongoError."""
        if not self._turn.acquire(blocking=False):
            return 0
        try:
            at = now or datetime.now(UTC)
            rules = self.rules.in_force().rules
            desks, watching = self.availability.observe(at)
            staff = self.store.staff()
            self._take_back(rules, desks, staff, watching, at)
            return self._give_out(rules, desks, staff, at) if rules.assign == AUTO else 0
        finally:
            self._turn.release()

    def fairness(self, since: datetime, until: datetime | None = None) -> Fairness:
        """How evenly it gave out since then, and how long customers waited. Raises PyMongoError."""
        return fairness(self.store, self.hours.current(), since, until or datetime.now(UTC))

    def follow(self, live: Live) -> None:
        """Look as soon as something comes into the queue, besides the clock's every second."""
        threading.Thread(target=self._follow, args=(live,), name="router", daemon=True).start()

    def _follow(self, live: Live) -> None:
        for poke in live.listen(WAKES_ON, timeout=60.0):
            if poke is None:
                continue
            try:
                self.tick()
            except PyMongoError as error:
                log.warning("router_failed", error=type(error).__name__)
            except Exception:  # the clock's second goes on, but a thread that dies should say so
                log.exception("router_failed")
            time.sleep(REST_S)

    # -- giving out ----------------------------------------------------------------------------------------------------

    def _give_out(
        self, rules: Rules, desks: Mapping[str, Doc], staff: Mapping[str, Doc], now: datetime
    ) -> int:
        agents = self._agents(desks, staff, now)
        free = [one for one in agents if one.load < one.capacity]
        if not free:
            return 0
        docs = self.store.queue(now, _allowed(free, rules, now))
        if not docs:
            return 0
        queue = [_waiting(doc, now) for doc in docs]
        knowers = self.store.knowers([one.customer for one in queue], now - KNOWN_FOR)
        hours = self.hours.current()
        by_id = {one.id: one for one in queue}
        done = 0
        for pair in match(queue, free, knowers, rules, hours, now):
            wait = waited(by_id[pair.conversation], hours, now)
            done += self._assign(pair, by_id[pair.conversation].skill, int(wait.total_seconds()))
        return done

    def _agents(self, desks: Mapping[str, Doc], staff: Mapping[str, Doc], now: datetime) -> list[Agent]:
        here = [
            one
            for one, desk in desks.items()
            if desk["state"] == AVAILABLE and one in staff and Role(staff[one]["role"]) in ANSWERS
        ]
        loads = self.store.loads(now, here) if here else {}
        return [
            Agent(
                id=one,
                role=Role(staff[one]["role"]),
                skills=frozenset(staff[one].get("skills", ())),
                capacity=staff[one].get("capacity", CAPACITY),
                load=loads.get(one, 0),
                assigned_at=desks[one].get("assigned_at"),
            )
            for one in here
        ]

    def _assign(self, pair: Match, skill: str, wait_s: int) -> bool:
        """Whether it was given: not where somebody was quicker, or the person left, was closed or is full by now."""
        conversation = self.store.conversation(pair.conversation)
        if conversation is None or conversation.status is not Status.WAITING:
            return False
        now = datetime.now(UTC)

        def still_so(session: Session) -> None:
            desk = self.store.holds(session, pair.agent, now)
            person = self.store.staff(session, pair.agent).get(pair.agent)
            if desk is None or person is None or Role(person["role"]) not in ANSWERS:
                raise Conflict("This colleague takes no conversations any more.")
            current = self.store.raw(pair.conversation, session)
            if (current.get("skill") or GENERAL) != skill or not permits(Role(person["role"]), skill):
                raise Conflict("This conversation needs somebody else by now.")
            load = self.store.loads(now, [pair.agent], session).get(pair.agent, 0)
            if load > person.get("capacity", CAPACITY):
                raise Conflict("This colleague has as many conversations as they can take.")

        fields = owned_by(pair.agent, now)
        detail = {"to": pair.agent, "why": pair.why, "waited_s": wait_s}
        try:
            self.changes.apply(
                SYSTEM, conversation, "conversation:assign", fields, detail=detail, also=still_so
            )
        except Conflict:
            return False
        ASSIGNED.labels(pair.why).inc()
        return True

    # -- taking back ---------------------------------------------------------------------------------------------------

    def _take_back(
        self,
        rules: Rules,
        desks: Mapping[str, Doc],
        staff: Mapping[str, Doc],
        watching: datetime | None,
        now: datetime,
    ) -> None:
        for doc in self.store.owned():
            hours = self.hours.of(doc.get("skill"))
            owner = doc["assignee"]
            why = reason_to_return(doc, desks.get(owner), staff.get(owner), rules, hours, watching, now)
            if why is not None and self._return(doc, why, now):
                RETURNED.labels(why).inc()

    def _return(self, doc: Doc, why: str, now: datetime) -> bool:
        conversation = self.store.conversation(doc["_id"])
        if conversation is None or conversation.status is not Status.ASSIGNED:
            return False
        fields = returned(doc, why, now)

        def still_so(session: Session) -> None:
            current = self.store.raw(doc["_id"], session)
            # Owner and status are compared by the change itself; a reply leaves both as they are.
            if any(current.get(name) != doc.get(name) for name in ("staff_at", "skill")):
                raise Conflict("It was answered a moment ago.")
            self.store.note_return(session, doc, why, now)

        detail = {"why": why, "owner": doc["assignee"], "priority": [doc["priority"], fields["priority"]]}
        try:
            self.changes.apply(
                SYSTEM, conversation, "conversation:return", fields, detail=detail, also=still_so
            )
        except Conflict:
            return False
        return True


def _waiting(doc: Doc, now: datetime) -> Waiting:
    return Waiting(
        id=doc["_id"],
        customer=doc["customer"],
        skill=doc.get("skill") or GENERAL,
        priority=doc["priority"],
        since=doc.get("waiting_since") or doc.get("handed_at") or now,
        passed_by=frozenset(doc.get("passed_by", ())),
    )


def _allowed(free: Sequence[Agent], rules: Rules, now: datetime) -> Doc:
    """What somebody who is free may get at all: so that others' work does not hide it at the head of the queue."""
    skills = {GENERAL, *(skill for one in free for skill in one.skills if skill != COMPLAINT)}
    if any(permits(one.role, COMPLAINT) for one in free):
        skills.add(COMPLAINT)
    least = min(rules.relax_urgent, rules.relax_high, rules.relax)
    anybody = {
        "skill": {"$nin": list(NEVER_RELAXED)},
        "waiting_since": {"$lte": now - timedelta(minutes=least)},
    }
    return {"$or": [{"skill": {"$in": [None, *sorted(skills)]}}, anybody]}
