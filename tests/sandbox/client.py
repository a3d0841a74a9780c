"""`Sandbox`: starts the stand-ins in a process of their own and talks to their control API."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urlsplit

ROOT = Path(__file__).resolve().parents[2]
Row = dict[str, Any]


class ControlError(RuntimeError):
    """The control API refused; the message is its reason."""


@dataclass(slots=True)
class Sandbox:
    """A running sandbox. `url` is its origin; the bases of the four platforms hang below it."""

    url: str
    process: subprocess.Popen[str] | None = None

    @classmethod
    def start(cls, home: Path | str, port: int = 0) -> Sandbox:
        """Starts it and returns once it listens; it ends with `stop()` or with this process.

        Raises `RuntimeError` if it did not come up.
        """
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.sandbox", "--port", str(port)),
                *("--home", str(home), "--parent", str(os.getpid())),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("sandbox: "):
            process.wait(5)
            raise RuntimeError(f"the sandbox did not start (exit {process.returncode})")
        return cls(line.split(" ", 1)[1].strip(), process)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            if self.process.stdout:
                self.process.stdout.close()
            self.process = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def line_base(self) -> str:
        """For line-bot-sdk's `Configuration(host=...)` and `channels add line --api-base`."""
        return self.url + "/line"

    @property
    def messenger_base(self) -> str:
        """In place of `https://graph.facebook.com`."""
        return self.url + "/messenger"

    @property
    def telegram_base(self) -> str:
        """In place of `https://api.telegram.org`; python-telegram-bot wants `+ "/bot"`."""
        return self.url + "/telegram"

    @property
    def openai_base(self) -> str:
        """For `OPENAI_BASE_URL`."""
        return self.url + "/openai/v1"

    # Control

    def call(self, method: str, path: str, data: Row | None = None, timeout: float = 30.0) -> Row:
        """One control call; `path` without `/_control/`. Raises `ControlError` with the reason."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
        target, body = "/_control/" + path, None
        if method in ("GET", "DELETE"):
            query = {k: v for k, v in (data or {}).items() if v is not None}
            target += "?" + urlencode(query) if query else ""
        else:
            body = json.dumps(data or {}).encode()
        try:
            connection.request(method, target, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer: Row = json.loads(response.read())
        finally:
            connection.close()
        if response.status >= 400:
            raise ControlError(answer.get("error", str(response.status)))
        return answer

    def add_line(self, token: str, secret: str, webhook_url: str = "", **options: Any) -> Row:
        """`options`: name, any_reply_token, monthly_limit, bot_user_id."""
        data = {"channel": "line", "token": token, "secret": secret, "webhook_url": webhook_url}
        return self.call("POST", "accounts", data | options)

    def add_messenger(
        self,
        page_id: str,
        page_token: str,
        app_secret: str,
        verify_token: str = "",
        webhook_url: str = "",
        **options: Any,
    ) -> Row:
        """`options`: name, echoes, require_proof, app_id."""
        data = {"channel": "messenger", "page_id": page_id, "page_token": page_token}
        data |= {"app_secret": app_secret, "verify_token": verify_token, "webhook_url": webhook_url}
        return self.call("POST", "accounts", data | options)

    def add_telegram(self, token: str, secret_token: str = "", webhook_url: str = "", **options: Any) -> Row:
        """`options`: name, any_callback_query. The bot's own setWebhook replaces address and secret."""
        data = {"channel": "telegram", "token": token}
        data |= {"secret_token": secret_token, "webhook_url": webhook_url}
        return self.call("POST", "accounts", data | options)

    def add_openai(self, api_key: str, **options: Any) -> Row:
        """From then on only registered keys are taken."""
        return self.call("POST", "accounts", {"channel": "openai", "api_key": api_key} | options)

    def accounts(self) -> list[Row]:
        return list(self.call("GET", "accounts")["accounts"])

    def received(self, channel: str | None = None, since: int = 0, **filters: Any) -> list[Row]:
        """Accepted calls, oldest first. `filters`: account, to, method, path_contains, all=1."""
        data = {"channel": channel, "since": since, **filters}
        return list(self.call("GET", "received", data)["received"])

    def last(self) -> int:
        """Number of the newest row, to pass as `since`."""
        return int(self.call("GET", "health")["last"])

    def wait(
        self,
        channel: str | None = None,
        count: int = 1,
        timeout: float = 10.0,
        since: int = 0,
        **filters: Any,
    ) -> list[Row]:
        """The same, as soon as there are `count` of them; `TimeoutError` if not within `timeout` seconds."""
        data = {"channel": channel, "count": count, "timeout": timeout, "since": since, **filters}
        answer = self.call("GET", "wait", data, timeout + 10)
        rows: list[Row] = answer["received"]
        if answer["timed_out"]:
            raise TimeoutError(f"{len(rows)} of {count} calls to {channel} within {timeout} s")
        return rows

    def fail(self, channel: str, mode: str, times: int = 1, **options: Any) -> None:
        """`mode` as in `faults.py`; `options`: path_contains, body_contains, retry_after, delay_ms, body."""
        self.call("POST", "fail", {"channel": channel, "mode": mode, "times": times, **options})

    def delay(self, channel: str, ms: int) -> None:
        self.call("POST", "delay", {"channel": channel, "ms": ms})

    def send_event(self, channel: str, account: str | None = None, **event: Any) -> Row:
        """Posts a signed event to the webhook: user=, text= | follow= | choice= | kind=; see `firing.py`."""
        return self.call("POST", "events", {"channel": channel, "account": account, **event}, 90.0)

    def reply_tokens(self, tokens: Iterable[str] | dict[str, str], account: str | None = None) -> None:
        """Registers reply tokens that an event made elsewhere carries; a dict says whose they are."""
        given = tokens if isinstance(tokens, dict) else list(tokens)
        self.call("POST", "reply-tokens", {"account": account, "tokens": given})

    def window(
        self, user: str, page: str | None = None, at: float | None = None, closed: bool = False
    ) -> None:
        self.call("POST", "window", {"page": page, "psid": user, "at": at, "open": not closed})

    def block(self, channel: str, user: str, account: str | None = None, blocked: bool = True) -> None:
        self.call("POST", "block", {"channel": channel, "account": account, "user": user, "blocked": blocked})

    def user(self, channel: str, user: str, account: str | None = None, **facts: Any) -> Row:
        return self.call("POST", "users", {"channel": channel, "account": account, "user": user, **facts})

    def openai(self, mode: str, **script: Any) -> None:
        self.call("POST", "openai", {"mode": mode, **script})

    def settings(self, **values: Any) -> None:
        """lenient, line_reply_token_ttl (s), messenger_window ("open" or "strict")."""
        self.call("POST", "settings", values)

    def reset(self, accounts: bool = False) -> None:
        self.call("POST", "reset", {"accounts": accounts})
