"""One's own desk in a real browser: chosen by keyboard, and the work comes without a click."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.compose import build
from bot.settings import Settings
from tests.browser.rooms import a_colleague, a_customer, says
from tests.house import House
from tests.unit.inbox.visitors import a_browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


def chooses(page: Page, state: str) -> None:
    """With the keyboard alone, from the account line on."""
    page.locator("details.account summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name=state).focus()
    page.keyboard.press("Enter")
    expect(page.locator("details.account summary")).to_contain_text(state)


def nobody_waits(house: House) -> None:
    """What other tests left open would come first."""
    service = build(Settings.from_env(house.env))
    boss = service.staff.by_email("supervisor@example.com")
    assert boss is not None
    for view in ("waiting", "assigned"):
        for row in service.views.rows(boss, view):
            service.console.desk.take(boss, row.id)
            service.console.desk.resolve(boss, row.id)
    service.close()


def test_who_is_available_gets_it_and_who_goes_offline_gives_it_back(chromium: Browser, house: House) -> None:
    nobody_waits(house)
    agent = a_colleague(chromium, house, "agent")
    agent.goto(f"{house.url}/inbox?view=mine")
    expect(agent.locator("details.account summary")).to_contain_text("暫離")
    chooses(agent, "可接件")
    agent.goto(f"{house.url}/inbox?view=mine")
    customer = a_customer(chromium, house)
    says(customer, "我要真人")
    expect(customer.locator("teller-chat .m.bot .b").nth(1)).to_be_visible(timeout=10_000)
    try:
        expect(agent.locator(".row[data-key]")).to_have_count(1, timeout=10_000)
        key = agent.locator(".row[data-key]").first.get_attribute("data-key")
        assert key
        # The number in hand is live as well.
        agent.locator("details.account summary").click()
        expect(agent.locator(".own-desk [data-count]")).to_have_text("1")
        agent.locator("details.account summary").click()
    finally:
        chooses(agent, "下線")
    agent.goto(f"{house.url}/inbox?view=waiting")
    expect(agent.locator(f'.row[data-key="{key}"]')).to_be_visible(timeout=10_000)
