"""The second factor of a person: TOTP (RFC 6238) and ten recovery codes; each code works once."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from datetime import UTC, datetime

import pyotp

from bot import reasons
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.masking import mask
from bot.model import Role, Staff
from bot.mongo import Mongo, Session
from bot.store.audit import AuditStore
from bot.store.factors import FactorStore
from bot.store.sessions import SessionStore
from bot.store.staff import StaffStore

STEP_S = 30
CODES = 10
ISSUER = "Teller"
WRONG = (
    "This code is not right, or was used already. Wait for the next one and check the clock of your phone."
)


def plain(code: str) -> str:
    """What was typed, without the spaces and hyphens it is shown with."""
    return re.sub(r"[\s-]", "", code).upper()


def new_codes() -> list[str]:
    raw = [base64.b32encode(secrets.token_bytes(10)).decode() for _ in range(CODES)]
    return ["-".join(one[at : at + 4] for at in range(0, 16, 4)) for one in raw]


class SecondFactors:
    """Methods raise PyMongoError when MongoDB is away."""

    def __init__(
        self, mongo: Mongo, store: FactorStore, staff: StaffStore, sessions: SessionStore, audit: AuditStore
    ) -> None:
        self._mongo = mongo
        self._store = store
        self._staff = staff
        self._sessions = sessions
        self._audit = audit

    def enrolled(self, staff_id: str) -> bool:
        return self._store.enrolled(staff_id)

    def codes_left(self, staff_id: str) -> int:
        return self._store.codes_left(staff_id)

    def offer(self, staff: Staff) -> str:
        """The secret to enrol, base32: the same until it is confirmed, so that a reload keeps the picture."""
        found = self._store.offered(staff.id)
        if found is None:
            found = pyotp.random_base32()
            self._store.offer(staff.id, found)
        return found

    def uri(self, staff: Staff, secret: str) -> str:
        return pyotp.TOTP(secret).provisioning_uri(name=staff.email, issuer_name=ISSUER)

    def enrol(self, staff: Staff, code: str, at: float) -> list[str]:
        """The recovery codes, to be shown once. Raises BadPayload for a wrong code, Conflict without an offer."""
        secret = self._store.offered(staff.id)
        if secret is None:
            raise Conflict("There is no second factor to confirm: start again.")
        step = _step_of(secret, plain(code), at)
        if step is None:
            raise BadPayload(WRONG)
        codes = new_codes()
        moment = datetime.fromtimestamp(at, UTC)

        def work(session: Session) -> None:
            self._store.take(staff.id, secret, step, moment, [plain(one) for one in codes], session)
            self._audit.add(staff.id, "account:second_factor:enrol", f"staff:{staff.id}", {}, session)

        self._mongo.transaction(work)
        return codes

    def accept(self, staff_id: str, code: str, at: float) -> bool:
        """Whether `code` is right, now and for the first time: of the app, or a recovery code, which is noted."""
        typed = plain(code)
        if not typed.isascii() or not typed.isalnum() or len(typed) > 16:
            return False
        if len(typed) == 16:
            return self._mongo.transaction(lambda session: self._recovered(staff_id, typed, session))
        secret = self._store.secret(staff_id)
        step = _step_of(secret, typed, at) if secret else None
        if step is None:
            return False
        return self._mongo.transaction(lambda session: self._store.spend_step(staff_id, step, session))

    def _recovered(self, staff_id: str, code: str, session: Session) -> bool:
        used = self._store.spend_code(staff_id, code, session)
        if used:
            self._audit.add(staff_id, "account:recovery_code:use", f"staff:{staff_id}", {}, session)
        return used

    def renew_codes(self, staff: Staff) -> list[str]:
        """New recovery codes, to be shown once; the old ones are worth nothing. Raises Conflict without a factor."""
        codes = new_codes()

        def work(session: Session) -> None:
            if not self._store.set_codes(staff.id, [plain(one) for one in codes], session):
                raise Conflict("There is no second factor to confirm: start again.")
            self._audit.add(staff.id, "account:recovery_codes:renew", f"staff:{staff.id}", {}, session)

        self._mongo.transaction(work)
        return codes

    def reset(self, actor: Staff, staff_id: str, reason: str) -> None:
        """An administrator takes a lost factor away; the person's sessions end and the password is still asked for.

        Raises NotAllowed, NotFound, BadPayload, Conflict.
        """
        if actor.role is not Role.ADMIN:
            raise NotAllowed("Only an administrator changes staff.")
        if actor.id == staff_id:
            raise NotAllowed("Another administrator has to reset your second factor.")
        self.take_away(actor.id, staff_id, reason)

    def take_away(self, actor: str, staff_id: str, reason: str) -> None:
        """For `reset`, and for a command, whose `actor` is the machine's account."""
        words = reasons.reason(reason)

        def work(session: Session) -> None:
            if self._staff.member(staff_id, session) is None:
                raise NotFound("There is no such member of staff.")
            if not self._store.clear(staff_id, session):
                raise Conflict("This person has no second factor.")
            self._sessions.end_all(staff_id, session=session)
            detail = {"reason": mask(words).masked}
            self._audit.add(actor, "staff:second_factor:reset", f"staff:{staff_id}", detail, session)

        self._mongo.transaction(work)


def _step_of(secret: str, code: str, at: float) -> int | None:
    """The time step that `code` belongs to, one before or after now at most (RFC 6238, 5.2)."""
    totp, now = pyotp.TOTP(secret), int(at) // STEP_S
    return next(
        (step for step in (now, now - 1, now + 1) if hmac.compare_digest(totp.generate_otp(step), code)), None
    )
