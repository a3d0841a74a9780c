"""A draft of the firm's model for the agent who has the conversation: a text in a box, never sent by itself.

Out go the customer's last texts with typed tokens for what is personal (bot/ai/outgoing.py) and approved texts of the
articles that were at stake. What comes back is shown as a draft; the agent writes what is sent, and answers for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.agent_actions import Desk
from bot.ai.adviser import Advice, Adviser, Draft
from bot.desk.access import ANSWERS
from bot.errors import BadPayload, Conflict, NotAllowed
from bot.model import DEFAULT_LOCALE, ContentKind, Message, Page, Staff, Status
from bot.store.audit import AuditStore
from bot.store.switches import Off
from kb.articles import in_force
from kb.review import moment
from kb.store import Store

SAID, APPROVED, LINES = 6, 3, 60


@dataclass(frozen=True, slots=True)
class Assistant:
    """`adviser` None: there is no model. `stopped`: what keeps the AI off on a channel account."""

    desk: Desk
    kb: Callable[[], Store]
    audit: AuditStore
    adviser: Adviser | None = None
    stopped: Callable[[str], Off | None] = lambda _account: None

    @property
    def there(self) -> bool:
        """Whether a draft can be asked for at all."""
        return self.adviser is not None and "draft" in self.adviser.purposes

    def draft(self, staff: Staff, conversation_id: str) -> Advice[Draft]:
        """Within three seconds of asking. Raises NotAllowed, NotFound, Conflict; BadPayload where there is no model.

        `call.outcome` says why there is no draft; the audit log has each call, the cost ledger what it cost.
        """
        if self.adviser is None:
            raise BadPayload("There is no model to ask; set OPENAI_API_KEY.")
        if staff.role not in ANSWERS:
            raise NotAllowed("Your role reads conversations and does not answer them.")
        page = self.desk.page(staff, conversation_id)
        if page.conversation.status is not Status.ASSIGNED or page.conversation.assignee != staff.id:
            raise Conflict("Take the conversation before you reply.")
        if self.stopped(page.conversation.account_id) is not None:
            raise Conflict("The AI is switched off: no model is asked for a draft.")
        said = self._said(page)
        if not said:
            raise BadPayload("The customer has written nothing to answer yet.")
        approved = self._approved(page)
        # The client's import does not count against the three seconds.
        self.adviser.warm()
        advice = self.adviser.draft(said, approved)
        if advice.call is not None:
            detail = {**advice.call.trace(), "approved": len(approved)}
            self.audit.add(staff.id, "conversation:draft", conversation_id, detail)
        return advice

    def _said(self, page: Page) -> list[str]:
        """The customer's last texts in full, oldest first: what a screen masks by half, a model gets as a token."""
        lines = self.desk.views.latest(page.conversation.thread, LINES)
        return [line.text for line in lines if _asked(line, page)][-SAID:]

    def _approved(self, page: Page) -> list[str]:
        """Texts in force of the articles that were answered or offered, the latest first."""
        ids: dict[str, None] = {}
        for line in reversed(page.messages):
            for ref in line.approved:
                if ref.kind is ContentKind.ARTICLE:
                    ids.setdefault(ref.id)
            for one in (line.why.trace.get("candidates") or ())[:APPROVED] if line.why else ():
                ids.setdefault(str(one["article"]))
        store, now, texts = self.kb(), moment(), []
        locale = page.customer.language or DEFAULT_LOCALE
        for article in list(ids)[: 2 * APPROVED]:
            texts += [one.text(locale) for one in in_force(store.versions(ContentKind.ARTICLE, article), now)]
        return texts[:APPROVED]


def _asked(line: Message, page: Page) -> bool:
    return line.author == "customer" and line.kind == "text" and line.conversation_id == page.conversation.id
