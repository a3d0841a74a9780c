"""A supervisor at the monitor in a real browser: it follows, but never under the pointer; whisper; take over."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.rooms import a_colleague, a_customer, says
from tests.house import House
from tests.unit.inbox.visitors import a_browser

pytestmark = pytest.mark.browser
WHISPER = "先確認身分，再談費用。"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


def test_watch_whisper_take_over_and_a_list_that_holds_still(chromium: Browser, house: House) -> None:
    supervisor, agent = a_colleague(chromium, house, "supervisor"), a_colleague(chromium, house, "agent")
    customer, mark = a_customer(chromium, house), secrets.token_hex(3)
    supervisor.goto(f"{house.url}/monitor")
    says(customer, f"我要真人 {mark}")
    row = supervisor.locator("li.watch", has_text=mark)
    expect(row).to_be_visible(timeout=10_000)
    conversation = row.get_attribute("data-key")

    agent.goto(f"{house.url}/inbox/{conversation}?view=all")
    take = agent.locator('.composer [data-shortcut="t"]')
    expect(take.or_(agent.locator("#reply"))).to_be_visible(timeout=5000)
    if take.count():
        take.click()
    expect(agent.locator("#reply")).to_be_visible(timeout=5000)

    supervisor.goto(f"{house.url}/monitor/{conversation}")
    supervisor.locator(".whisper-box summary").click()
    supervisor.locator("#whisper").fill(WHISPER)
    supervisor.locator("[data-whisper] button").click()
    expect(supervisor.locator("[data-whisper-done]")).not_to_be_empty(timeout=5000)
    expect(agent.locator(".thread")).to_contain_text(WHISPER, timeout=3000)
    expect(agent.locator("#reply")).to_be_visible()
    assert WHISPER not in (customer.locator("teller-chat").inner_text() or "")

    agent.goto(f"{house.url}/knowledge")
    agent.wait_for_timeout(1500)
    supervisor.goto(f"{house.url}/monitor")
    supervisor.locator(f'[data-key="{conversation}"] button').click()
    expect(supervisor.locator("#reply")).to_be_visible(timeout=5000)
    lost = agent.locator('#calls .call[data-kind="taken"]')
    expect(lost).to_contain_text("Supervisor", timeout=5000)
    assert mark not in lost.inner_text()

    supervisor.goto(f"{house.url}/monitor")
    first = supervisor.locator("li.watch").first
    first.hover()
    place = first.bounding_box()
    order = [one.get_attribute("data-key") for one in supervisor.locator("li.watch").all()]
    thief = a_customer(chromium, house)
    says(thief, f"我的信用卡被盜刷了 {mark}")
    held = supervisor.locator("[data-held]")
    expect(held).to_be_visible(timeout=10_000)
    assert order == [one.get_attribute("data-key") for one in supervisor.locator("li.watch").all()]
    assert first.bounding_box() == place
    supervisor.mouse.move(4, 4)
    expect(held).to_be_hidden(timeout=3000)
    expect(supervisor.locator("li.watch.level-5", has_text=f"盜刷了 {mark}")).to_be_visible()
