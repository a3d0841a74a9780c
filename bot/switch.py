"""The kill switch of the AI: off, and every turn goes to people in every process within a second.

Off is a document, not a message: a process that hears nothing reads it all the same, a restart changes nothing, and
one that cannot read it does not answer, because the turn fails and is tried again. Who may stop, and who may start
again, is in docs/operations.md with the reason.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot import reasons
from bot.contracts import Mind, Publisher
from bot.errors import NotAllowed, NotFound
from bot.masking import mask
from bot.model import Decision, Role, Staff, Turn
from bot.mongo import Mongo, Session
from bot.store.accounts import AccountStore
from bot.store.audit import AuditStore
from bot.store.switches import WHOLE, Off, SwitchStore

STOPS = (Role.SENIOR, Role.SUPERVISOR, Role.COMPLIANCE, Role.ADMIN)
# To stop is safe, so many may; what answers customers again is for those who answer for it.
STARTS = (Role.SUPERVISOR, Role.COMPLIANCE)
HELD_S = 0.25
"""How long what was read counts in a process: far below the second that is promised, and no query a turn under load."""
TOPIC = "inbox"


class Switch:
    """Safe for any number of threads. Methods raise PyMongoError when MongoDB is away."""

    def __init__(
        self, mongo: Mongo, store: SwitchStore, accounts: AccountStore, audit: AuditStore, live: Publisher
    ) -> None:
        self._mongo = mongo
        self._store = store
        self._accounts = accounts
        self._audit = audit
        self._live = live
        self._read: tuple[float, tuple[Off, ...]] | None = None
        self._lock = threading.Lock()

    def off(self, account_id: str | None = None) -> Off | None:
        """What keeps the AI off on that channel account (or everywhere, without one); None where it answers."""
        return next((one for one in self._now() if one.scope in (WHOLE, account_id)), None)

    def standing(self) -> tuple[Off, ...]:
        """Everything that is off, the whole first, as this process knows it: at most HELD_S old."""
        return self._now()

    def state(self) -> tuple[Off, ...]:
        """Everything that is off at this moment, the whole first."""
        with self._lock:
            self._read = None
        return self._now()

    def stop(self, staff: Staff, reason: str, account_id: str | None = None) -> bool:
        """False where it was off already; the reason is kept all the same. Raises NotAllowed, NotFound, BadPayload."""
        if staff.role not in STOPS:
            raise NotAllowed("Your role does not stop the AI: ask a senior agent or a supervisor.")
        return self.turn(staff.id, reason, account_id, off=True)

    def start(self, staff: Staff, reason: str, account_id: str | None = None) -> bool:
        """False where it was on already. Raises NotAllowed, NotFound, BadPayload."""
        if staff.role not in STARTS:
            raise NotAllowed("Only a supervisor or compliance lets the AI answer again.")
        return self.turn(staff.id, reason, account_id, off=False)

    def turn(self, actor: str, reason: str, account_id: str | None, *, off: bool) -> bool:
        """For a command, whose `actor` is the machine's account. True where it changed something."""
        words = reasons.reason(reason)
        if account_id is not None and self._accounts.get(account_id) is None:
            raise NotFound("There is no channel account with this id; see `flask channels list`.")
        scope = account_id or WHOLE
        kept = mask(words).masked

        def work(session: Session) -> bool:
            was = self._store.one(scope, session)
            changed = (was is not None) is not off
            if not off and not changed:
                return False
            now = datetime.now(UTC)
            since = now if was is None else was.since
            self._store.set(session, scope, actor, kept, since if off else now, off=off)
            detail: dict[str, Any] = {"reason": kept} if changed else {"reason": kept, "again": True}
            self._audit.add(actor, f"ai:switch:{'off' if off else 'on'}", f"switch:{scope}", detail, session)
            return changed

        done = self._mongo.transaction(work)
        with self._lock:
            self._read = None
        self._live.publish(TOPIC, {"switch": scope})
        return done

    def _now(self) -> tuple[Off, ...]:
        with self._lock:
            held = self._read
        if held is not None and time.monotonic() - held[0] < HELD_S:
            return held[1]
        # The age counts from before the reading: what changes meanwhile is seen no later for it.
        asked = time.monotonic()
        found = self._store.off()
        with self._lock:
            self._read = (asked, found)
        return found


@dataclass(frozen=True, slots=True)
class Switched:
    """A mind behind the switch: implements `bot.contracts.Mind`.

    `instead` decides while the AI is off, from the turn and from what the provenance shall say of the switch.
    """

    mind: Mind
    switch: Switch
    instead: Callable[[Turn, Mapping[str, Any]], Decision]

    def decide(self, turn: Turn) -> tuple[str, Decision]:
        """Raises PyMongoError where the switch cannot be read: an answer nobody may stop is worse than a late one."""
        off = self.switch.off(turn.conversation.account_id)
        if off is None:
            return self.mind.decide(turn)
        return "ai_off", self.instead(
            turn, {"scope": off.scope, "by": off.by, "since": off.since.isoformat()}
        )

    def unfinished(self, text: str) -> bool:
        return self.mind.unfinished(text)
