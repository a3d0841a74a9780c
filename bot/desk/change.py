"""One change of a conversation by somebody: what changes, what is said and the audit entry in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.contracts import Publisher
from bot.desk.pokes import pokes
from bot.errors import Conflict
from bot.model import Conversation, Status
from bot.mongo import Mongo, Session
from bot.store.audit import AuditStore
from bot.store.conversations import ConversationStore, Stale
from bot.store.desks import note_assignment
from bot.store.outbox import OutboxStore
from bot.store.records import Draft


@dataclass(frozen=True, slots=True)
class Changes:
    mongo: Mongo
    conversations: ConversationStore
    outbox: OutboxStore
    audit: AuditStore
    live: Publisher

    def apply(
        self,
        actor: str,
        conversation: Conversation,
        action: str,
        changes: Mapping[str, Any],
        *,
        draft: Draft | None = None,
        read: bool = False,
        detail: Mapping[str, Any] | None = None,
        also: Callable[[Session], None] | None = None,
    ) -> str | None:
        """Set `changes` on the conversation as long as its status and owner are those of `conversation`.

        `actor` is a staff id, or `system:<what>`. `draft` is said in the conversation, and sent where it has an
        `entry`; the id of its message is returned: an earlier one's where the same form was sent before, and then
        nothing else changes. `read`: what was unread is read now. `also` runs within the transaction, which may run
        more than once. Raises Conflict where somebody was quicker.
        """
        if changes.get("assignee") is not None and conversation.status is Status.WAITING:
            # Whoever gets it from the queue owes a reply, though the one before spoke last.
            changes = {**changes, "owed_at": datetime.now(UTC)}
        sealed = self.conversations.seal(conversation.customer_id, [draft] if draft else [])

        def work(session: Session) -> str | None:
            # Inside, so that of two at the same moment the second, which MongoDB makes repeat, sees the first.
            if draft is not None and (known := self._sent(conversation.id, draft, session)) is not None:
                return known
            written = self.conversations.write(
                session,
                thread=conversation.thread,
                sealed=sealed,
                conversation=conversation,
                is_new=False,
                changes={**changes, **({"unread": 0} if read else {})},
                undelivered=draft is not None and draft.entry is not None,
            )
            if draft is not None and draft.entry is not None:
                self.outbox.add(
                    session,
                    entry_id=draft.entry,
                    thread=conversation.thread,
                    conversation_id=conversation.id,
                    account_id=conversation.account_id,
                    message_ids=[draft.id],
                    pos=written.first_pos,
                    person=draft.author.startswith("staff:"),
                )
            noted = {"from": conversation.status.value, **(detail or {})}
            self.audit.add(actor, action, conversation.id, noted, session)
            owner = changes.get("assignee")
            if owner is not None and owner != conversation.assignee:
                at = changes.get("assigned_at") or datetime.now(UTC)
                note_assignment(self.mongo, session, conversation, owner, actor, noted.get("why"), at)
            if also is not None:
                also(session)
            return draft.id if draft else None

        try:
            message_id = self.mongo.transaction(work)
        except Stale as error:
            raise Conflict(
                "Somebody changed this conversation a moment ago; reload and look again."
            ) from error
        self.tell(conversation, changes)
        return message_id

    def tell(self, conversation: Conversation, changes: Mapping[str, Any]) -> None:
        """The open pages that this concerns look again."""
        self.live.publish(pokes(conversation, changes), {"conversation": conversation.id})

    def _sent(self, conversation_id: str, draft: Draft, session: Session) -> str | None:
        query = {"conversation": conversation_id, "author": draft.author, "client_id": draft.client_id}
        found = self.mongo["messages"].find_one(query, {"_id": 1}, session=session)
        return str(found["_id"]) if found else None
