"""An in-memory `inbox.service.Console` with a firm's ordinary morning in it.

`python -m tests.unit.inbox.fake [PORT]` serves it: sign in as agent@, senior@, supervisor@, compliance@, admin@ or
auditor@example.com with the password `teller-demo-2026`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

from bot.contracts import Capabilities, Channel
from bot.desk.presence import Presence
from bot.errors import BadPayload, SendError, Unavailable
from bot.model import ChannelAccount, ChannelType, Page, Staff
from bot.queue import JobQueue
from bot.settings_security import Security
from bot.store.drafts import Typing
from inbox import register
from kb.store import Store
from tests.unit.inbox import story
from tests.unit.inbox.fake_automation import FakeAutomation
from tests.unit.inbox.fake_desk import FakeDesk, FakeLive
from tests.unit.inbox.fake_door import FakeDoor
from tests.unit.inbox.fake_recalls import FakeRecalls
from tests.unit.inbox.fake_work import FakeWork

PASSWORD = "teller-demo-2026"


@dataclass(frozen=True)
class FakeSettings:
    public_url: str = "http://127.0.0.1"
    env: str = "development"
    locale: str = "zh-TW"
    timezone: str = "Asia/Taipei"
    security: Security = field(default_factory=Security)


class FakeStaff:
    def __init__(self, people: Sequence[Staff]) -> None:
        self.people = {person.id: person for person in people}

    def authenticate(self, email: str, password: str) -> Staff | None:
        found = next((p for p in self.people.values() if p.email == email.lower()), None)
        return found if found and found.active and password == PASSWORD else None

    def by_id(self, staff_id: str) -> Staff | None:
        return self.people.get(staff_id)

    def names(self, ids: Sequence[str]) -> dict[str, str]:
        return {one: self.people[one].name for one in ids if one in self.people}


class FakeAccounts:
    def __init__(self, accounts: Sequence[ChannelAccount]) -> None:
        self._all = {account.id: account for account in accounts}

    def list(self) -> list[ChannelAccount]:
        return list(self._all.values())

    def get(self, account_id: str) -> ChannelAccount | None:
        return self._all.get(account_id)

    def add(
        self,
        channel: ChannelType,
        name: str,
        secrets: dict[str, str],
        public: dict[str, Any],
        api_base: str | None,
    ) -> ChannelAccount:
        if any(a.name == name and a.channel is channel for a in self._all.values()):
            raise BadPayload("An account of this name exists already.")
        account = ChannelAccount(
            id=f"{channel.value}-{len(self._all) + 1}",
            channel=channel,
            name=name,
            secrets=secrets,
            public=public,
            api_base=api_base,
            created_at=datetime.now(UTC),
        )
        self._all[account.id] = account
        return account

    def set_enabled(self, account_id: str, enabled: bool) -> None:
        self._all[account_id] = replace(self._all[account_id], enabled=enabled)

    def webhook_url(self, account: ChannelAccount) -> str:
        return f"https://service.example.com.tw/webhooks/{account.channel.value}/{account.id}"

    def snippet(self, account: ChannelAccount) -> str:
        return f'<script src="https://service.example.com.tw/webchat/{account.id}/widget.js" async></script>'


class FakeChannel:
    """Answers the console's three questions; `fault` makes the platform refuse."""

    capabilities = Capabilities(text=5000)

    def __init__(self) -> None:
        self.fault: SendError | None = None
        self.asked: list[str] = []

    def _answer(self, what: str, sentence: str) -> str:
        self.asked.append(what)
        if self.fault:
            raise self.fault
        return sentence

    def check(self, account: ChannelAccount) -> str:
        return self._answer("check", "憑證有效。")

    def register(self, account: ChannelAccount, webhook_url: str) -> str:
        return self._answer(f"register {webhook_url}", "Webhook 已註冊。")

    def test(self, account: ChannelAccount, webhook_url: str) -> str:
        return self._answer(f"test {webhook_url}", "平台已成功呼叫 webhook。")


def no_knowledge() -> Store:
    raise Unavailable("This fake has no knowledge base.")


class NoRuns:
    """No slow work was ever started here; tests of its pages have a whole Teller."""

    def rehearsed(self, sha256: str) -> None:
        return None


class NothingAtHand:
    """No knowledge, so no article comes close; tests of that panel have a whole Teller."""

    def suggested(self, page: Page) -> tuple[()]:
        return ()


class NoReplies:
    """Nobody saved a reply."""

    def of(self, staff: Staff) -> list[Any]:
        return []


class FakeDrafts:
    """As the store, in memory; what was sent is known by the page that sent it."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Typing] = {}

    def keep(self, staff_id: str, conversation_id: str, typed: Typing) -> bool:
        self.kept.pop((staff_id, conversation_id), None)
        if typed.text.strip():
            self.kept[staff_id, conversation_id] = typed
        return True

    def of(self, staff_id: str, conversation_id: str) -> Typing | None:
        return self.kept.get((staff_id, conversation_id))


class NoFiles:
    """Every channel takes files; none was sent."""

    def refusal(self, page: Page) -> None:
        return None


class NoQuotas:
    """No platform said what is left."""

    def known(self, account_id: str) -> None:
        return None


@dataclass
class FakeConsole:
    settings: FakeSettings
    desk: FakeDesk
    staff: FakeStaff
    accounts: FakeAccounts
    channels: Mapping[ChannelType, Channel]
    live: FakeLive
    # Its Redis is away, which is no fault: nobody is seen.
    presence: Presence = field(default_factory=lambda: Presence(JobQueue(None)))
    automation: FakeAutomation = field(default_factory=FakeAutomation)
    work: FakeWork = field(default_factory=FakeWork)
    recalls: FakeRecalls = field(default_factory=FakeRecalls)
    runs: NoRuns = field(default_factory=NoRuns)
    at_hand: NothingAtHand = field(default_factory=NothingAtHand)
    drafts: FakeDrafts = field(default_factory=FakeDrafts)
    attachments: NoFiles = field(default_factory=NoFiles)
    quotas: NoQuotas = field(default_factory=NoQuotas)
    canned: NoReplies = field(default_factory=NoReplies)
    kb: Callable[[], Store] = no_knowledge
    imports: Any = None
    policies: Any = None
    oidc: None = None
    limiter_storage: str | None = None
    secret_key: str = "a fixed key, for tests only"
    door: FakeDoor = field(init=False)
    audited: list[tuple[str, str, str, dict[str, Any]]] = field(default_factory=list)
    audit_broken: bool = False

    def __post_init__(self) -> None:
        self.door = FakeDoor(self.staff.people)

    def audit(
        self,
        actor: str,
        action: str,
        subject: str,
        detail: dict[str, Any],
        *,
        shown: Sequence[str] = (),
        customers: Sequence[str] = (),
    ) -> None:
        if self.audit_broken:
            raise Unavailable("The audit log cannot be written.")
        self.audited.append((actor, str(action), subject, detail))

    def kb_audit(self, actor: str, action: str, target: str, detail: Mapping[str, Any], session: Any) -> None:
        self.audit(actor, action, target, dict(detail))

    def actions(self) -> list[str]:
        return [action for _, action, _, _ in self.audited]


def a_console(**settings: str) -> FakeConsole:
    live = FakeLive()
    channels: Any = {kind: FakeChannel() for kind in ChannelType}
    return FakeConsole(
        settings=FakeSettings(**settings),
        desk=FakeDesk(story.pages(), live),
        staff=FakeStaff(story.STAFF),
        accounts=FakeAccounts(story.accounts()),
        channels=channels,
        live=live,
    )


def an_app(service: FakeConsole, **options: Any) -> Flask:
    app = Flask("console_under_test", static_folder=None)
    register(app, service, **options)
    return app


@contextmanager
def serving(service: FakeConsole, port: int = 0, **options: Any) -> Iterator[str]:
    """The console on a loopback port; yields its address."""
    server: BaseWSGIServer = make_server("127.0.0.1", port, an_app(service, **options), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        service.live.close()
        server.shutdown()
        thread.join(5)


if __name__ == "__main__":
    with serving(a_console(), int(sys.argv[1]) if len(sys.argv) > 1 else 0) as address:
        print(address, flush=True)
        threading.Event().wait()
