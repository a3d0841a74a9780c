"""From what customers asked in vain to what they are answered: found, written, rehearsed and approved by two people."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.rooms import a_colleague
from tests.conftest import Person
from tests.house import House
from tests.unit.inbox.visitors import PHONE, a_browser

pytestmark = pytest.mark.browser

QUESTION, MOBILE = "極光行李箱可以寄放分行嗎", "0912345678"
ANSWER = "分行不提供行李寄放。"
ID = "luggage"
WORKS_MS = 30_000
"""A worker builds the knowledge twice for a rehearsal, and other tests share its cores."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


def test_a_gap_becomes_an_article_that_was_rehearsed(
    chromium: Browser, house: House, person: Callable[[str], Person]
) -> None:
    for channel, text in (
        ("line", QUESTION),
        ("telegram", QUESTION),
        ("line", f"{QUESTION} 我的手機 {MOBILE}"),
    ):
        customer = person(channel)
        customer.says(text)
        customer.reads(1)

    author = a_colleague(chromium, house, "supervisor", viewport=PHONE)
    author.goto(f"{house.url}/knowledge/gaps")
    author.locator("form.ask-days button").click()
    # The page follows the worker by itself, and shows the result when it is there.
    group = author.locator("[data-group]", has_text=QUESTION)
    expect(group).to_have_count(1, timeout=WORKS_MS)
    group.get_by_role("link", name="新增文章").click()
    author.locator("[name=id]").fill(ID)
    assert MOBILE not in author.content()
    expect(author.locator(".asked .locked")).to_have_count(1)
    taken = author.locator(".asked .tick:not(.locked)", has_text=QUESTION).locator("[name=take]")
    expect(taken).not_to_be_checked()
    taken.check()
    author.locator("[name=clean]").check()
    author.get_by_role("button", name="儲存草稿並撰寫答覆").click()
    expect(author.locator("[name=questions]")).to_have_value(QUESTION)
    author.locator("[name=zh]").fill(ANSWER)
    author.locator("[name=do][value=submit]").click()
    expect(author.locator(".page-head .pill")).to_have_text("審核中")

    officer = a_colleague(chromium, house, "compliance")
    officer.goto(f"{house.url}/knowledge/article/view/{ID}")
    officer.locator("#rehearsed").get_by_role("button").click()
    expect(officer.locator("#changes")).to_contain_text(QUESTION, timeout=WORKS_MS)
    expect(officer.locator("#changes")).to_contain_text("直接回答")
    officer.get_by_role("link", name=f"{ID} v2").click()
    expect(officer.locator("#rehearsed table")).to_be_visible()
    officer.get_by_role("button", name="核准").click()
    expect(officer.locator(".page-head .pill")).to_have_text("生效中")
