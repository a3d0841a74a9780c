"""From a colleague's words to a customer's answer: written, sent back, mended, approved by somebody else, said."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.rooms import a_colleague, a_customer, says
from tests.house import House
from tests.unit.inbox.visitors import PHONE, a_browser

pytestmark = pytest.mark.browser

QUESTION = "彩虹會員日是幾號"
FIRST, MENDED = "每月八日。", "彩虹會員日是每月八日，當天在門市出示會員證。"
HASTY = "彩虹會員日是每月十八日。"
ID = "rainbow-day"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


def test_two_people_bring_an_article_to_customers(chromium: Browser, house: House) -> None:
    author = a_colleague(chromium, house, "senior")
    author.goto(f"{house.url}/knowledge/article/new")
    author.locator("[name=id]").fill(ID)
    author.locator("[name=questions]").fill(QUESTION)
    author.locator("[name=zh]").fill(FIRST)
    # The script's preview follows the typing: one bubble a platform.
    expect(author.locator("#look .bubble")).to_have_count(4, timeout=3000)
    author.locator("[name=do][value=submit]").click()
    expect(author.locator(".page-head .pill")).to_have_text("審核中")

    officer = a_colleague(chromium, house, "compliance", viewport=PHONE)
    officer.goto(f"{house.url}/knowledge/review")
    officer.locator(".card", has_text=ID).locator(".button").click()
    officer.locator("[name=comment]").fill("請寫明要出示什麼。")
    officer.get_by_role("button", name="要求修改").click()
    expect(officer.locator(".page-head .pill")).to_have_text("草稿")

    author.reload()
    expect(author.locator(".comment")).to_contain_text("請寫明要出示什麼。")
    author.get_by_role("link", name="編輯").click()
    author.locator("[name=zh]").fill(HASTY)
    author.locator("[name=do][value=submit]").click()
    officer.on("dialog", lambda dialog: dialog.accept())
    officer.goto(f"{house.url}/knowledge/article/view/{ID}")
    officer.locator("[name=comment]").fill("日期不對。")
    officer.get_by_role("button", name="退件").click()
    expect(officer.locator(".page-head .pill")).to_have_text("已退件")

    author.goto(f"{house.url}/knowledge/article/edit/{ID}")
    author.locator("[name=zh]").fill(MENDED)
    author.locator("[name=do][value=submit]").click()
    # Who wrote it is offered no decision.
    expect(author.get_by_role("button", name="核准")).to_have_count(0)

    officer.goto(f"{house.url}/knowledge/article/view/{ID}")
    expect(officer.locator(".changes ins").last).to_contain_text("當天在門市")
    customer = a_customer(chromium, house)
    expect(customer.locator("teller-chat textarea")).to_be_visible()
    officer.get_by_role("button", name="核准").click()
    approved = time.monotonic()
    expect(officer.locator(".page-head .pill")).to_have_text("生效中")
    # Asked once only, as another answer would stay on the page: late, and still within the five seconds.
    customer.wait_for_timeout(3000)
    says(customer, QUESTION)
    expect(customer.locator("teller-chat .m.bot .b", has_text=MENDED)).to_be_visible(timeout=3000)
    assert time.monotonic() - approved < 5

    officer.get_by_role("link", name="召回").click()
    officer.locator("[name=reason]").fill("日期寫錯。")
    officer.get_by_role("button", name="召回").click()
    # The one customer who was sent it waits for a correction by a person.
    expect(officer.locator("h1")).to_contain_text(ID)
    for _ in range(20):
        if officer.locator("[data-correction]").count():
            break
        officer.wait_for_timeout(500)
        officer.reload()
    expect(officer.locator("[data-correction]")).to_have_count(1)
    officer.goto(f"{house.url}/knowledge/article/view/{ID}")
    expect(officer.locator(".page-head .pill")).to_have_text("已停用")
