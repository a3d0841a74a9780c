"""How somebody becomes a member of staff: an administrator invites, the invited chooses the password.

There is no mail server in the house: the link is shown once to the administrator, who hands it over. It works once,
for three days; only its hash is kept. An invitation to compliance or administration waits for another administrator.
"""

from __future__ import annotations

from collections.abc import Collection

from bot.desk.staff import PRIVILEGED, SECOND, Wish, a_name, checked
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import Role, Staff
from bot.mongo import Mongo, Session
from bot.passwords import weak
from bot.store.audit import AuditStore
from bot.store.invitations import Invitation, InvitationStore
from bot.store.staff import TAKEN, StaffStore, normal_email

GONE = "This invitation is over: it was used, taken back, or is older than three days. Ask for a new one."


class Invitations:
    """Methods raise PyMongoError when MongoDB is away. `context`: words that no password may contain."""

    def __init__(
        self,
        mongo: Mongo,
        store: InvitationStore,
        staff: StaffStore,
        audit: AuditStore,
        context: Collection[str] = (),
    ) -> None:
        self._mongo = mongo
        self._context = context
        self._store = store
        self._staff = staff
        self._audit = audit

    def pending(self) -> list[Invitation]:
        return self._store.pending()

    def invite(self, actor: Staff, email: str, wish: Wish) -> tuple[Invitation, str | None]:
        """The link's token, or None where another administrator has to agree first.

        Raises NotAllowed, BadPayload, Conflict.
        """
        _only_admin(actor)
        wish = checked(wish)
        address = normal_email(email)
        before, at, domain = address.partition("@")
        if not (before and at and "." in domain) or len(address) > 254 or any(c.isspace() for c in address):
            raise BadPayload("Give an e-mail address, such as name@example.com.")
        if self._staff.is_taken(address):
            raise Conflict(TAKEN)
        asked = wish.role in PRIVILEGED
        if asked and self._staff.active_of(Role.ADMIN) < 2:
            raise Conflict(SECOND)

        def work(session: Session) -> tuple[Invitation, str | None]:
            made = self._store.add(
                session,
                email=address,
                name=wish.name or before,
                role=wish.role,
                skills=wish.skills,
                capacity=wish.capacity,
                by=actor.id,
                state="asked" if asked else "open",
            )
            token = None if asked else self._store.open(made.id, ("open",), session)
            self._note(actor.id, "ask" if asked else "send", made, session)
            return made, token

        return self._mongo.transaction(work)

    def approve(self, actor: Staff, invitation_id: str) -> tuple[Invitation, str]:
        """The second administrator agrees; the link's token. Raises NotAllowed, NotFound, Conflict."""
        return self._link(actor, invitation_id, "approve")

    def again(self, actor: Staff, invitation_id: str) -> tuple[Invitation, str]:
        """A new link, three days from now; the one before is worth nothing. Raises NotAllowed, NotFound, Conflict."""
        return self._link(actor, invitation_id, "resend")

    def _link(self, actor: Staff, invitation_id: str, act: str) -> tuple[Invitation, str]:
        _only_admin(actor)

        def work(session: Session) -> tuple[Invitation, str]:
            found = self._found(invitation_id, session)
            if act == "approve" and found.by == actor.id:
                raise NotAllowed("Another administrator has to agree: not who asked, nor whom it concerns.")
            token = self._store.open(found.id, ("asked",) if act == "approve" else ("open",), session)
            if token is None:
                raise Conflict("A colleague has decided this already.")
            self._note(actor.id, act, found, session)
            return found, token

        return self._mongo.transaction(work)

    def revoke(self, actor: Staff, invitation_id: str) -> None:
        """Raises NotAllowed, NotFound, Conflict."""
        _only_admin(actor)

        def work(session: Session) -> None:
            found = self._found(invitation_id, session)
            if not self._store.close(found.id, ("asked", "open"), "revoked", session):
                raise Conflict("A colleague has decided this already.")
            self._note(actor.id, "revoke", found, session)

        self._mongo.transaction(work)

    def opened(self, token: str) -> Invitation:
        """Raises NotFound: the page tells nobody whether a link ever was one."""
        found = self._store.by_token(token)
        if found is None:
            raise NotFound(GONE)
        return found

    def accept(self, token: str, name: str, password: str) -> Staff:
        """The new member of staff; the link is used up, whoever is quicker. Raises NotFound, BadPayload, Conflict."""
        found = self.opened(token)
        shown = a_name(name)
        if fault := weak(password, shown, found.email, context=self._context):
            raise BadPayload(fault)

        def work(session: Session) -> Staff:
            if self._store.by_token(token, session) is None:
                raise NotFound(GONE)
            if not self._store.close(found.id, ("open",), "used", session):
                raise NotFound(GONE)
            made = self._staff.add(
                found.email,
                password,
                found.role,
                name=shown,
                skills=found.skills,
                capacity=found.capacity,
                session=session,
            )
            detail = {"invitation": found.id, "role": found.role.value, "invited_by": found.by}
            self._audit.add(made.id, "staff:invitation:accept", f"staff:{made.id}", detail, session)
            return made

        return self._mongo.transaction(work)

    def _found(self, invitation_id: str, session: Session) -> Invitation:
        found = self._store.one(invitation_id, session)
        if found is None:
            raise NotFound("There is no such invitation.")
        return found

    def _note(self, actor: str, act: str, one: Invitation, session: Session) -> None:
        detail = {"role": one.role.value, "skills": list(one.skills), "capacity": one.capacity}
        self._audit.add(actor, f"staff:invitation:{act}", f"invitation:{one.id}", detail, session)


def _only_admin(actor: Staff) -> None:
    if actor.role is not Role.ADMIN:
        raise NotAllowed("Only an administrator changes staff.")
