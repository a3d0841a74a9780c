"""The newcomer's path in real browsers over the real Teller: ask, be answered, ask for a person, be answered by one."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.rooms import a_colleague, a_customer, says
from tests.house import House
from tests.knowledge import answer, disclosure, question
from tests.unit.inbox.visitors import PHONE, a_browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


def test_ask_be_answered_ask_for_a_person_and_hear_from_one(chromium: Browser, house: House) -> None:
    customer = a_customer(chromium, house)
    says(customer, question("card-annual-fee"))
    bubbles = customer.locator("teller-chat .m.bot .b")
    expect(bubbles).to_have_count(2, timeout=10_000)
    assert "AI" in (bubbles.nth(0).text_content() or "")
    assert bubbles.nth(1).text_content() == answer("card-annual-fee") + "\n\n" + disclosure("card")

    agent = a_colleague(chromium, house, "agent")
    agent.goto(f"{house.url}/inbox?view=waiting")
    agent.wait_for_timeout(800)
    before = agent.locator(".row[data-key]").count()
    says(customer, "我要真人")
    expect(customer.locator("teller-chat .m.bot .b")).to_have_count(3, timeout=10_000)
    began = time.monotonic()
    expect(agent.locator(".row[data-key]")).to_have_count(before + 1, timeout=1000)
    assert time.monotonic() - began < 1

    agent.locator(".row[data-key]").last.click()
    agent.locator('[data-shortcut="t"]').click()
    agent.locator("#reply").fill("您好，我是專員小安，這就為您處理。")
    agent.locator("#reply").press("Control+Enter")
    expect(customer.locator("teller-chat .m.agent .b")).to_have_text(
        "您好，我是專員小安，這就為您處理。", timeout=5000
    )
    says(customer, question("account-password-reset"))
    expect(agent.locator(".line.customer .text").last).to_have_text(
        question("account-password-reset"), timeout=5000
    )
    customer.wait_for_timeout(1500)
    # A person has the conversation: the bot knows the answer and is silent.
    expect(customer.locator("teller-chat .m.bot .b")).to_have_count(3)


def test_close_questions_become_buttons_in_the_chat(chromium: Browser, house: House) -> None:
    customer = a_customer(chromium, house, viewport=PHONE)
    says(customer, "手續費")
    buttons = customer.locator("teller-chat .log > .chips button")
    expect(buttons.first).to_be_visible(timeout=10_000)
    label = buttons.first.text_content()
    buttons.first.click()
    expect(customer.locator("teller-chat .m.customer .b").last).to_have_text(label or "?")
    expect(customer.locator("teller-chat .m.bot .b")).to_have_count(3, timeout=10_000)


def test_an_administrator_sees_channels_and_no_customers(chromium: Browser, house: House) -> None:
    admin = a_colleague(chromium, house, "admin")
    expect(admin).to_have_url(f"{house.url}/admin/channels")
    for account_id in house.accounts().values():
        expect(admin.locator(f'[data-account="{account_id}"]')).to_be_visible()
    refused = admin.goto(f"{house.url}/inbox")
    assert refused is not None
    assert refused.status == 403
