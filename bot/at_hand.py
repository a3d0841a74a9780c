"""Approved articles beside a conversation: those that come close, those one looks for, and one sent as it is.

What comes close was found in the worker when the customer wrote (`bot.desk.suggest`); here only texts are read, so
that the web process never holds an index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.agent_actions import Desk
from bot.contracts import Capabilities
from bot.desk.suggest import near
from bot.errors import Conflict, NotFound
from bot.model import Message, Page, Ref, Staff
from bot.rendering import Rendered, locale_of, render
from bot.store.records import Draft
from kb.articles import Content
from kb.live import Knowledge
from kb.words import grams, share

SHOWN, FOUND = 3, 8
LEAST = 0.34
LONGEST_QUERY = 80


@dataclass(frozen=True, slots=True)
class Ready:
    """An article as the customer would get it. `parts` are the messages; `confidence` 0..1, None where looked for."""

    ref: Ref
    title: str
    product_class: str
    parts: tuple[Rendered, ...] = field(repr=False)
    confidence: float | None = None

    @property
    def text(self) -> str:
        return "\n\n".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class AtHand:
    desk: Desk
    knowledge: Knowledge
    locale: str

    def suggested(self, page: Page) -> tuple[Ready, ...]:
        """For the customer's last lines, the closest first. Raises Unavailable."""
        close = near(page.messages, SHOWN)
        if not close:
            return ()
        self.knowledge.refresh()
        made = (self._ready(article, page, sure) for article, sure in close)
        return tuple(one for one in made if one is not None)

    def found(self, page: Page, query: str) -> tuple[Ready, ...]:
        """Articles that have the words of `query`, the fullest match first; what is in force now, nothing else."""
        wanted = grams(query[:LONGEST_QUERY])
        if not wanted:
            return ()
        self.knowledge.refresh()
        shares = ((_share(wanted, one), one) for one in self.knowledge.articles())
        best = sorted((one for one in shares if one[0] >= LEAST), key=lambda one: (-one[0], one[1].id))
        made = (self._ready(one.id, page, None) for _, one in best[:FOUND])
        return tuple(one for one in made if one is not None)

    def one(self, staff: Staff, conversation_id: str, article: str) -> Ready:
        """Raises NotFound, NotAllowed; NotFound too where it is not in force."""
        self.knowledge.refresh()
        ready = self._ready(article, self.desk.page(staff, conversation_id), None)
        if ready is None:
            raise NotFound("This article is not in force any more.")
        return ready

    def send(self, staff: Staff, conversation_id: str, article: str, version: int, client_id: str) -> str:
        """Say the approved text, byte for byte, with what its product class has to say. Returns the message id.

        Law 1 holds for a person's click too: the record names each approved version. Raises NotFound, NotAllowed,
        and Conflict where the article is another one than the agent has read.
        """
        conversation = self.desk.access.replying(staff, conversation_id)
        ready = self.one(staff, conversation_id, article)
        if ready.ref.version != version:
            raise Conflict("This article has changed since you read it: look at it again.")
        sent = ""
        for number, part in enumerate(ready.parts, 1):
            # A disclosure that does not fit goes ahead; the last one bears the page's own id.
            name = client_id if number == len(ready.parts) else f"{client_id}.{number}"
            draft = Draft(
                author=f"staff:{staff.id}",
                text=part.text,
                at=datetime.now(UTC),
                approved=part.refs,
                client_id=name,
            )
            detail: dict[str, Any] = {"article": ready.ref.id, "version": ready.ref.version}
            sent = self.desk.say(staff, conversation, draft, detail=detail)
            if number < len(ready.parts):
                conversation = self.desk.access.replying(staff, conversation_id)
        return sent

    def _ready(self, article: str, page: Page, confidence: float | None) -> Ready | None:
        ref = self.knowledge.article(article)
        if ref is None:
            return None
        locale = self._locale(page)
        try:
            refs = (ref, *self.knowledge.disclosures(ref))
            parts = render(refs, (), locale, self.knowledge, self._limits(page))
        except KeyError:
            # Its class needs a disclosure and none is in force: nobody may send it, the bot neither.
            return None
        kind = self.knowledge.product_class(ref) or ""
        return Ready(ref, self.knowledge.title(ref, locale), kind, tuple(parts), confidence)

    def _limits(self, page: Page) -> Capabilities:
        channels: Mapping[Any, Any] = self.desk.channels
        capabilities: Capabilities = channels[page.conversation.channel].capabilities
        return capabilities

    def _locale(self, page: Page) -> str:
        return locale_of(_last_words(page.messages), page.customer.language, self.locale)


def _last_words(messages: Sequence[Message]) -> str:
    said = (m.text for m in reversed(messages) if m.author == "customer" and m.kind == "text")
    return next(said, "")


def _share(wanted: frozenset[str], article: Content) -> float:
    titles = share(wanted, article.id, (*article.questions, *article.tags))
    return max(titles, 0.8 * share(wanted, article.id, article.answer.values()))
