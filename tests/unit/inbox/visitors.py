"""People at browsers, before the console over the fake service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import executable
from tests.unit.inbox.fake import PASSWORD, FakeConsole, a_console, serving

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}


@dataclass
class House:
    service: FakeConsole
    url: str
    browser: Browser
    faults: list[str]
    contexts: list[BrowserContext]

    def visit(self, who: str | None = None, lang: str = "zh-TW", **options: Any) -> Page:
        """A browser of its own, signed in as `who`; whatever its console complains about is kept in `faults`."""
        context = self.browser.new_context(**{"viewport": DESKTOP, **options})
        self.contexts.append(context)
        context.add_cookies([{"name": "teller_lang", "value": lang, "url": self.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console", lambda said: self.faults.append(said.text) if "Content Security" in said.text else None
        )
        page.goto(self.url)
        if who:
            page.locator("[name=email]").fill(f"{who}@example.com")
            page.locator("[name=password]").fill(PASSWORD)
            page.locator("[name=password]").press("Enter")
            expect(page.locator("#main")).to_be_visible()
            page.wait_for_load_state("load")
        return page


@contextmanager
def a_house(browser: Browser, **options: Any) -> Iterator[House]:
    service = a_console()
    with serving(service, **options) as url:
        house = House(service, url, browser, [], [])
        try:
            yield house
        finally:
            for context in house.contexts:
                context.close()
        assert house.faults == []


@contextmanager
def a_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()
