"""Who is writing: name and language, asked of the platform once, after the customer has been answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.contracts import Channel, Publisher
from bot.desk.pokes import pokes
from bot.errors import SendError
from bot.logs import logger
from bot.store.accounts import AccountStore
from bot.store.conversations import ConversationStore
from bot.store.threads import ThreadStore
from bot.vault import Vault

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Profiles:
    accounts: AccountStore
    threads: ThreadStore
    conversations: ConversationStore
    vault: Vault
    channels: Mapping[Any, Channel]
    live: Publisher

    def fetch(self, thread: str) -> None:
        """A platform that refuses or is away is asked again an hour later, at the customer's next message."""
        doc = self.threads.get(thread)
        if doc is None or "customer" not in doc or doc.get("profile_at"):
            return
        account = self.accounts.recent(doc["account"])
        if account is None:
            return
        try:
            found = self.channels[account.channel].profile(account, self.vault.open(doc["user_id"]))
        except SendError as error:
            log.info("profile_failed", channel=account.channel.value, code=error.code)
            found = None
        if found is not None:
            self.conversations.set_profile(doc["customer"], found.name, found.language)
            conversation = self.conversations.context(thread, doc).conversation
            if conversation is not None:
                self.live.publish(pokes(conversation, {}), {"conversation": conversation.id})
        language = found.language if found is not None else None
        self.threads.set_profile(thread, fetched=found is not None, language=language)
