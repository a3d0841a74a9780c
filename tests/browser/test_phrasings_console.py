"""More ways to ask: an editor opens a page, a colleague without an account writes three, two go into a draft."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.rooms import a_colleague
from tests.house import House
from tests.unit.inbox.visitors import PHONE, a_browser

pytestmark = pytest.mark.browser
ARTICLE = "deposit-early-break"
WAYS = ("定存沒到期可以領出來嗎", "中途把定存拿出來會被扣多少", "想提前把定存領掉")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


def test_from_a_shared_page_to_a_draft(chromium: Browser, house: House) -> None:
    editor = a_colleague(chromium, house, "senior")
    editor.goto(f"{house.url}/knowledge/phrasings")
    article = editor.locator(".rows a").first.get_attribute("href")
    editor.goto(f"{house.url}{article}")
    tally = editor.locator(".meter b").text_content() or ""
    editor.locator("#description").fill("存款人在到期前需要用錢。")
    editor.get_by_role("button", name="開放填寫頁面").click()
    address = editor.locator(".shared [data-copy]").get_attribute("data-copy") or ""

    colleague = chromium.new_context(viewport=PHONE, locale="zh-TW").new_page()
    # The house of a test listens elsewhere than it tells the public.
    colleague.goto(house.url + address[address.index("/phrasings/") :])
    expect(colleague.locator(".about")).to_contain_text("存款人在到期前需要用錢。")
    assert colleague.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    fields = colleague.locator("[name=line]")
    for n, way in enumerate((*WAYS, "我的手機 0912345678 定存")):
        fields.nth(n).fill(way)
    colleague.get_by_role("button", name="送出").click()
    expect(colleague.locator(".flash")).to_contain_text("新增 3 則")
    expect(colleague.locator(".fault")).to_contain_text("個人資料")
    expect(fields.first).to_have_value("我的手機 0912345678 定存")

    editor.reload()
    picks = editor.locator("#suggested .picks li")
    expect(picks).to_have_count(3)
    for way in WAYS[:2]:
        picks.filter(has_text=way).locator("input[type=checkbox]").check()
    editor.get_by_role("button", name="採用所選").first.click()
    expect(editor.locator(".page-head .pill")).to_have_text("草稿")
    for way in WAYS[:2]:
        expect(editor.locator(".changes ins").filter(has_text=way)).to_be_visible()
    expect(editor.locator(".changes")).not_to_contain_text(WAYS[2])

    editor.goto(f"{house.url}{article}")
    expect(editor.locator(".meter b")).not_to_have_text(tally)
    expect(picks).to_have_count(1)
    editor.get_by_role("button", name="關閉").click()
    colleague.reload()
    colleague.goto(house.url + address[address.index("/phrasings/") :])
    expect(colleague.locator("h1")).to_have_text("這個頁面已結束")
