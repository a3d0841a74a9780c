"""Channel accounts; credentials encrypted, written but never shown."""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from datetime import UTC, datetime
from typing import Any

from bot.errors import BadPayload
from bot.model import ChannelAccount, ChannelType
from bot.mongo import Doc, Mongo
from bot.vault import SERVICE, Vault

Accounts = list[ChannelAccount]
RECENT_S = 1.0
NOTE_EVERY_S = 2.0
OPENED = 256
HANDLE = re.compile(r"[A-Za-z0-9._-]{2,64}")


class AccountStore:
    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._mongo = mongo
        self._vault = vault
        self._noted: dict[str, float] = {}
        self._recent: dict[str, tuple[float, ChannelAccount]] = {}
        self._reading = threading.Lock()
        self._opened: dict[bytes, dict[str, str]] = {}

    def add(
        self,
        channel: ChannelType,
        name: str,
        secrets_: dict[str, str],
        public: dict[str, Any],
        api_base: str | None,
    ) -> ChannelAccount:
        """Store a new account, enabled; its id is unguessable, as it is part of a public address."""
        account_id = secrets.token_hex(12)
        if channel is ChannelType.TELEGRAM:
            # Telegram does not sign bodies: it repeats a secret that we choose.
            secrets_ = {"webhook_secret": secrets.token_urlsafe(32), **secrets_}
        self._mongo["accounts"].insert_one(
            {
                "_id": account_id,
                "channel": channel.value,
                "name": name,
                "enabled": True,
                "secrets": self._vault.seal(json.dumps(secrets_), SERVICE),
                "public": public,
                "api_base": api_base.rstrip("/") if api_base else None,
                "created_at": datetime.now(UTC),
            }
        )
        found = self.get(account_id)
        assert found is not None  # noqa: S101 - inserted above with majority
        return found

    def get(self, account_id: str) -> ChannelAccount | None:
        doc = self._mongo["accounts"].find_one({"_id": account_id})
        return self._account(doc) if doc else None

    def recent(self, account_id: str, within_s: float = RECENT_S) -> ChannelAccount | None:
        """`get`, at most that many seconds old; of many who ask at once one reads."""
        since = time.monotonic() - within_s
        if (known := self._read_since(since, account_id)) is not None:
            return known
        with self._reading:
            # Somebody else may have read it while this one waited for its turn.
            if (known := self._read_since(since, account_id)) is not None:
                return known
            begun, found = time.monotonic(), self.get(account_id)
            if found is not None:
                self._recent[account_id] = (begun, found)
            return found

    def _read_since(self, since: float, account_id: str) -> ChannelAccount | None:
        at, known = self._recent.get(account_id, (since, None))
        return known if at >= since else None

    def list(self) -> Accounts:
        return [self._account(doc) for doc in self._mongo["accounts"].find().sort([("created_at", 1)])]

    def siblings(self, account: ChannelAccount) -> Accounts:
        """Enabled accounts that share the app secret: Meta calls one address for all pages of an app."""
        secret = account.secrets.get("app_secret")
        if secret is None:
            return [account]
        others = [
            self._account(doc)
            for doc in self._mongo["accounts"].find({"channel": account.channel.value, "enabled": True})
        ]
        return [other for other in others if other.secrets.get("app_secret") == secret]

    def set_enabled(self, account_id: str, enabled: bool) -> None:
        self._mongo["accounts"].update_one({"_id": account_id}, {"$set": {"enabled": enabled}})
        self._recent.pop(account_id, None)

    def set_public(self, account_id: str, name: str, value: object) -> None:
        """One of the settings that are no secret."""
        self._mongo["accounts"].update_one({"_id": account_id}, {"$set": {f"public.{name}": value}})
        self._recent.pop(account_id, None)

    def set_handle(self, account_id: str, name: str) -> None:
        """The name under which the platform links to the account. Raises BadPayload for what is none."""
        handle = name.strip().lstrip("@")
        if not HANDLE.fullmatch(handle):
            raise BadPayload("A name has letters, digits, dots, dashes and underscores, such as @our-bank.")
        self._mongo["accounts"].update_one({"_id": account_id}, {"$set": {"public.handle": handle}})
        self._recent.pop(account_id, None)

    def note_event(self, account_id: str) -> None:
        """Remember that the account lives, at most every two seconds: the page shows it, nothing depends on it."""
        now = time.monotonic()
        if now - self._noted.get(account_id, -NOTE_EVERY_S) >= NOTE_EVERY_S:
            self._noted[account_id] = now
            self._mongo["accounts"].update_one(
                {"_id": account_id}, {"$max": {"last_event_at": datetime.now(UTC)}}
            )

    def note_error(self, account_id: str, sentence: str) -> None:
        """The last thing that went wrong, for the channels page; a sentence without personal data."""
        self._mongo["accounts"].update_one(
            {"_id": account_id}, {"$set": {"last_error": sentence[:300], "last_error_at": datetime.now(UTC)}}
        )

    def _secrets(self, sealed: bytes) -> dict[str, str]:
        """Opened once a ciphertext, not once a webhook; a changed secret is another ciphertext."""
        known = self._opened.get(sealed)
        if known is None:
            if len(self._opened) >= OPENED:
                self._opened.clear()
            known = self._opened[sealed] = json.loads(self._vault.open(sealed))
        return dict(known)

    def _account(self, doc: Doc) -> ChannelAccount:
        return ChannelAccount(
            id=doc["_id"],
            channel=ChannelType(doc["channel"]),
            name=doc["name"],
            enabled=doc["enabled"],
            secrets=self._secrets(doc["secrets"]),
            public=doc["public"],
            api_base=doc["api_base"],
            created_at=doc["created_at"],
            last_event_at=doc.get("last_event_at"),
            last_error=doc.get("last_error"),
            last_error_at=doc.get("last_error_at"),
        )
