"""Send what the outbox holds, in order; claim first, record after, and never guess what a platform did with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.contracts import Channel, Publisher
from bot.errors import SendError
from bot.logs import logger
from bot.metrics import SENDS
from bot.model import ChannelAccount, Delivery, Outbound, Receipt
from bot.mongo import PyMongoError
from bot.store.accounts import AccountStore
from bot.store.conversations import Stale
from bot.store.outbox import Entry, OutboxStore, Parcel, token_fresh
from bot.store.threads import Lease, ThreadStore
from bot.vault import Vault

GIVE_UP = timedelta(hours=6)
LONGEST_WAIT_S = 20.0
TOKEN_SPENT = "reply_token_invalid"  # noqa: S105 - an error code

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Courier:
    accounts: AccountStore
    threads: ThreadStore
    outbox: OutboxStore
    vault: Vault
    channels: Mapping[Any, Channel]
    live: Publisher

    def deliver(self, lease: Lease, parcel: Parcel | None = None) -> bool:
        """Send the thread's entries that are due, `parcel` before the rest; stops at the first that has to wait.

        Whether nothing is left to send. Raises PyMongoError, Stale.
        """
        if parcel is not None:
            account = self.accounts.recent(parcel.entry.account_id)
            if account is not None:
                if not self._attempt(parcel, account, self.channels[account.channel]):
                    return False
                if parcel.last:
                    return True
        while entries := self.outbox.open(lease.thread):
            for entry in entries:
                if not self._one(entry):
                    # What comes after it must not overtake it.
                    return False
        return True

    def _one(self, entry: Entry) -> bool:
        """Whether the entry is settled, one way or another."""
        if entry.status is Delivery.QUEUED and entry.next_at > datetime.now(UTC):
            return False
        account = self.accounts.recent(entry.account_id)
        if account is None:
            self.outbox.settle(entry, Delivery.FAILED, code="account_gone")
            return True
        channel = self.channels[account.channel]
        if entry.status is Delivery.SENDING and channel.capabilities.settles != "retry_key":
            # Found after a crash on a platform without a key: nobody can know, so nobody pretends to.
            self._settle(entry, account, Delivery.UNKNOWN, "interrupted")
            return True
        return self._attempt(self._parcel(entry), account, channel)

    def _parcel(self, entry: Entry) -> Parcel:
        return Parcel(entry, self._user_id(entry.thread), self.outbox.contents(entry.message_ids))

    def _attempt(self, parcel: Parcel, account: ChannelAccount, channel: Channel) -> bool:
        """Whether the entry is settled, one way or another."""
        entry = parcel.entry
        again = entry.status is Delivery.SENDING or entry.maybe_sent
        token = self._token(entry)
        out = Outbound(
            id=entry.id,
            # A reply is addressed by its token.
            user_id="" if token else parcel.user_id,
            messages=parcel.messages,
            reply_token=token,
            again=again and token is not None,
            author_is_person=entry.person,
        )
        if not parcel.claimed:
            self.outbox.claim(entry, "reply" if token else "push")
        try:
            try:
                receipt = channel.send(account, out)
            except SendError as error:
                if error.code != TOKEN_SPENT:
                    raise
                # Written down before it is tried: after a crash the way back to the token is closed.
                self.outbox.claim(entry, "push", again=True)
                pushed = replace(out, user_id=parcel.user_id, reply_token=None, again=False)
                receipt = channel.send(account, pushed)
        except SendError as error:
            return self._failed(entry, account, channel, error, again=again)
        except (PyMongoError, Stale):
            raise
        except Exception:
            log.exception("adapter_raised", channel=account.channel.value, entry=entry.id)
            fault = SendError(
                "adapter_error", "The channel adapter failed.", retryable=True, outcome_known=False
            )
            return self._failed(entry, account, channel, fault, again=again)
        self._settle(entry, account, Delivery.SENT, None, receipt)
        return True

    def _token(self, entry: Entry) -> str | None:
        """The reply token while LINE still takes it; never again once a push was tried."""
        if entry.reply_token is None or entry.event is None or entry.route == "push":
            return None
        if token_fresh(entry.event_at):
            return entry.reply_token
        # A redelivery since then has given the token its minute again.
        return entry.reply_token if token_fresh(self.outbox.event_delivered_at(entry.event)) else None

    def _user_id(self, thread: str) -> str:
        doc = self.threads.get(thread)
        if doc is None:
            raise LookupError(thread)
        return self.vault.open(doc["user_id"])

    def _failed(
        self, entry: Entry, account: ChannelAccount, channel: Channel, error: SendError, *, again: bool
    ) -> bool:
        keyed = channel.capabilities.settles == "retry_key"
        self.accounts.note_error(account.id, f"{error.code}: {error.detail}")
        if not error.outcome_known and not keyed:
            self._settle(entry, account, Delivery.UNKNOWN, error.code)
            return True
        too_old = datetime.now(UTC) - entry.created_at > GIVE_UP
        if not error.retryable or too_old:
            self._settle(entry, account, Delivery.FAILED, error.code)
            return True
        backoff = min(2.0 ** min(entry.attempts, 6), LONGEST_WAIT_S)
        wait = timedelta(seconds=max(error.retry_after or 0.0, backoff))
        self.outbox.later(entry, wait, error.code, maybe_sent=again or not error.outcome_known)
        SENDS.labels(account.channel.value, "later").inc()
        log.info(
            "send_later",
            channel=account.channel.value,
            entry=entry.id,
            code=error.code,
            wait_s=wait.total_seconds(),
        )
        return False

    def _settle(
        self,
        entry: Entry,
        account: ChannelAccount,
        status: Delivery,
        code: str | None,
        receipt: Receipt | None = None,
    ) -> None:
        done = receipt or Receipt()
        self.outbox.settle(
            entry, status, code=code, platform_ids=done.platform_ids, via=done.via if receipt else ""
        )
        SENDS.labels(account.channel.value, status.value).inc()
        changed = {"conversation": entry.conversation_id, "said": True, "settled": True}
        self.live.publish(f"conversation:{entry.conversation_id}", changed)
        if status is not Delivery.SENT:
            log.warning(
                "send_settled", channel=account.channel.value, entry=entry.id, status=status.value, code=code
            )
