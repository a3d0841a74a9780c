"""Recall of an article: out of force at once, everyone who was sent it listed, a correction queued for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.contracts import Publisher
from bot.desk.pokes import pokes
from bot.desk.standing import owned_by
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import ChannelType, Conversation, Role, Staff, Status
from bot.mongo import Doc, Mongo, Session
from bot.store.audit import AuditStore
from bot.store.conversations import ConversationStore, Stale
from bot.store.documents import conversation_of
from bot.store.recalls import CLOSED, OPEN, SETTLES, OpenElsewhere, RecallStore
from bot.store.records import whole_ms
from bot.store.views import permitted

RECALLS = (Role.COMPLIANCE, Role.SUPERVISOR)
CORRECTS = (Role.AGENT, Role.SENIOR, Role.SUPERVISOR)
REASON = "recall"
LONGEST_REASON = 500
# A turn decides, retries and commits within minutes; what was said then is looked for again.
OVERLAP = timedelta(minutes=30)
PAGE = 100

Withdraw = Callable[[str, int | None, str, str], tuple[int, ...]]
"""(article, version or None for all, actor, reason) to the versions recalled, out of force from now on."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One message that said it."""

    customer: str
    conversation: str
    channel: str
    at: datetime
    version: int
    message: str


@dataclass(frozen=True, slots=True)
class Call:
    """One recall of the article: who, when, why."""

    at: datetime
    by: str
    reason: str
    versions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Recall:
    """All recalls of one article; `listed` is False while recipients are still being looked up."""

    article: str
    versions: tuple[int, ...]
    calls: tuple[Call, ...]
    listed: bool
    open: int
    done: int
    not_needed: int

    @property
    def total(self) -> int:
        return self.open + self.done + self.not_needed


@dataclass(frozen=True, slots=True)
class Correction:
    """What one customer has to be told in one conversation. `state`: open, done, not_needed."""

    id: str
    article: str
    versions: tuple[int, ...]
    customer: str
    conversation: str
    channel: ChannelType
    message: str
    at: datetime
    state: str
    by: str | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Recalls:
    """Raises NotFound, NotAllowed, Conflict and BadPayload; each sentence is fit to show."""

    mongo: Mongo
    store: RecallStore
    conversations: ConversationStore
    audit: AuditStore
    live: Publisher
    withdraw: Withdraw

    def start(self, article: str, version: int | None, actor: str, reason: str) -> Recall:
        """Retire, note, list. Each step may be repeated: after a crash the same call, or the clock, goes on."""
        why = reason.strip()
        if not why:
            raise BadPayload("A recall needs a reason.")
        if len(why) > LONGEST_REASON:
            raise BadPayload(f"The reason is longer than {LONGEST_REASON} characters.")
        versions = self.withdraw(article, version, actor, why)
        at = whole_ms(datetime.now(UTC))
        call: Doc = {"at": at, "by": actor, "reason": why, "versions": list(versions)}

        def work(session: Session) -> None:
            self.store.begin(article, versions, call, session)
            self.audit.add(
                actor,
                "kb.recall",
                f"article:{article}",
                {"versions": list(versions), "reason": why},
                session,
            )

        self.mongo.transaction(work)
        self._list(article, versions, None)
        self.store.listed(article, at)
        return self.recall(article)

    def tick(self) -> None:
        """Finish what a crash interrupted, and find answers decided before a recall and committed after it."""
        now = datetime.now(UTC)
        for doc in self.store.unsettled(now - SETTLES):
            self._list(doc["_id"], doc["versions"], doc["at"] - OVERLAP if doc["listed"] else None)
            self.store.listed(doc["_id"], doc["at"])

    def _list(self, article: str, versions: Any, since: datetime | None) -> None:
        for batch in self.store.received(article, versions, since):
            self.store.queue(article, batch)

    def recipients(self, article: str, versions: tuple[int, ...]) -> Iterator[Recipient]:
        """Every message that said one of these versions, as it is read: the list may be as long as the record."""
        for batch in self.store.received(article, versions):
            for one in batch:
                yield Recipient(
                    one["customer"],
                    one["conversation"],
                    one["channel"],
                    one["at"],
                    one["version"],
                    one["message"],
                )

    def recall(self, article: str) -> Recall:
        doc = self.store.recall(article)
        if doc is None:
            raise NotFound("There is no such recall.")
        return self._recall(doc)

    def recalls(self) -> list[Recall]:
        """The latest first."""
        return [self._recall(doc) for doc in self.store.recalls(PAGE)]

    def corrections(self, article: str, state: str = OPEN, after: str = "") -> list[Correction]:
        """At most a page of them, those after the id `after`."""
        if state not in (OPEN, *CLOSED):
            raise NotFound("There is no such list.")
        return [_correction(doc) for doc in self.store.corrections(article, state, PAGE, after)]

    def take_up(self, staff: Staff, correction_id: str) -> str:
        """Give `staff` the conversation to correct it in, opened again where it was resolved; its id."""
        correction = self._open(staff, correction_id)
        may = permitted(staff)

        def work(session: Session) -> Conversation:
            doc = None if may is None else self.store.where(correction, may, session)
            if doc is None:
                raise NotFound("There is no such conversation, or it is not yours to read.")
            conversation = conversation_of(doc)
            if conversation.status is Status.ASSIGNED:
                if conversation.assignee == staff.id:
                    return conversation
                if staff.role is not Role.SUPERVISOR:
                    raise Conflict("A colleague has taken this conversation.")
            changes = owned_by(staff.id, datetime.now(UTC))
            if conversation.status in (Status.BOT, Status.RESOLVED):
                changes["reason"] = REASON
            self.conversations.write(
                session,
                thread=conversation.thread,
                sealed=[],
                conversation=conversation,
                is_new=False,
                changes=changes,
            )
            detail = {"from": conversation.status.value, "correction": correction_id}
            self.audit.add(staff.id, "recall:correction:take", conversation.id, detail, session)
            return conversation

        try:
            taken = self.mongo.transaction(work)
        except (Stale, OpenElsewhere) as error:
            raise Conflict(
                "Somebody changed this conversation a moment ago; reload and look again."
            ) from error
        topics = pokes(taken, {"status": Status.ASSIGNED.value, "assignee": staff.id})
        self.live.publish(topics, {"conversation": taken.id})
        return taken.id

    def close(self, staff: Staff, correction_id: str, state: str) -> Correction:
        """`state`: done, or not_needed."""
        if state not in CLOSED:
            raise BadPayload("A correction is done or not needed.")
        correction = self._open(staff, correction_id)
        at = whole_ms(datetime.now(UTC))

        def work(session: Session) -> None:
            if not self.store.close(correction_id, state, staff.id, at, session):
                raise Conflict("A colleague has closed this correction.")
            detail = {"state": state, "conversation": correction["conversation"]}
            self.audit.add(staff.id, "recall:correction:close", correction_id, detail, session)

        self.mongo.transaction(work)
        return _correction({**correction, "state": state, "by": staff.id, "closed_at": at})

    def _open(self, staff: Staff, correction_id: str) -> Doc:
        if staff.role not in CORRECTS:
            raise NotAllowed("Your role reads conversations and does not answer them.")
        doc = self.store.correction(correction_id)
        if doc is None:
            raise NotFound("There is no such correction.")
        if doc["state"] != OPEN:
            raise Conflict("A colleague has closed this correction.")
        return doc

    def _recall(self, doc: Doc) -> Recall:
        counts = self.store.counts(doc["_id"])
        return Recall(
            doc["_id"],
            tuple(sorted(doc["versions"])),
            tuple(
                Call(one["at"], one["by"], one["reason"], tuple(one["versions"]))
                for one in reversed(doc["calls"])
            ),
            doc["listed"],
            counts.get("open", 0),
            counts.get("done", 0),
            counts.get("not_needed", 0),
        )


def _correction(doc: Doc) -> Correction:
    return Correction(
        id=doc["_id"],
        article=doc["recall"],
        versions=tuple(sorted(doc["versions"])),
        customer=doc["customer"],
        conversation=doc["conversation"],
        channel=ChannelType(doc["channel"]),
        message=doc["message"],
        at=doc["at"],
        state=doc["state"],
        by=doc["by"],
        closed_at=doc["closed_at"],
    )
