"""Channel accounts as the outside reaches them: what the store keeps, and the addresses that follow from it."""

from __future__ import annotations

from adapters import web
from bot.model import ChannelAccount
from bot.mongo import Mongo
from bot.store.accounts import AccountStore
from bot.vault import Vault


class Accounts(AccountStore):
    """Channel accounts with the addresses under which the outside reaches them."""

    def __init__(self, mongo: Mongo, vault: Vault, public_url: str) -> None:
        super().__init__(mongo, vault)
        self._public_url = public_url

    def webhook_url(self, account: ChannelAccount) -> str:
        return f"{self._public_url}/webhooks/{account.channel.value}/{account.id}"

    def snippet(self, account: ChannelAccount) -> str:
        return web.snippet(self._public_url, account.id)
