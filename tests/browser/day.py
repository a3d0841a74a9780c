"""One day of a firm's service desk: its people in browsers of their own, its customers on four channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, expect

from bot.compose import Service
from bot.hours_document import DEFAULT
from bot.model import Staff
from bot.samples import DEMO_PASSWORD
from bot.store.events import thread_of
from tests.browser.rooms import a_colleague
from tests.conftest import Person
from tests.e2e.test_webchat import Visitor
from tests.house import House, until

CHANNELS = ("line", "messenger", "telegram", "web")
HOURS_IN_FORCE_S = 5.0


def noon_zone() -> str:
    """A time zone in which it is about noon now: the day begins whenever the test does."""
    offset = 12 - datetime.now(UTC).hour
    # The names count the other way round: Etc/GMT-8 is eight hours ahead of Greenwich.
    return f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"


@dataclass
class Customer:
    """Somebody on one of the channels; `shown` is everything they were shown by us, in order."""

    number: int
    channel: str
    user: str
    says: Callable[[str], int]
    shown: Callable[[], list[str]]
    person: Person | None = None

    def reads(self, text: str, timeout: float = 20.0) -> None:
        until(
            lambda: text in self.shown(),
            timeout,
            f"customer {self.number} ({self.channel}) reads {text[:20]}",
        )


@dataclass
class Day:
    house: House
    service: Service
    browser: Browser
    accounts: Mapping[str, str]
    customers: list[Customer] = field(default_factory=list)

    def staff(self, name: str) -> Staff:
        found = self.service.staff.by_email(f"{name}@example.com")
        assert found is not None
        return found

    def hires(self, name: str) -> None:
        self.house.run(
            "staff", "add", f"{name}@example.com", "--role", "agent", "--password-stdin", stdin=DEMO_PASSWORD
        )

    def arrives(self, number: int) -> Customer:
        channel = CHANNELS[number % 4]
        if channel == "web":
            visitor = Visitor(self.house, self.accounts["web"])

            def shown() -> list[str]:
                return [one["text"] for one in visitor.history() if one["author"] != "customer"]

            one = Customer(number, channel, "", visitor.says, shown)
        else:
            user = {
                "line": f"U{number:032x}",
                "messenger": f"65432198799{number:05d}",
                "telegram": str(900000 + number),
            }[channel]
            person = Person(self.house.sandbox, channel, user, self.house.sandbox.last())
            one = Customer(number, channel, user, person.says, person.shown, person)
        self.customers.append(one)
        return one

    def conversation(self, customer: Customer) -> dict[str, Any]:
        """The latest of a customer on a platform."""
        thread = thread_of(self.service.vault, self.accounts[customer.channel], customer.user)
        found = self.service.mongo["conversations"].find_one({"thread": thread}, sort=[("opened_at", -1)])
        assert found is not None
        return found

    def hours(self, *, closed: bool) -> None:
        """Closes the desk for today (a typhoon, say), or opens it round the clock."""
        book = self.service.console.hours
        today = datetime.now(ZoneInfo(self.service.settings.timezone)).date()
        off = [{"date": today.isoformat(), "spans": [], "reason": "颱風"}] if closed else []
        document = {**DEFAULT, "week": [["00:00-24:00"]] * 7, "calendar": None, "exceptions": off}
        book.set(self.staff("supervisor"), document, "測試日", book.in_force().number)

    def comes(self, name: str, *, available: bool) -> Page:
        """A colleague at a browser of their own; `available` says so in the account menu."""
        page = a_colleague(self.browser, self.house, name)
        page.goto(f"{self.house.url}/inbox")
        if available:
            page.locator("details.account > summary").click()
            page.locator('.desk-states button[value="available"]').click()
            page.goto(f"{self.house.url}/inbox?view=mine")
        return page

    def held_by(self, name: str) -> list[dict[str, Any]]:
        query = {"assignee": self.staff(name).id, "status": "assigned"}
        return list(self.service.mongo["conversations"].find(query))

    def backdated(self, conversations: list[dict[str, Any]], minutes: int) -> None:
        """As if they had been given out that long ago: a test cannot wait for an agent's patience to end."""
        at = datetime.now(UTC) - timedelta(minutes=minutes)
        ids = [one["_id"] for one in conversations]
        self.service.mongo["conversations"].update_many({"_id": {"$in": ids}}, {"$set": {"assigned_at": at}})

    def opens(self, page: Page, conversation: str) -> None:
        page.goto(f"{self.house.url}/inbox/{conversation}")
        expect(page.locator("#reply")).to_be_visible()

    def replies(self, page: Page, text: str) -> None:
        page.locator("#reply").fill(text)
        page.locator("#reply").press("Control+Enter")
        expect(page.locator(".line.staff .text", has_text=text)).to_be_visible()
