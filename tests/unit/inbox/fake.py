"""An in-memory `inbox.service.Console` with a firm's ordinary morning in it.

`python -m tests.unit.inbox.fake [PORT]` serves it: sign in as agent@, senior@, supervisor@, compliance@, admin@ or
auditor@example.com with the password `teller-demo-2026`.
"""

from __future__ import annotations

import itertools
import queue
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

from bot.contracts import Capabilities, Channel
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound, SendError, Unavailable
from bot.model import OPEN, ChannelAccount, ChannelType, Message, Page, Role, Row, Staff, Status
from inbox import register
from tests.unit.inbox import story

PASSWORD = "teller-demo-2026"
COMPLAINTS = {"complaint"}
WATCHERS = {Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR}


@dataclass(frozen=True)
class FakeSettings:
    public_url: str = "http://127.0.0.1"
    env: str = "development"
    locale: str = "zh-TW"
    timezone: str = "Asia/Taipei"


class FakeLive:
    """Fan-out over queues; `close` ends every stream, as a shutdown does."""

    def __init__(self) -> None:
        self._ears: list[tuple[set[str], queue.Queue[dict[str, Any] | str]]] = []

    def listen(self, topics: Sequence[str], timeout: float) -> Iterator[dict[str, Any] | None]:
        ear: tuple[set[str], queue.Queue[dict[str, Any] | str]] = (set(topics), queue.Queue())
        self._ears.append(ear)
        try:
            while True:
                try:
                    said = ear[1].get(timeout=timeout)
                except queue.Empty:
                    yield None
                    continue
                if isinstance(said, str):
                    return
                yield said
        finally:
            self._ears.remove(ear)

    def publish(self, topic: str, data: dict[str, Any]) -> None:
        for topics, ear in list(self._ears):
            if topic in topics:
                ear.put(data)

    def close(self) -> None:
        for _, ear in list(self._ears):
            ear.put("closed")

    @property
    def listening(self) -> int:
        return len(self._ears)


class FakeDesk:
    """The rules of who sees what, as the real desk has them, over a dict of pages."""

    def __init__(self, pages: dict[str, Page], live: FakeLive) -> None:
        self.pages = pages
        self._live = live
        self._ids = itertools.count(1)
        self._sent: dict[tuple[str, str], str] = {}
        self.down = False

    def _visible(self, staff: Staff, page: Page) -> bool:
        conversation = page.conversation
        if staff.role is Role.ADMIN:
            return False
        if conversation.reason in COMPLAINTS and staff.role is Role.AGENT:
            return False
        if staff.role in WATCHERS:
            return True
        others = conversation.assignee not in {None, staff.id}
        return not others and conversation.status is not Status.BOT

    def _in(self, staff: Staff, page: Page, view: str) -> bool:
        status = page.conversation.status
        if view == "mine":
            return status is Status.ASSIGNED and page.conversation.assignee == staff.id
        return status in OPEN if view == "all" else status == view

    def rows(self, staff: Staff, view: str) -> list[Row]:
        if self.down:
            raise Unavailable("MongoDB is away.")
        found = [p.row for p in self.pages.values() if self._visible(staff, p) and self._in(staff, p, view)]
        if view == "waiting":
            return sorted(found, key=lambda r: (r.priority, r.waiting_since or r.last_at))
        return sorted(found, key=lambda r: r.last_at or datetime.now(UTC), reverse=True)

    def counts(self, staff: Staff) -> dict[str, int]:
        return {v: len(self.rows(staff, v)) for v in ("mine", "waiting", "assigned", "bot", "all")}

    def page(self, staff: Staff, conversation_id: str) -> Page:
        page = self.pages.get(conversation_id)
        if page is None:
            raise NotFound("There is no such conversation.")
        if not self._visible(staff, page):
            raise NotAllowed("This conversation is not for your role.")
        return page

    def change(self, conversation_id: str, message: Message | None = None, **changes: Any) -> None:
        page = self.pages[conversation_id]
        row_fields = {k: v for k, v in changes.items() if k in Row.__dataclass_fields__}
        conversation_fields = {
            k: v for k, v in changes.items() if k in page.conversation.__dataclass_fields__
        }
        messages = (*page.messages, message) if message else page.messages
        if message and message.author != "system":
            row_fields |= {"preview": message.text, "last_at": message.at}
        self.pages[conversation_id] = replace(
            page,
            row=replace(page.row, **row_fields),
            conversation=replace(page.conversation, **conversation_fields),
            messages=messages,
        )
        for topic in ("inbox", f"conversation:{conversation_id}"):
            self._live.publish(topic, {"conversation": conversation_id})

    def say(self, conversation_id: str, author: str, text: str, **more: Any) -> Message:
        page = self.pages[conversation_id]
        seq = len(page.messages) + 1
        return Message(
            id=f"n{next(self._ids)}",
            conversation_id=conversation_id,
            seq=seq + 1000,
            pos=0,
            author=author,
            text=text,
            at=datetime.now(UTC),
            **more,
        )

    def customer_writes(self, conversation_id: str, text: str) -> None:
        message = self.say(conversation_id, "customer", text)
        self.change(conversation_id, message, unread=self.pages[conversation_id].row.unread + 1)

    def hand_off(self, conversation_id: str, reason: str = "human_request", priority: int = 5) -> None:
        self.change(
            conversation_id,
            status=Status.WAITING,
            reason=reason,
            priority=priority,
            waiting_since=datetime.now(UTC),
        )

    def take(self, staff: Staff, conversation_id: str) -> None:
        page = self.page(staff, conversation_id)
        theirs = page.conversation.assignee not in {None, staff.id} and staff.role is not Role.SUPERVISOR
        if theirs or page.conversation.status is Status.RESOLVED:
            raise Conflict("A colleague has taken this conversation.")
        self.change(
            conversation_id,
            self.say(conversation_id, "system", f"由 {staff.name} 接手"),
            status=Status.ASSIGNED,
            assignee=staff.id,
            assignee_id=staff.id,
            assignee_name=staff.name,
            unread=0,
        )

    def _own(self, staff: Staff, conversation_id: str) -> Page:
        page = self.page(staff, conversation_id)
        if page.conversation.assignee != staff.id or page.conversation.status is not Status.ASSIGNED:
            raise Conflict("Take the conversation first.")
        return page

    def reply(self, staff: Staff, conversation_id: str, text: str, client_id: str) -> str:
        self._own(staff, conversation_id)
        if "拒收" in text:
            raise BadPayload("This text cannot be sent.")
        key = (conversation_id, client_id)
        if key not in self._sent:
            message = self.say(
                conversation_id, f"staff:{staff.id}", text, delivery="sent", client_id=client_id
            )
            self._sent[key] = message.id
            self.change(conversation_id, message)
        return self._sent[key]

    def _release(self, conversation_id: str, status: Status) -> None:
        self.change(conversation_id, status=status, assignee=None, assignee_id=None, assignee_name=None)

    def resolve(self, staff: Staff, conversation_id: str) -> None:
        self._own(staff, conversation_id)
        self._release(conversation_id, Status.RESOLVED)

    def back_to_bot(self, staff: Staff, conversation_id: str) -> None:
        self._own(staff, conversation_id)
        self._release(conversation_id, Status.BOT)


class FakeStaff:
    def __init__(self, people: Sequence[Staff]) -> None:
        self.people = {person.id: person for person in people}

    def authenticate(self, email: str, password: str) -> Staff | None:
        found = next((p for p in self.people.values() if p.email == email.lower()), None)
        return found if found and found.active and password == PASSWORD else None

    def by_id(self, staff_id: str) -> Staff | None:
        return self.people.get(staff_id)


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


@dataclass
class FakeConsole:
    settings: FakeSettings
    desk: FakeDesk
    staff: FakeStaff
    accounts: FakeAccounts
    channels: Mapping[ChannelType, Channel]
    live: FakeLive
    limiter_storage: str | None = None
    secret_key: str = "a fixed key, for tests only"
    audited: list[tuple[str, str, str, dict[str, Any]]] = field(default_factory=list)
    audit_broken: bool = False

    def audit(self, actor_id: str, action: str, subject: str, detail: dict[str, Any]) -> None:
        if self.audit_broken:
            raise Unavailable("The audit log cannot be written.")
        self.audited.append((actor_id, str(action), subject, detail))

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
