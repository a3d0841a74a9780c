"""People at browsers before the real Teller: a customer at the widget, staff at the console."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page, expect

from bot.samples import DEMO_PASSWORD
from tests.house import House
from tests.unit.inbox.visitors import DESKTOP


def a_customer(browser: Browser, house: House, lang: str = "zh-TW", **options: Any) -> Page:
    """The demo page with the chat open."""
    page = browser.new_context(**{"viewport": DESKTOP, "locale": lang, **options}).new_page()
    page.goto(f"{house.url}/demo" + ("?lang=en" if lang == "en" else ""))
    page.locator("teller-chat .launch").click()
    expect(page.locator("teller-chat .panel")).to_be_visible()
    return page


def says(page: Page, text: str) -> None:
    page.locator("teller-chat textarea").fill(text)
    page.locator("teller-chat textarea").press("Enter")


def a_colleague(browser: Browser, house: House, role: str, lang: str = "zh-TW", **options: Any) -> Page:
    """The console, signed in as the demo member of staff of that role."""
    context = browser.new_context(**{"viewport": DESKTOP, **options})
    context.add_cookies([{"name": "teller_lang", "value": lang, "url": house.url}])
    page = context.new_page()
    page.goto(house.url)
    page.locator("[name=email]").fill(f"{role}@example.com")
    page.locator("[name=password]").fill(DEMO_PASSWORD)
    page.locator("[name=password]").press("Enter")
    expect(page.locator("#main")).to_be_visible()
    return page
