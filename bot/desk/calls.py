"""What calls for somebody's attention now, as facts with stable names: a page shows those it has not shown before.

Facts, not events: a page that was closed, asleep or without a network for a while misses nothing and repeats nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.model import ChannelType, Role, Staff
from bot.store.calling import CallingStore

ASSIGNED, REPLY, WHISPER, MENTION, TAKEN, LATE = "assigned", "reply", "whisper", "mention", "taken", "late"
KINDS = (ASSIGNED, REPLY, WHISPER, MENTION, TAKEN, LATE)
HEARS_LATE = (Role.SUPERVISOR,)


@dataclass(frozen=True, slots=True)
class Call:
    """`key` names the fact. Holds nothing of the customer; `by` is the colleague's staff id where one acted."""

    key: str
    kind: str
    conversation_id: str
    channel: ChannelType
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Calls:
    """Raises PyMongoError when MongoDB is away."""

    store: CallingStore

    def of(self, staff: Staff, now: datetime | None = None) -> list[Call]:
        """Everything that calls this person, at most a few dozen."""
        now = now or datetime.now(UTC)
        found: list[Call] = []
        for one in self.store.mine(staff.id):
            since = one.assigned_at
            if since is not None:
                found.append(Call(_key(ASSIGNED, one.id, since), ASSIGNED, one.id, one.channel))
            asked, said = one.customer_at, one.staff_at or since
            if asked is not None and (said is None or asked > said):
                found.append(Call(_key(REPLY, one.id, asked), REPLY, one.id, one.channel))
        for note in self.store.notes(staff.id):
            kind = WHISPER if note.kind == WHISPER else MENTION
            found.append(Call(f"{kind}:{note.id}", kind, note.conversation_id, note.channel, note.by))
        for lost in self.store.lost(staff.id, now):
            found.append(Call(f"{TAKEN}:{lost.id}", TAKEN, lost.conversation_id, lost.channel, lost.by))
        if staff.role in HEARS_LATE:
            found += [
                Call(_key(LATE, one.id, one.waiting_since), LATE, one.id, one.channel)
                for one in self.store.late(now)
                if one.waiting_since is not None
            ]
        return found


def _key(kind: str, conversation_id: str, at: datetime) -> str:
    return f"{kind}:{conversation_id}:{int(at.timestamp() * 1000)}"
