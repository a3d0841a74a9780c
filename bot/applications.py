"""Applications at the firm: whose they are is proven first, every look-up is counted, one by a person is on record."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.ai.breaker import Breaker
from bot.contracts import Application, LookUp, StatusSource
from bot.desk.access import ANSWERS
from bot.errors import NotAllowed, Unavailable
from bot.logs import logger
from bot.metrics import STATUS_SECONDS
from bot.model import Role, Staff, Turn
from bot.settings_status import StatusSettings
from bot.store.audit import AuditStore

READERS = (*ANSWERS, Role.COMPLIANCE, Role.AUDITOR)

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Applications:
    """A `bot.contracts.StatusDesk` for handlers, and what an agent's page of a customer shows.

    `verified_as` gives the firm's own id of a customer of ours, None for one who has not proven it. `verify_url` is
    where they can; None: from within the firm's app or site.
    """

    source: StatusSource
    verified_as: Callable[[str], str | None]
    audit: AuditStore
    verify_url: str | None = None
    breaker: Breaker = field(default_factory=Breaker)

    def look_up(self, turn: Turn) -> LookUp:
        """Raises PyMongoError, where who the customer is cannot be read."""
        firm_id = turn.verified_as or self.verified_as(turn.conversation.customer_id)
        if firm_id is None:
            return LookUp("unverified", verify_url=self.verify_url)
        return self._ask(firm_id, "bot")

    def of_customer(self, staff: Staff, customer_id: str) -> LookUp:
        """For an agent's page; on record before anything is asked. Raises NotAllowed, PyMongoError."""
        if staff.role not in READERS:
            raise NotAllowed("Your role does not read customers' applications.")
        firm_id = self.verified_as(customer_id)
        if firm_id is None:
            return LookUp("unverified", verify_url=self.verify_url)
        self.audit.add(staff.id, "customer:applications", customer_id, {})
        return self._ask(firm_id, "staff")

    def check(self) -> str:
        """For `flask doctor`. Raises Unavailable."""
        return self.source.check()

    def _ask(self, firm_id: str, by: str) -> LookUp:
        started = time.monotonic()
        outcome, found = self._outcome(firm_id)
        took = time.monotonic() - started
        STATUS_SECONDS.labels(by, outcome).observe(took)
        return LookUp(outcome, found, ms=round(took * 1000))

    def _outcome(self, firm_id: str) -> tuple[str, tuple[Application, ...]]:
        if not self.breaker.enter():
            return "unavailable", ()
        try:
            found = self.source.applications(firm_id)
        except Unavailable as fault:
            self.breaker.failed()
            # The sentence names no customer: adapters/application_status.py.
            log.warning("application_status_unavailable", why=str(fault))
            return "unavailable", ()
        except BaseException:
            self.breaker.left()
            raise
        self.breaker.succeeded()
        return ("found" if found else "none"), found


def applications_of(
    settings: StatusSettings,
    connect: Callable[[str, str, str | None], StatusSource],
    verified_as: Callable[[str], str | None],
    audit: AuditStore,
) -> Applications | None:
    """None where no system of the firm's is connected; `connect` takes address, token and signing secret."""
    if settings.url is None or settings.token is None:
        return None
    source = connect(settings.url, settings.token, settings.secret)
    return Applications(source, verified_as, audit, settings.verify_url)
