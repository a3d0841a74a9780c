"""One customer over all identities: what people may see and do, each act with its audit entry.

A person sees a customer while that customer waits, or is theirs to serve, by whichever identity; supervisors,
compliance and auditors see all. Linking is for senior agents and supervisors: an agent writes a note about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot import reasons
from bot.contracts import Publisher
from bot.desk.access import ANSWERS
from bot.desk.pokes import EVERYONE
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.masking import mask
from bot.model import Role, Staff
from bot.mongo import Mongo, Session
from bot.store.audit import AuditStore
from bot.store.customers import CustomerStore, Face, Remark, Risk
from bot.store.links import AGENT, PROOFS, Link, LinkStore
from bot.store.timeline import Candidate, Timeline, TimelineStore

LINKS = (Role.SENIOR, Role.SUPERVISOR)
LEVELS = ("watch", "high")
LONGEST_NOTE = 2000
LONGEST_TAG, MOST_TAGS = 20, 12
MARKED = "customer:risk"
GONE = "There is no such customer, or none that you serve now."


@dataclass(frozen=True, slots=True)
class Standing:
    """Who an identity is by proof. `firm_id` is the firm's own id, its own proof's or one it is tied to by proof:
    `via` is the identity that has proven it. `disputed`: proofs lead to two customers of the firm's, so to none."""

    firm_id: str | None = field(default=None, repr=False)
    via: str | None = None
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """`asked` is the identity somebody asked for; `standings` is by identity; links, undone ones too, latest first."""

    asked: str
    faces: tuple[Face, ...]
    standings: dict[str, Standing]
    risk: Risk | None
    tags: tuple[str, ...]
    notes: tuple[Remark, ...]
    links: tuple[Link, ...]

    @property
    def face(self) -> Face:
        """The identity asked for."""
        return next(face for face in self.faces if face.id == self.asked)


def standings(faces: Sequence[Face], links: Sequence[Link]) -> dict[str, Standing]:
    """Who each identity is by proof: as `Customers.verified_as` says, of all of them at once."""
    proofs = [link.customers for link in links if link.stands and link.kind in PROOFS]
    own = {face.id: face.verified.firm_id for face in faces if face.verified}
    found = {}
    for face in faces:
        reached, edge = [face.id], [face.id]
        while edge:
            ends = {end for pair in proofs if set(pair) & set(edge) for end in pair}
            edge = sorted(ends - set(reached))
            reached += edge
        proven = [one for one in reached if one in own]
        ids = {own[one] for one in proven}
        found[face.id] = Standing(ids.pop(), proven[0]) if len(ids) == 1 else Standing(disputed=len(ids) > 1)
    return found


@dataclass(frozen=True, slots=True)
class Customers:
    """Raises NotFound where there is no such customer or not for this person, NotAllowed where the role may only read,
    BadPayload and Conflict with a sentence to show; PyMongoError where MongoDB is away."""

    mongo: Mongo
    store: CustomerStore
    links: LinkStore
    past: TimelineStore
    audit: AuditStore
    live: Publisher

    def verified_as(self, customer_id: str) -> str | None:
        """The firm's own id of this customer, where that identity or one tied to it by proof has proven it.

        None also where proofs lead to two customers of the firm's: an account that both have linked proves neither.
        """
        proven = set(self.store.firm_ids(self.links.proven(customer_id)).values())
        return proven.pop() if len(proven) == 1 else None

    def person(self, staff: Staff, customer_id: str) -> Person:
        members = self._members(staff, customer_id)
        faces, links = self.store.faces(members), self.links.of(members)
        if customer_id not in {face.id for face in faces}:
            raise NotFound(GONE)
        risks = [face.risk for face in faces if face.risk]
        return Person(
            asked=customer_id,
            faces=tuple(faces),
            standings=standings(faces, links),
            risk=max(risks, key=lambda risk: (LEVELS.index(risk.level), risk.at)) if risks else None,
            tags=tuple(sorted({tag for face in faces for tag in face.tags})),
            notes=tuple(self.store.notes(members)),
            links=tuple(links),
        )

    def timeline(self, staff: Staff, customer_id: str, before: str | None = None) -> Timeline:
        return self.past.page(staff, self._members(staff, customer_id), before)

    def note(self, staff: Staff, customer_id: str, text: str, corrects: str | None = None) -> None:
        """A note about the customer. It is never changed; `corrects` names an earlier one that this replaces."""
        members, words = self._working(staff, customer_id), text.strip()
        if not words:
            raise BadPayload("Write the note first.")
        if len(words) > LONGEST_NOTE:
            raise BadPayload(f"The note is longer than {LONGEST_NOTE} characters.")
        if corrects and corrects not in {note.id for note in self.store.notes(members)}:
            raise BadPayload("The note to correct is not this customer's.")

        def write(session: Session) -> dict[str, Any]:
            note = self.store.note(session, customer_id, staff.id, words, corrects or None)
            return {"note": note, **({"corrects": corrects} if corrects else {})}

        self._act(staff, "customer:note", customer_id, write)

    def tag(self, staff: Staff, customer_id: str, written: str) -> None:
        """Set the tags of all identities; `written` parts them by commas or spaces."""
        members = self._working(staff, customer_id)
        tags = sorted({mask(tag).masked for tag in re.split(r"[\s,，、]+", written) if tag})
        if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in tags):
            raise BadPayload(f"At most {MOST_TAGS} tags of {LONGEST_TAG} characters each.")

        def write(session: Session) -> dict[str, Any]:
            self.store.tag(session, members, tags)
            return {"tags": len(tags)}

        self._act(staff, "customer:tag", customer_id, write)

    def mark(self, staff: Staff, customer_id: str, level: str, reason: str) -> None:
        """Set the risk mark, `none` lifts it. Whoever answers may raise it; seniors and supervisors lower it."""
        person = self.person(staff, customer_id)
        members, why = self._working(staff, customer_id), reasons.reason(reason)
        before = person.risk.level if person.risk else "none"
        ladder = ("none", *LEVELS)
        if level not in ladder:
            raise BadPayload("A risk mark is none, watch or high.")
        if ladder.index(level) < ladder.index(before) and staff.role not in LINKS:
            raise NotAllowed("Only a senior agent or a supervisor lowers a risk mark.")

        def write(session: Session) -> dict[str, Any]:
            self.store.mark(session, members, None if level == "none" else level, why, staff.id)
            return {"from": before, "to": level, "reason": mask(why).masked}

        self._act(staff, MARKED, customer_id, write)

    def candidates(self, staff: Staff, customer_id: str) -> list[Candidate]:
        """Whom this person may know to be the same customer: those they may read now."""
        return self.past.candidates(staff, self._linking(staff, customer_id))

    def both(self, staff: Staff, customer_id: str, other_id: str) -> tuple[Person, Person]:
        """The two sides, before somebody decides that they are one. Raises Conflict where they are already."""
        if other_id in self._linking(staff, customer_id):
            raise Conflict("These belong together already.")
        return self.person(staff, customer_id), self.person(staff, other_id)

    def link(self, staff: Staff, customer_id: str, other_id: str, reason: str) -> Link:
        """Say that two are one customer. It proves nothing: nobody is verified by it, and it can be undone."""
        why = reasons.reason(reason)
        made: list[Link] = []
        self.both(staff, customer_id, other_id)

        def write(session: Session) -> dict[str, Any]:
            link = self.links.add(session, customer_id, other_id, AGENT, staff.id, why)
            if link is None:
                raise Conflict("These belong together already.")
            made[:] = [link]
            return {"link": link.id, "kind": AGENT, "other": other_id}

        self._act(staff, "customer:link", customer_id, write)
        return made[0]

    def unlink(self, staff: Staff, customer_id: str, link_id: str, reason: str) -> Link:
        """Take a link back, whoever made it; the history stays with whom it was said."""
        why = reasons.reason(reason)
        undone: list[Link] = []
        if link_id not in {link.id for link in self.links.of(self._linking(staff, customer_id))}:
            raise NotFound("There is no such link.")

        def write(session: Session) -> dict[str, Any]:
            link = self.links.undo(session, link_id, staff.id, why)
            undone[:] = [link]
            return {"link": link.id, "kind": link.kind}

        self._act(staff, "customer:unlink", customer_id, write)
        return undone[0]

    def _members(self, staff: Staff, customer_id: str) -> list[str]:
        members = self.store.shown(staff, self.links.members(customer_id))
        if customer_id not in members or not self.past.may_read(staff, members):
            raise NotFound(GONE)
        return members

    def _working(self, staff: Staff, customer_id: str) -> list[str]:
        if staff.role not in ANSWERS:
            raise NotAllowed("Your role reads about customers and changes nothing.")
        return self._members(staff, customer_id)

    def _linking(self, staff: Staff, customer_id: str) -> list[str]:
        if staff.role not in LINKS:
            raise NotAllowed("Only a senior agent or a supervisor links customers: write a note about it.")
        return self._members(staff, customer_id)

    def _act(
        self, staff: Staff, action: str, customer_id: str, write: Callable[[Session], dict[str, Any]]
    ) -> None:
        """`write` within the transaction of its audit entry; what it returns is the entry's detail."""

        def work(session: Session) -> None:
            detail = write(session)
            self.audit.add(staff.id, action, f"customer:{customer_id}", detail, session)

        self.mongo.transaction(work)
        # Lists show the mark only; whatever else changed stands beside the person's conversations.
        topics = [f"conversation:{one}" for one in self.past.open_of(self.links.members(customer_id))]
        self.live.publish([*topics, *([EVERYONE] if action == MARKED else [])], {"customer": customer_id})
