"""Staff and their roles: who may change whom, and where a second person has to agree (compliance.md, section 4).

An administrator changes names, skills, capacity and ordinary roles at once. Whatever gives or takes the roles of
compliance and administration waits for another administrator; a supervisor proposes and an administrator agrees. Nobody
changes their own role. Closing an account is at once and for one administrator, as a leaver must not keep a door; the
last administrator stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.contracts import Publisher
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import Role, Staff
from bot.mongo import Mongo, Session
from bot.store.audit import AuditStore
from bot.store.sessions import SessionStore
from bot.store.staff import Member, StaffStore
from bot.store.staff_requests import StaffRequest, StaffRequestStore

PRIVILEGED = (Role.COMPLIANCE, Role.ADMIN)
CAPACITIES = range(1, 51)
SHORTEST_NAME, LONGEST_NAME = 1, 80
MOST_SKILLS = 20
SKILL = re.compile(r"[a-z][a-z0-9_-]{0,39}")
TOPIC = "inbox"
SECOND = (
    "A second administrator has to agree, and there is none. Whoever runs the server adds one:"
    " flask staff add EMAIL --role admin --password-stdin"
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What an account shall be; `name` None: as it is."""

    role: Role
    skills: tuple[str, ...]
    capacity: int
    name: str | None = None


def a_name(written: str) -> str:
    """What somebody is called in the console. Raises BadPayload."""
    name = written.strip()
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
        raise BadPayload(f"A name has {SHORTEST_NAME} to {LONGEST_NAME} characters.")
    return name


def checked(wish: Wish) -> Wish:
    """The same, tidied. Raises BadPayload."""
    name = a_name(wish.name) if wish.name is not None else None
    skills = tuple(dict.fromkeys(one.strip().lower() for one in wish.skills if one.strip()))
    if len(skills) > MOST_SKILLS or not all(SKILL.fullmatch(one) for one in skills):
        raise BadPayload(
            f"A skill is a short code of a-z, 0-9, - and _, such as loan; {MOST_SKILLS} at most."
        )
    if wish.capacity not in CAPACITIES:
        raise BadPayload(f"Capacity is a number from {CAPACITIES[0]} to {CAPACITIES[-1]}.")
    return Wish(wish.role, skills, wish.capacity, name)


class People:
    """Safe for any number of threads. Methods raise PyMongoError when MongoDB is away."""

    def __init__(
        self,
        mongo: Mongo,
        staff: StaffStore,
        requests: StaffRequestStore,
        sessions: SessionStore,
        audit: AuditStore,
        live: Publisher,
    ) -> None:
        self._mongo = mongo
        self._staff = staff
        self._requests = requests
        self._sessions = sessions
        self._audit = audit
        self._live = live

    def members(self) -> list[Member]:
        return self._staff.members()

    def member(self, staff_id: str) -> Member:
        """Raises NotFound."""
        return self._found(staff_id)

    def requests(self, staff_id: str | None = None) -> list[StaffRequest]:
        """Those that wait for somebody's word, oldest first."""
        return self._requests.open(staff_id)

    def has_second(self) -> bool:
        """Whether there is another administrator to agree."""
        return self._staff.active_of(Role.ADMIN) > 1

    def skills(self) -> list[str]:
        """Every skill that somebody has."""
        return sorted({skill for one in self._staff.members() for skill in one.staff.skills})

    def change(self, actor: Staff, staff_id: str, wish: Wish) -> StaffRequest | None:
        """At once, but for what needs a second person: that is the request returned.

        Raises NotAllowed, NotFound, BadPayload, Conflict.
        """
        wish = checked(wish)

        def work(session: Session) -> StaffRequest | None:
            target = self._found(staff_id, session).staff
            if actor.role not in (Role.ADMIN, Role.SUPERVISOR):
                raise NotAllowed("Only an administrator changes staff.")
            change = _differences(target, wish)
            if "role" in change and target.id == actor.id:
                raise NotAllowed("Nobody changes their own role: ask another administrator.")
            asked: dict[str, Any] = {}
            if actor.role is Role.SUPERVISOR:
                if wish.role in PRIVILEGED or target.role in PRIVILEGED or "name" in change:
                    raise NotAllowed(
                        "A supervisor proposes roles, skills and capacity of agents and supervisors."
                    )
                asked, change = change, {}
            elif "role" in change and (wish.role in PRIVILEGED or target.role in PRIVILEGED):
                if not self._another(actor.id, target.id):
                    raise Conflict(SECOND)
                asked = {"role": change.pop("role")}
            if change:
                self._apply(actor.id, target, change, session)
            if not asked:
                return None
            request = self._requests.add(session, target.id, asked, actor.id)
            self._note(actor.id, "staff:change:ask", target.id, asked, session)
            return request

        return self._mongo.transaction(work)

    def _another(self, first: str, target: str) -> bool:
        """Whether somebody could agree: an administrator who neither asks nor is concerned."""
        others = {first, target}
        return any(
            one.staff.active and one.staff.role is Role.ADMIN and one.staff.id not in others
            for one in self._staff.members()
        )

    def decide(self, actor: Staff, request_id: str, *, approve: bool) -> StaffRequest:
        """Another administrator's word. Raises NotAllowed, NotFound, Conflict."""
        _only_admin(actor)

        def work(session: Session) -> StaffRequest:
            request = self._requests.one(request_id, session)
            if request is None:
                raise NotFound("There is no such request.")
            if approve and actor.id in (request.by, request.staff_id):
                raise NotAllowed("Another administrator has to agree: not who asked, nor whom it concerns.")
            if not self._requests.decide(
                request_id, "approved" if approve else "declined", actor.id, session
            ):
                raise Conflict("A colleague has decided this already.")
            target = self._found(request.staff_id, session).staff
            if approve:
                self._apply(actor.id, target, request.change, session, asked_by=request.by)
            else:
                self._note(actor.id, "staff:change:decline", target.id, request.change, session)
            return request

        return self._mongo.transaction(work)

    def close(self, actor: Staff, staff_id: str) -> None:
        """The account is closed at once and its sessions end. Raises NotAllowed, NotFound, Conflict."""
        _only_admin(actor)
        if actor.id == staff_id:
            raise NotAllowed("Nobody closes their own account: ask another administrator.")
        self.shut(actor.id, staff_id)

    def shut(self, actor: str, staff_id: str) -> None:
        """For `close`, and for a command, whose `actor` is the machine's account."""

        def work(session: Session) -> None:
            target = self._found(staff_id, session).staff
            if not target.active:
                raise Conflict("This account is closed already.")
            self._apply(actor, target, {"active": False}, session)

        self._mongo.transaction(work)
        # The router gives back what the person had; it hears of it at once instead of at its next look.
        self._live.publish(TOPIC, {"staff": staff_id})

    def reopen(self, actor: Staff, staff_id: str) -> StaffRequest | None:
        """A closed account works again; with a privileged role it waits for another administrator."""
        _only_admin(actor)

        def work(session: Session) -> StaffRequest | None:
            target = self._found(staff_id, session).staff
            if target.active:
                raise Conflict("This account is open already.")
            if target.role not in PRIVILEGED:
                self._apply(actor.id, target, {"active": True}, session)
                return None
            if not self._another(actor.id, target.id):
                raise Conflict(SECOND)
            request = self._requests.add(session, target.id, {"active": True}, actor.id)
            self._note(actor.id, "staff:change:ask", target.id, request.change, session)
            return request

        return self._mongo.transaction(work)

    def end_sessions(self, actor: Staff, staff_id: str) -> int:
        _only_admin(actor)

        def work(session: Session) -> int:
            ended = self._sessions.end_all(self._found(staff_id, session).staff.id, session=session)
            self._note(actor.id, "staff:sessions:end", staff_id, {"ended": ended}, session)
            return ended

        return self._mongo.transaction(work)

    def _apply(
        self,
        actor: str,
        target: Staff,
        change: Mapping[str, Any],
        session: Session,
        asked_by: str | None = None,
    ) -> None:
        loses_admin = change.get("active") is False or change.get("role", Role.ADMIN) != Role.ADMIN
        is_admin = target.role is Role.ADMIN and target.active
        if is_admin and loses_admin and self._staff.active_of(Role.ADMIN, session) <= 1:
            # Two who do this to each other meet in the audit log's counter, so the later one reads again.
            raise Conflict("This is the last administrator: make another one first.")
        self._staff.change(target.id, change, session)
        privileged = "role" in change and (change["role"] in PRIVILEGED or target.role in PRIVILEGED)
        if change.get("active") is False or privileged:
            self._sessions.end_all(target.id, session=session)
        told = {key: value for key, value in change.items() if key != "name"} | (
            {"name": "changed"} if "name" in change else {}
        )
        was = {"was": target.role.value} if "role" in change else {}
        by = {"asked_by": asked_by} if asked_by else {}
        self._note(actor, "staff:change", target.id, {**told, **was, **by}, session)

    def _note(
        self, actor: str, action: str, staff_id: str, detail: Mapping[str, Any], session: Session
    ) -> None:
        self._audit.add(actor, action, f"staff:{staff_id}", dict(detail), session)

    def _found(self, staff_id: str, session: Session | None = None) -> Member:
        found = self._staff.member(staff_id, session)
        if found is None:
            raise NotFound("There is no such member of staff.")
        return found


def _only_admin(actor: Staff) -> None:
    if actor.role is not Role.ADMIN:
        raise NotAllowed("Only an administrator changes staff.")


def _differences(target: Staff, wish: Wish) -> dict[str, Any]:
    change: dict[str, Any] = {}
    if wish.role is not target.role:
        change["role"] = wish.role.value
    if set(wish.skills) != set(target.skills):
        change["skills"] = list(wish.skills)
    if wish.capacity != target.capacity:
        change["capacity"] = wish.capacity
    if wish.name is not None and wish.name != target.name:
        change["name"] = wish.name
    return change
