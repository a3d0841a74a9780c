"""A signed session asks to be known elsewhere too: a one-time token, and the addresses that carry it over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.errors import NotAllowed, Unavailable
from bot.linking import Linking
from bot.model import ChannelAccount
from bot.mongo import Mongo, Session
from bot.queue import JobQueue
from bot.store.accounts import AccountStore
from bot.store.conversations import ConversationStore
from bot.store.events import thread_of
from bot.store.link_tokens import LinkTokenStore
from bot.store.threads import Lease, ThreadStore
from bot.vault import Vault

PATIENCE_S, LOOK_S = 1.5, 0.05


@dataclass(frozen=True, slots=True)
class Invitations:
    """`address(account, token, code)` is the platform's own link to that account, None where it has none."""

    mongo: Mongo
    vault: Vault
    accounts: AccountStore
    threads: ThreadStore
    conversations: ConversationStore
    tokens: LinkTokenStore
    linking: Linking
    queue: JobQueue
    address: Callable[[ChannelAccount, str, str], str | None]

    def make(self, account: ChannelAccount, visitor_id: str, firm_id: str | None) -> dict[str, Any]:
        """{token, code, expires_at, line?, telegram?, messenger?}: what the firm's page offers its customer.

        Raises NotAllowed for a visitor whom the firm has not signed, Unavailable, PyMongoError.
        """
        if firm_id is None:
            raise NotAllowed("Only a session with a signed identity can be linked.")
        made = self.tokens.make(self._identity(account, visitor_id, firm_id))
        found = {"token": made.token, "code": made.code, "expires_at": made.expires_at.isoformat()}
        for other in self.accounts.list():
            there = self.address(other, made.token, made.code) if other.enabled else None
            if there is not None:
                found.setdefault(other.channel.value, there)
        return found

    def _identity(self, account: ChannelAccount, visitor_id: str, firm_id: str) -> str:
        """The customer of this session, who need not have written yet."""
        thread, until = thread_of(self.vault, account.id, visitor_id), time.monotonic() + PATIENCE_S
        while (lease := self.threads.acquire(thread)) is None:
            # Their first message is being handled at this moment.
            if time.monotonic() > until:
                raise Unavailable("This session is busy; try again in a moment.")
            time.sleep(LOOK_S)
        try:
            known = (lease.known or {}).get("customer")
            return str(known) if known else self._new(lease, account, visitor_id, firm_id)
        finally:
            self.threads.release(lease, delivered=False)
            self.queue.wake(thread)

    def _new(self, lease: Lease, account: ChannelAccount, visitor_id: str, firm_id: str) -> str:
        customer_id = self.conversations.new_customer()
        user_id = self.vault.blind(visitor_id)

        def work(session: Session) -> None:
            self.conversations.insert_customer(session, customer_id, None, firm_id)
            place = {"customer": customer_id, "account": account.id, "channel": account.channel.value}
            self.threads.settle_in(session, lease, {**place, "user_id": user_id})
            self.linking.signed(session, customer_id, account.id, firm_id)

        self.mongo.transaction(work)
        return customer_id
