"""Identities that prove to be one customer: by the firm's signature, or by a one-time token carried over a platform.

The token is made for a session that the firm has signed (`POST /webchat/<id>/link`), and comes back from the platform
with the customer: Telegram's start parameter, Messenger's referral, LINE's account link, or a code that is typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.contracts import Finder, Mind
from bot.logs import logger
from bot.model import Conversation, Decision, Inbound, Kind, Reply, Status, StaySilent, Turn
from bot.mongo import Mongo, Session
from bot.store.audit import AuditStore
from bot.store.conversations import Stale
from bot.store.customers import CustomerStore
from bot.store.link_tokens import LinkTokenStore
from bot.store.links import ACCOUNT_LINK, SIGNED_TOKEN, LinkStore

LINKED, EXPIRED = "linked", "link_expired"
"""Both the reason of the decision and the id of the notice."""
NAME = "linking"

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Linking:
    """What a turn needs of it: `answer` before anything is written, `settle` within the turn's transaction."""

    mongo: Mongo
    customers: CustomerStore
    links: LinkStore
    tokens: LinkTokenStore
    audit: AuditStore
    finder: Finder
    mind: Mind

    def answer(self, turn: Turn, inbound: Inbound) -> tuple[str, Decision] | None:
        """What to say to somebody who brings a link token, None to everybody else. Raises PyMongoError.

        No AI decides here, so it holds while the AI is switched off; who is with people is not spoken to.
        """
        if inbound.kind is not Kind.LINK:
            return None
        reason = LINKED if self._good(turn.conversation, inbound) else EXPIRED
        if turn.conversation.status is not Status.BOT:
            return NAME, StaySilent(reason)
        parts = [self.finder.notice(reason)]
        if turn.first_contact:
            # The platform's link was also how they came here for the first time.
            _, first = self.mind.decide(replace(turn, kind=Kind.FOLLOW))
            parts = [*(first.parts if isinstance(first, Reply) else ()), *parts]
        return NAME, Reply(reason, tuple(parts))

    def _good(self, conversation: Conversation, inbound: Inbound) -> bool:
        given = inbound.link_token or ""
        if self.tokens.worn_out(conversation.thread):
            return False
        if self.tokens.owner(given) is not None:
            return True
        if self.tokens.tried(conversation.thread) == 1:
            log.info("link_token_refused", channel=conversation.channel.value)
        return False

    def settle(
        self,
        session: Session,
        conversation: Conversation,
        inbound: Inbound,
        decision: Decision,
        *,
        opened: bool,
    ) -> None:
        """Link what this turn has proven, in its transaction. `opened`: its conversation begins with it.

        Raises Stale where somebody else has used the token meanwhile: the turn is decided again.
        """
        if inbound.verified_as is not None and opened:
            self.signed(session, conversation.customer_id, conversation.account_id, inbound.verified_as)
        if inbound.kind is Kind.LINK and decision.reason == LINKED:
            owner = self.tokens.use(session, inbound.link_token or "", conversation.customer_id)
            if owner is None:
                raise Stale
            self._tie(session, conversation.customer_id, owner, ACCOUNT_LINK)

    def signed(self, session: Session, customer_id: str, account_id: str, firm_id: str) -> None:
        """The firm has signed that this is its customer: so are all others that it has signed so."""
        self.customers.verify(session, customer_id, firm_id, account_id)
        others = [one for one in self.customers.of_firm_id(firm_id, session) if one != customer_id]
        known = [link for link in self.links.of([customer_id], session) if link.kind == SIGNED_TOKEN]
        # What people have taken apart stays apart, however often the customer comes back.
        if others and not known:
            self._tie(session, customer_id, others[0], SIGNED_TOKEN)

    def _tie(self, session: Session, customer_id: str, other: str, kind: str) -> None:
        if customer_id == other:
            return
        by = f"system:{kind}"
        link = self.links.add(session, customer_id, other, kind, by)
        if link is not None:
            detail: Mapping[str, Any] = {"link": link.id, "kind": kind, "other": other}
            self.audit.add(by, "customer:link", f"customer:{customer_id}", dict(detail), session)
