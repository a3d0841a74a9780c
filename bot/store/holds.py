"""Legal holds: one document a hold, agreed and lifted by a second person; while one blocks, nothing is purged.

States: proposed -> standing -> lifting -> lifted; proposed -> refused; lifting -> standing where the lifting is
refused. A proposal blocks from its first moment: what it should keep must not go while two people agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pymongo import ReturnDocument

from bot.errors import Conflict, NotAllowed, NotFound
from bot.masking import mask
from bot.mongo import Doc, Mongo, Session
from bot.store.records import new_id, whole_ms
from bot.vault import SERVICE, Vault

PROPOSED, STANDING, LIFTING, LIFTED, REFUSED = "proposed", "standing", "lifting", "lifted", "refused"
BLOCKING = (PROPOSED, STANDING, LIFTING)
_NEXT = {PROPOSED: (STANDING, REFUSED), LIFTING: (LIFTED, STANDING)}


@dataclass(frozen=True, slots=True)
class Hold:
    """`asked_by` has proposed what waits (the hold, or its lifting); reasons are masked."""

    id: str
    customer: str
    state: str
    reason: str = field(repr=False)
    asked_by: str
    asked_at: datetime
    agreed_by: str | None
    agreed_at: datetime | None
    lift_reason: str | None = field(default=None, repr=False)

    @property
    def waits(self) -> bool:
        return self.state in _NEXT


class HoldStore:
    """Every method raises PyMongoError. Reasons are under the service's key: they outlive the customer's."""

    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def propose(self, session: Session, customer_id: str, by: str, reason: str) -> Hold:
        doc: Doc = {
            "_id": new_id(),
            "customer": customer_id,
            "state": PROPOSED,
            "reason": self._sealed(reason),
            "asked_by": by,
            "asked_at": whole_ms(datetime.now(UTC)),
            "agreed_by": None,
            "agreed_at": None,
        }
        self._mongo["holds"].insert_one(doc, session=session)
        return self._hold(doc)

    def propose_lifting(self, session: Session, hold_id: str, by: str, reason: str) -> Hold:
        """Raises Conflict where the hold does not stand."""
        change = {
            "state": LIFTING,
            "lift_reason": self._sealed(reason),
            "asked_by": by,
            "asked_at": whole_ms(datetime.now(UTC)),
        }
        return self._moved(session, {"_id": hold_id, "state": STANDING}, change, hold_id)

    def decide(self, session: Session, hold_id: str, by: str, *, agree: bool) -> Hold:
        """What was proposed happens or not; never by who proposed it: the query itself asks for another person.

        Raises NotAllowed for the proposer, NotFound, Conflict where nothing waits.
        """
        hold = self.get(hold_id, session)
        if not hold.waits:
            raise Conflict("Nothing of this hold waits for a decision.")
        if hold.asked_by == by:
            raise NotAllowed("A second compliance officer has to agree.")
        after = _NEXT[hold.state][0 if agree else 1]
        change: dict[str, Any] = {"state": after}
        if agree:
            change |= {"agreed_by": by, "agreed_at": whole_ms(datetime.now(UTC))}
        waiting = {"_id": hold_id, "state": hold.state, "asked_by": {"$ne": by}}
        return self._moved(session, waiting, change, hold_id)

    def get(self, hold_id: str, session: Session | None = None) -> Hold:
        doc = self._mongo["holds"].find_one({"_id": hold_id}, session=session)
        if doc is None:
            raise NotFound("There is no such hold.")
        return self._hold(doc)

    def blocking(self, members: Sequence[str], session: Session | None = None) -> list[Hold]:
        query = {"customer": {"$in": list(members)}, "state": {"$in": list(BLOCKING)}}
        return [self._hold(doc) for doc in self._mongo["holds"].find(query, session=session)]

    def all(self, limit: int = 200) -> list[Hold]:
        """Those that block first, the latest first."""
        found = [self._hold(doc) for doc in self._mongo["holds"].find().sort("asked_at", -1).limit(limit)]
        return sorted(found, key=lambda hold: hold.state not in BLOCKING)

    def _moved(self, session: Session, query: Doc, change: Doc, hold_id: str) -> Hold:
        doc = self._mongo["holds"].find_one_and_update(
            query, {"$set": change}, return_document=ReturnDocument.AFTER, session=session
        )
        if doc is None:
            self.get(hold_id, session)
            raise Conflict("A colleague has changed this hold; reload and look again.")
        return self._hold(doc)

    def _sealed(self, reason: str) -> bytes:
        return self._vault.seal(mask(reason).masked, SERVICE)

    def _hold(self, doc: Doc) -> Hold:
        return Hold(
            doc["_id"],
            doc["customer"],
            doc["state"],
            self._vault.read(doc["reason"]),
            doc["asked_by"],
            doc["asked_at"],
            doc["agreed_by"],
            doc["agreed_at"],
            self._vault.read(doc.get("lift_reason")) or None,
        )
