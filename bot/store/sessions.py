"""Sessions at the console: the cookie carries a random name, this is everything else.

Only a hash of the name is kept, so nobody can sign in with what the database holds. One aggregation reads the session
and its person, because every request does.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.model import Staff
from bot.mongo import Doc, Mongo, Session
from bot.store.staff import staff_of
from bot.vault import Vault

ABSOLUTE = timedelta(hours=12)
TOUCH_S = 30
"""How coarse `seen_at` is: a write a request would cost more than the request."""
_FAMILIES = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Seat:
    """One session. `address` is masked, `agent` the browser's family; `strong`: begun with a second factor.

    `stepped_at` is when a second factor was last given.
    """

    id: str
    staff_id: str
    created_at: datetime
    seen_at: datetime
    address: str
    agent: str
    strong: bool = False
    stepped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Present:
    """A session with its person. `enrolled`: has a second factor."""

    seat: Seat
    staff: Staff
    enrolled: bool = False
    password_at: datetime | None = None


def named(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def masked_address(address: str | None) -> str:
    """The network, not the machine: `203.0.113.*`, `2001:db8:1:*`."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if found.version == 4:
        return ".".join([*str(found).split(".")[:3], "*"])
    return ":".join([*found.exploded.split(":")[:3], "*"])


def family(agent: str) -> str:
    """`Firefox · Windows`; never the whole header, which can tell one machine from another."""
    browser = next((name for mark, name in _FAMILIES if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return " · ".join(filter(None, (browser, system))) or re.sub(r"[^\w.-].*", "", agent)[:20]


class SessionStore:
    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault

    def begin(
        self, staff_id: str, at: float, address: str | None, agent: str, *, strong: bool = False
    ) -> str:
        """A new session; the random name to put into the cookie, 256 bits. `at`: Unix seconds."""
        token = secrets.token_urlsafe(32)
        now = datetime.fromtimestamp(at, UTC)
        self._mongo["sessions"].insert_one(
            {
                "_id": named(token),
                "staff": staff_id,
                "created_at": now,
                "seen_at": now,
                "expires_at": now + ABSOLUTE,
                "address": masked_address(address),
                "agent": family(agent),
                "strong": strong,
                "stepped_at": now if strong else None,
            }
        )
        self._mongo.light("staff").update_one({"_id": staff_id}, {"$set": {"signed_in_at": now}})
        return token

    def find(self, token: str) -> Present | None:
        """The session of an active member of staff, however old: the caller knows the limits."""
        found = list(
            self._mongo["sessions"].aggregate(
                [
                    {"$match": {"_id": named(token)}},
                    {
                        "$lookup": {
                            "from": "staff",
                            "localField": "staff",
                            "foreignField": "_id",
                            "as": "person",
                        }
                    },
                ]
            )
        )
        people = [doc for doc in found[0]["person"] if doc["active"]] if found else []
        if not people:
            return None
        person = people[0]
        return Present(
            _seat(found[0]),
            staff_of(self._vault, person),
            "totp" in person,
            person.get("password_at") or person.get("created_at"),
        )

    def touch(self, seat: Seat, at: float) -> None:
        """A person did something at `at`."""
        now = datetime.fromtimestamp(at, UTC)
        if now - seat.seen_at >= timedelta(seconds=TOUCH_S):
            self._mongo.light("sessions").update_one({"_id": seat.id}, {"$set": {"seen_at": now}})

    def stepped(self, seat: Seat, at: float) -> str:
        """A second factor was given: the session goes on under a new name, the old one is worth nothing."""
        token = secrets.token_urlsafe(32)
        now = datetime.fromtimestamp(at, UTC)

        def work(session: Session) -> None:
            old = self._mongo["sessions"].find_one_and_delete({"_id": seat.id}, session=session)
            if old is not None:
                new = {**old, "_id": named(token), "stepped_at": now, "seen_at": now, "strong": True}
                self._mongo["sessions"].insert_one(new, session=session)

        self._mongo.transaction(work)
        return token

    def of(self, staff_id: str) -> list[Seat]:
        """Newest use first."""
        found = self._mongo["sessions"].find({"staff": staff_id}).sort("seen_at", -1).limit(50)
        return [_seat(doc) for doc in found]

    def end(self, staff_id: str, seat_id: str, session: Session | None = None) -> bool:
        done = self._mongo["sessions"].delete_one({"_id": seat_id, "staff": staff_id}, session=session)
        return done.deleted_count == 1

    def end_all(self, staff_id: str, *, but: str | None = None, session: Session | None = None) -> int:
        """All of a person's, except the one with the id `but`; how many those were."""
        query: Doc = {"staff": staff_id, **({"_id": {"$ne": but}} if but else {})}
        return self._mongo["sessions"].delete_many(query, session=session).deleted_count


def _seat(doc: Doc) -> Seat:
    return Seat(
        doc["_id"],
        doc["staff"],
        doc["created_at"],
        doc["seen_at"],
        doc["address"],
        doc["agent"],
        doc["strong"],
        doc["stepped_at"],
    )
