"""The last words of an open conversation on a page that may have missed some of those before them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.rooms import a_colleague, a_customer, says
from tests.house import House
from tests.unit.inbox.visitors import a_browser

pytestmark = pytest.mark.browser
MANY = 16
"""More than the last words hold."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


def test_words_come_alone_and_what_was_missed_is_fetched(chromium: Browser, house: House) -> None:
    agent, customer, mark = (
        a_colleague(chromium, house, "agent"),
        a_customer(chromium, house),
        secrets.token_hex(3),
    )
    agent.goto(f"{house.url}/inbox?view=waiting")
    says(customer, f"我要真人 {mark}")
    row = agent.locator("a.row", has_text=mark)
    expect(row).to_be_visible(timeout=10_000)
    row.click()
    expect(agent.locator(".thread")).to_contain_text(mark)
    take, reply = agent.locator('.composer [data-shortcut="t"]'), agent.locator("#reply")
    expect(take.or_(reply)).to_be_visible(timeout=5000)
    if take.count():
        take.click()
    expect(reply).to_be_visible(timeout=5000)
    reply.fill("寫到一半")

    agent.wait_for_timeout(1000)  # what taking it changed has been looked at
    asked: list[str] = []
    agent.on("request", lambda request: asked.append(request.url))
    says(customer, f"還有一句 {mark}")
    expect(agent.locator(".thread")).to_contain_text(f"還有一句 {mark}", timeout=5000)
    agent.wait_for_timeout(500)
    looks = [url.rpartition("/")[2].partition("?")[0] for url in asked if "/inbox/" in url]
    assert "said" in looks
    assert "thread" not in looks
    assert reply.input_value() == "寫到一半"

    # Held back: all that comes meanwhile is more than the last words.
    agent.route("**/said?*", lambda route: route.abort())
    agent.route("**/thread?*", lambda route: route.abort())
    for number in range(MANY):
        says(customer, f"第 {number} 句 {mark}")
    agent.unroute("**/said?*")
    agent.unroute("**/thread?*")
    says(customer, f"最後一句 {mark}")
    thread = agent.locator(".thread")
    expect(thread).to_contain_text(f"最後一句 {mark}", timeout=5000)
    expect(thread.locator("li.customer", has_text=mark)).to_have_count(MANY + 3, timeout=5000)
    said = [text for text in thread.locator("li.customer .text").all_inner_texts() if mark in text]
    assert said == [
        f"我要真人 {mark}",
        f"還有一句 {mark}",
        *(f"第 {number} 句 {mark}" for number in range(MANY)),
        f"最後一句 {mark}",
    ]
