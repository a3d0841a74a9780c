"""What the stand-ins remember: accounts (across restarts), every call received, users, faults to come."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHANNELS = ("line", "messenger", "telegram", "openai")
# A bench of an hour must not eat the machine; older calls are forgotten and `first` says so.
KEEP_ROWS = 100_000


def short_hash(secret: str) -> str:
    """Names a token in logs without giving it away."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


@dataclass(slots=True)
class Account:
    """One registered account. `options`: the switches of its platform; `memory`: what it remembers."""

    channel: str
    id: str
    token: str
    name: str
    secret: str = ""
    webhook_url: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)

    def public(self) -> dict[str, Any]:
        """Everything but the secrets."""
        options = {name: value for name, value in self.options.items() if "token" not in name}
        return {
            "channel": self.channel,
            "account": self.id,
            "name": self.name,
            "webhook_url": self.webhook_url,
            "bot_user_id": bot_user_id(self),
            **options,
        }


def bot_user_id(account: Account) -> str:
    """The account's own id on its platform: LINE `destination`, Facebook page id, Telegram bot id."""
    if account.channel == "line":
        given = account.options.get("bot_user_id")
        return str(given or "U" + hashlib.md5(account.token.encode(), usedforsecurity=False).hexdigest())
    return account.id


@dataclass(slots=True)
class Fault:
    """A failure on purpose for the next `times` matching calls. Modes are listed in `faults.py`."""

    channel: str
    mode: str
    times: int
    path_contains: str = ""
    body_contains: bytes = b""
    retry_after: int | None = None
    delay_ms: int | None = None
    body: Any = None


class State:
    """All of it, for one process. Only one green thread runs at a time, so plain attributes need no locks;
    the condition exists for waiting, not for exclusion."""

    def __init__(self, home: Path | None) -> None:
        self._file = home / "accounts.json" if home else None
        self.news = threading.Condition()
        self.accounts: dict[str, dict[str, Account]] = {channel: {} for channel in CHANNELS}
        self.settings: dict[str, Any] = {}
        self.reset()
        self._load()

    def reset(self) -> None:
        """Forget everything but the accounts."""
        self.rows: list[dict[str, Any]] = []
        self.first = 1
        self.faults: list[Fault] = []
        self.delays: dict[str, int] = {}
        self.users: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.media: dict[tuple[str, str], dict[str, Any]] = {}
        self.sent_events: dict[tuple[str, str], dict[str, Any]] = {}
        self.openai: dict[str, Any] = {"mode": "echo_choice"}
        self.settings = {"lenient": False, "line_reply_token_ttl": 60.0, "messenger_window": "open"}
        for accounts in self.accounts.values():
            for account in accounts.values():
                account.memory.clear()
        with self.news:
            self.news.notify_all()

    # Accounts

    def add_account(self, account: Account) -> Account:
        known = self.accounts[account.channel].get(account.id)
        if known:
            account.memory = known.memory
        self.accounts[account.channel][account.id] = account
        self.save()
        return account

    def by_token(self, channel: str, token: str) -> Account | None:
        """The account a caller's token belongs to; in lenient mode an unknown token makes one."""
        for account in self.accounts[channel].values():
            if account.token == token:
                return account
        if token and self.settings["lenient"]:
            return self.add_account(Account(channel, account_id(channel, token, {}), token, channel))
        return None

    def find(self, channel: str, reference: str | None) -> Account | None:
        """By id, name, token or bot user id; without a reference the only account there is."""
        accounts = self.accounts.get(channel, {})
        if not reference:
            return next(iter(accounts.values())) if len(accounts) == 1 else None
        for account in accounts.values():
            if reference in (account.id, account.name, account.token, bot_user_id(account)):
                return account
        return None

    def user(self, channel: str, account: str, user: str) -> dict[str, Any]:
        """What tests said about a user: `blocked`, `known`, `display_name`, `window_at`..."""
        return self.users.setdefault((channel, account, user), {})

    def peek_user(self, channel: str, account: str, user: str) -> dict[str, Any]:
        """The same, for reading: a bench with a million users must not create a million entries."""
        return self.users.get((channel, account, user), {})

    def save(self) -> None:
        if self._file is None:
            return
        rows = [
            {
                "channel": a.channel,
                "id": a.id,
                "token": a.token,
                "name": a.name,
                "secret": a.secret,
                "webhook_url": a.webhook_url,
                "options": a.options,
            }
            for accounts in self.accounts.values()
            for a in accounts.values()
        ]
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(rows, out, ensure_ascii=False, indent=1)
        part.replace(self._file)

    def _load(self) -> None:
        if self._file is None or not self._file.exists():
            return
        for row in json.loads(self._file.read_text()):
            account = Account(**row)
            self.accounts[account.channel][account.id] = account

    # The log

    @property
    def last(self) -> int:
        """Number of the newest row; 0 when nothing has come yet."""
        return self.first + len(self.rows) - 1

    def record(self, row: dict[str, Any]) -> dict[str, Any]:
        row = {"n": self.last + 1, "at": time.time(), **row}
        self.rows.append(row)
        if len(self.rows) > KEEP_ROWS * 1.1:
            drop = len(self.rows) - KEEP_ROWS
            del self.rows[:drop]
            self.first += drop
        with self.news:
            self.news.notify_all()
        return row

    def since(self, n: int, matches: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Rows numbered above `n` that match, oldest first."""
        return [row for row in self.rows[max(0, n + 1 - self.first) :] if matches(row)]

    def wait(
        self, n: int, matches: Callable[[dict[str, Any]], bool], count: int, timeout: float
    ) -> list[dict[str, Any]]:
        """Rows above `n` that match, as soon as there are `count` of them or `timeout` seconds have gone."""
        deadline = time.monotonic() + timeout
        found: list[dict[str, Any]] = []
        seen = n
        while True:
            found += self.since(seen, matches)
            seen = max(seen, self.last)
            left = deadline - time.monotonic()
            if len(found) >= count or left <= 0:
                return found
            with self.news:
                if self.last == seen:
                    self.news.wait(left)
            if self.last < seen:  # a reset started the numbers again
                seen, found = 0, []


def account_id(channel: str, token: str, options: dict[str, Any]) -> str:
    """Default id of an account: page id, Telegram bot id, else a hash that does not give the token away."""
    if channel == "messenger" and options.get("page_id"):
        return str(options["page_id"])
    bot = re.match(r"(\d+):", token)
    return bot.group(1) if channel == "telegram" and bot else short_hash(token)
