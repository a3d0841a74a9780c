"""The supervisors' view of everything live: by risk, with the reason; and a word to the agent that stays inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.desk.access import ANSWERS, TAKES_FROM_OTHERS, Access
from bot.desk.change import Changes
from bot.desk.pokes import pokes
from bot.desk.presence import Presence
from bot.desk.risk import HEARD, Risk, Signals, risk
from bot.errors import BadPayload, Conflict, NotAllowed
from bot.hours import Hours, Timetable, deadline
from bot.model import Staff, Status
from bot.mongo import Session
from bot.store.notes import WHISPER, NoteStore
from bot.store.reading import READS_ALL
from bot.store.rows import FIRST_REPLY, FIRST_REPLY_ELSE, Listed
from bot.store.staff import StaffStore
from bot.store.watching import Counts, WatchStore

ROWS = 100
LONGEST_WHISPER = 1000
FILTERS = ("channel", "account", "skill", "assignee")


@dataclass(frozen=True, slots=True)
class Watched:
    """A live conversation, masked, with what makes it worth a look."""

    row: Listed
    risk: Risk


@dataclass(frozen=True, slots=True)
class AtWork:
    """A member of staff who is here, or has conversations all the same."""

    id: str
    name: str
    online: bool
    load: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Board:
    """`rows` are the ROWS riskiest; `counts` of all of the filter; `oldest_wait` since when the longest waits."""

    rows: tuple[Watched, ...]
    counts: Counts
    oldest_wait: datetime | None
    agents: tuple[AtWork, ...]


@dataclass(frozen=True, slots=True)
class Monitor:
    """Raises NotAllowed for a role that does not watch, PyMongoError when MongoDB is away."""

    watching: WatchStore
    staff: StaffStore
    presence: Presence
    access: Access
    changes: Changes
    notes: NoteStore
    hours: Callable[[], Timetable] = Timetable

    def board(self, staff: Staff, filters: Mapping[str, str], now: datetime) -> Board:
        """`filters` maps names of FILTERS to one value each."""
        if staff.role not in READS_ALL:
            raise NotAllowed("Your role does not watch the conversations of others.")
        query = {name: value for name, value in filters.items() if name in FILTERS and value}
        docs = self.watching.live(query)
        unsettled = self.watching.unsettled()
        marks = self.watching.marks([doc["customer"] for doc in docs])
        table = self.hours()
        scored = [
            (risk(_signals(doc, unsettled.get(doc["_id"]), marks.get(doc["customer"]), hours), now), doc)
            for doc, hours in ((doc, table.of(doc.get("skill"))) for doc in docs)
        ]
        # Of two alike, the one that moved last is the one somebody may ask about.
        scored.sort(key=lambda pair: (-pair[0].score, -pair[1]["last_at"].timestamp(), pair[1]["_id"]))
        shown = scored[:ROWS]
        rows = self.watching.rows(staff, [doc["_id"] for _, doc in shown])
        waits = [doc["waiting_since"] for doc in docs if doc["status"] == Status.WAITING.value]
        return Board(
            rows=tuple(Watched(rows[doc["_id"]], found) for found, doc in shown if doc["_id"] in rows),
            counts=self.watching.counts(query),
            oldest_wait=min((at for at in waits if at is not None), default=None),
            agents=self._at_work(),
        )

    def whisper(self, staff: Staff, conversation_id: str, text: str) -> str:
        """A word to the agent who has the conversation; the note's id. The customer never sees it.

        Raises NotAllowed, NotFound, BadPayload; Conflict where nobody has it, or the person themselves.
        """
        if staff.role not in TAKES_FROM_OTHERS:
            raise NotAllowed("Only a supervisor whispers to the agent of a conversation.")
        words = text.strip()
        if not words:
            raise BadPayload("Write something before you whisper.")
        if len(words) > LONGEST_WHISPER:
            raise BadPayload(f"A whisper has at most {LONGEST_WHISPER} characters.")
        conversation = self.access.page(staff, conversation_id).conversation
        agent = conversation.assignee
        if conversation.status is not Status.ASSIGNED or agent is None:
            raise Conflict("Nobody has this conversation, so there is nobody to whisper to.")
        if agent == staff.id:
            raise Conflict("This conversation is yours; write a note instead.")

        def work(session: Session) -> str:
            note = self.notes.add(session, conversation, staff.id, words, (agent,), WHISPER)
            detail = {"note": note.id, "to": agent}
            self.changes.audit.add(staff.id, "conversation:whisper", conversation.id, detail, session)
            return note.id

        note_id = self.changes.mongo.transaction(work)
        self.changes.live.publish(pokes(conversation, {}), {"conversation": conversation.id})
        return note_id

    def _at_work(self) -> tuple[AtWork, ...]:
        loads, online = self.watching.loads(), self.presence.online()
        ids = sorted({*loads, *online})
        places, names = self.watching.places(ids), self.staff.names(ids)
        found = [
            AtWork(one, names.get(one, one), one in online, loads.get(one, 0), places[one][1])
            for one in ids
            if one in places and (one in loads or places[one][0] in ANSWERS)
        ]
        return tuple(sorted(found, key=lambda one: (-one.load, not one.online, one.name)))


def _signals(
    doc: Mapping[str, Any], failed: tuple[str, datetime] | None, mark: str | None, hours: Hours
) -> Signals:
    waiting = doc.get("waiting_since")
    staff_at = doc.get("staff_at")
    # A reply after the one that failed is the person's own second try.
    open_failure = failed is not None and (staff_at is None or staff_at <= failed[1])
    return Signals(
        status=Status(doc["status"]),
        reason=doc.get("reason"),
        waiting_since=waiting,
        deadline=deadline(waiting, FIRST_REPLY.get(doc["priority"], FIRST_REPLY_ELSE), hours)
        if waiting
        else None,
        customer_at=doc.get("customer_at"),
        staff_at=staff_at,
        assigned_at=doc.get("assigned_at"),
        snoozed_until=doc.get("snoozed_until"),
        misses=doc["misses"],
        said=doc.get("bot_said"),
        sure=doc.get("bot_sure"),
        heard={name: doc[f"heard_{name}"] for name in HEARD if doc.get(f"heard_{name}")},
        failed=failed[0] if failed is not None and open_failure else None,
        marked=mark,
    )
