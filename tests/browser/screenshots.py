"""`make screenshots`: plays a morning on the real Teller and photographs it for README and docs/console."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from bot.compose import Service, build
from bot.model import ContentKind
from bot.settings import Settings
from kb import review
from tests.browser.rooms import a_colleague, a_customer, says
from tests.house import ROOT, House, running, until
from tests.knowledge import question
from tests.unit.inbox.visitors import DESKTOP, PHONE, a_browser

FOLDER = ROOT / "docs" / "console"
SIZES = {"desktop": DESKTOP, "phone": PHONE}
LANGUAGES = {"zh": "zh-TW", "en": "en"}
REVISED, RECALLED = "card-annual-fee-waive", "card-foreign-fee"
PEOPLE = (
    ("line", "U" + "a1" * 16, "陳怡君", ["信用卡年費", "我要投訴，上次客服態度很差，錢也沒有退給我"]),
    ("line", "U" + "b2" * 16, "林志明", [question(RECALLED), "我的卡不見了，剛剛還有人刷卡"]),
    ("messenger", "65432198700777", "王小美", ["忘記密碼怎麼辦", "我想找真人客服，我的手機是 0912-345-678"]),
    ("telegram", "880042", "Kevin Wu", ["how do I reset my password", "Can I talk to a person please?"]),
    ("line", "U" + "c3" * 16, "黃淑芬", ["請推薦適合我的基金，我 60 歲想穩穩領息"]),
)
MORE = {
    "zh-TW": "刷卡滿三十六次者次年同享減免。",
    "en": " Thirty-six purchases waive the next year's fee too.",
}
# What compliance sees of the knowledge: the name of the picture and where it is taken.
KNOWLEDGE = {
    "knowledge-list": "",
    "knowledge-article": f"/article/view/{RECALLED}",
    "knowledge-review": f"/article/view/{REVISED}",
    "knowledge-recalls": f"/recalls/{RECALLED}",
    "knowledge-automation": "/automation",
}
# And the other pages of the console, by who opens them.
PAGES = {
    "supervisor": {
        "monitor": "/monitor",
        "dashboard": "/dashboard",
        "hours": "/admin/hours",
        "assignment": "/admin/assignment",
        "replies": "/knowledge/replies",
        "switch": "/ai",
        "notifications": "/notifications",
        "knowledge-rules": "/knowledge/rules",
        "knowledge-gaps": "/knowledge/gaps",
        "knowledge-phrasings": "/knowledge/phrasings",
        "knowledge-rehearsal": "/knowledge/rehearsal",
    },
    "compliance": {
        "records": "/records",
        "records-access": "/records/access",
        "records-exports": "/records/exports",
        "records-retention": "/records/retention",
        "cases": "/cases",
        "audit": "/audit",
        "ai-inventory": "/ai/inventory",
    },
    "admin": {"staff": "/admin/staff", "account": "/account"},
}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "home") as house,
        a_browser() as browser,
    ):
        _a_morning(house)
        for short, lang in LANGUAGES.items():
            for size, viewport in SIZES.items():
                _customers_side(browser, house, short, lang, size, viewport)
                _peoples_side(browser, house, short, lang, size, viewport)
                _knowledge(browser, house, short, lang, size, viewport)
                for role, pages in PAGES.items():
                    _others(browser, house, role, pages, f"{short}-{size}", lang=lang, viewport=viewport)
        page = browser.new_context(viewport=DESKTOP).new_page()
        page.goto(house.sandbox.url)
        page.wait_for_timeout(1500)
        _shoot(page, "standins-zh-desktop")


def _a_morning(house: House) -> None:
    sandbox = house.sandbox
    for channel, user, name, lines in PEOPLE:
        sandbox.user(channel, user, display_name=name)
        for line in lines:
            assert sandbox.send_event(channel, user=user, text=line, name=name)["status"] == 200
    service = build(Settings.from_env(house.env))
    agent = service.staff.by_email("senior@example.com")
    assert agent is not None
    desk = service.console.desk
    until(lambda: len(desk.rows(agent, "waiting")) >= len(PEOPLE), 20, "five people wait")
    until(lambda: all(row.customer_name for row in desk.rows(agent, "waiting")), 20, "their names are known")
    _a_week_of_knowledge(service)
    service.figures.rebuild(None, None, lambda _day: None)
    service.close()


def _a_week_of_knowledge(service: Service) -> None:
    """One article revised and waiting for compliance, another one taken back."""
    kb, audit = service.kb, service.console.kb_audit
    officer = service.staff.by_email("compliance@example.com")
    author = service.staff.by_email("senior@example.com")
    assert officer is not None
    assert author is not None
    before = kb.versions(ContentKind.ARTICLE, REVISED)[0]
    answer = {name: text + MORE[name] for name, text in before.answer.items()}
    draft = review.Draft(REVISED, answer, before.questions, before.product_class, before.tags)
    review.create(kb, [draft], author.id, audit)
    review.submit(kb, REVISED, author.id, audit)
    service.recalls.start(RECALLED, None, officer.id, "費率說明與公告不符")
    until(lambda: service.recalls.recall(RECALLED).total > 0, 20, "who was told is listed")


def _customers_side(
    browser: Browser, house: House, short: str, lang: str, size: str, viewport: dict[str, int]
) -> None:
    page = a_customer(browser, house, lang, viewport=viewport)
    says(page, question("card-annual-fee") if lang == "zh-TW" else "how do I reset my password")
    expect(page.locator("teller-chat .m.bot .b")).to_have_count(2, timeout=10_000)
    says(page, "手續費" if lang == "zh-TW" else "fee")
    expect(page.locator("teller-chat .m.bot .b")).to_have_count(3, timeout=10_000)
    page.wait_for_timeout(400)
    _shoot(page, f"widget-{short}-{size}")
    page.context.close()


def _peoples_side(
    browser: Browser, house: House, short: str, lang: str, size: str, viewport: dict[str, int]
) -> None:
    entry = browser.new_context(viewport=viewport)
    entry.add_cookies([{"name": "teller_lang", "value": lang, "url": house.url}])
    page = entry.new_page()
    page.goto(house.url)
    _shoot(page, f"sign-in-{short}-{size}")
    entry.close()
    page = a_colleague(browser, house, "senior", lang, viewport=viewport)
    page.goto(f"{house.url}/inbox?view=waiting")
    if size == "phone":
        _shoot(page, f"inbox-{short}-{size}")
    page.locator(".row[data-key]").nth(1).click()
    expect(page.locator(".line").first).to_be_visible()
    page.wait_for_timeout(600)
    _shoot(page, f"{'conversation' if size == 'phone' else 'inbox'}-{short}-{size}")
    page.context.close()
    page = a_colleague(browser, house, "admin", lang, viewport=viewport)
    _shoot(page, f"channels-{short}-{size}")
    page.context.close()


def _knowledge(
    browser: Browser, house: House, short: str, lang: str, size: str, viewport: dict[str, int]
) -> None:
    page = a_colleague(browser, house, "compliance", lang, viewport=viewport)
    for name, path in KNOWLEDGE.items():
        page.goto(f"{house.url}/knowledge{path}")
        expect(page.locator("h1")).to_be_visible()
        if name == "knowledge-review":
            page.locator(".changes").first.evaluate("shown => shown.scrollIntoView({block: 'center'})")
        _shoot(page, f"{name}-{short}-{size}")
    page.context.close()


def _others(
    browser: Browser,
    house: House,
    role: str,
    pages: dict[str, str],
    suffix: str,
    *,
    lang: str,
    viewport: dict[str, int],
) -> None:
    page = a_colleague(browser, house, role, lang, viewport=viewport)
    for name, path in pages.items():
        page.goto(house.url + path)
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_timeout(300)
        _shoot(page, f"{name}-{suffix}")
    if role == "supervisor":
        page.goto(f"{house.url}/inbox?view=waiting")
        page.goto(house.url + str(page.locator(".row[data-key]").first.get_attribute("href")))
        page.goto(
            house.url + str(page.locator('#facts a[href*="/inbox/customers/"]').first.get_attribute("href"))
        )
        _shoot(page, f"customer-{suffix}")
    page.context.close()


def _shoot(page: Page, name: str) -> None:
    page.screenshot(path=FOLDER / f"{name}.png")
    print(FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
