"""A member of staff changes their own password: the old one is asked for, every other session ends."""

from __future__ import annotations

from collections.abc import Collection

from bot.errors import BadPayload
from bot.model import Staff
from bot.mongo import Mongo, Session
from bot.passwords import weak
from bot.store.audit import AuditStore
from bot.store.sessions import SessionStore
from bot.store.staff import StaffStore


class Passwords:
    """`context`: words that no new password may contain, beside the person's own name and address."""

    def __init__(
        self,
        mongo: Mongo,
        staff: StaffStore,
        sessions: SessionStore,
        audit: AuditStore,
        context: Collection[str] = (),
    ) -> None:
        self._mongo = mongo
        self._staff = staff
        self._sessions = sessions
        self._audit = audit
        self._context = context

    def change(self, staff: Staff, old: str, new: str, seat_id: str) -> None:
        """`seat_id`: the session that goes on. Raises BadPayload."""
        if not self._staff.is_password(staff.id, old):
            raise BadPayload("The present password is not right.")
        if old == new:
            raise BadPayload("The new password is the present one. Choose another.")
        if fault := weak(new, staff.name, staff.email, context=self._context):
            raise BadPayload(fault)

        def work(session: Session) -> None:
            self._staff.set_password(staff.id, new, session)
            self._sessions.end_all(staff.id, but=seat_id, session=session)
            self._audit.add(staff.id, "account:password:change", f"staff:{staff.id}", {}, session)

        self._mongo.transaction(work)

    def sign_out(self, staff: Staff, *, seat_id: str | None = None, but: str | None = None) -> int:
        """Ends the session `seat_id` of one's own, or all, or all `but` one; how many those were."""

        def work(session: Session) -> int:
            if seat_id is not None:
                ended = int(self._sessions.end(staff.id, seat_id, session))
            else:
                ended = self._sessions.end_all(staff.id, but=but, session=session)
            if ended:
                detail = {"ended": ended}
                self._audit.add(staff.id, "account:sessions:end", f"staff:{staff.id}", detail, session)
            return ended

        return self._mongo.transaction(work)
