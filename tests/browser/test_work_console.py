"""Conversation work in a real browser, by keyboard alone, before a whole Teller."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from bot.app import create_app
from bot.embedded import Servers
from bot.model import Role, Staff
from tests.unit.core.teller import PASSWORD, Teller, apart
from tests.unit.inbox.visitors import DESKTOP, a_browser

pytestmark = [pytest.mark.browser, pytest.mark.servers]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def teller(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    with apart(servers, tmp_path_factory, "test_work_console") as one:
        yield one


@pytest.fixture(scope="module")
def url(teller: Teller) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(teller.service), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(5)


def console(browser: Browser, url: str, person: Staff, where: str = "/inbox?view=waiting") -> Page:
    context = browser.new_context(viewport=DESKTOP)
    context.add_cookies([{"name": "teller_lang", "value": "en", "url": url}])
    page = context.new_page()
    page.goto(url)
    page.locator("[name=email]").fill(person.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    expect(page.locator("#main")).to_be_visible()
    page.goto(url + where)
    return page


def test_take_note_tag_put_off_hand_on_resolve_and_reopen_by_keyboard(
    chromium: Browser, teller: Teller, url: str
) -> None:
    user, agent, boss = teller.person("walk"), teller.staff(Role.AGENT), teller.staff(Role.SUPERVISOR)
    teller.hears(user, "我要真人")
    page, watching = console(chromium, url, agent), console(chromium, url, boss, "/inbox?view=mentions")
    keys, dialog = page.keyboard, page.locator("#verb")
    keys.press("j")
    expect(page.locator(".talk-title h2")).to_be_visible()
    keys.press("t")
    expect(page.locator("#reply")).to_be_focused()
    keys.press("Escape")

    keys.press("n")
    expect(page.locator("#note-text")).to_be_focused()
    keys.type("please look @super")
    expect(page.locator(".mention-list [aria-selected=true]")).to_contain_text("supervisor")
    keys.press("Enter")
    keys.press("Control+Enter")
    expect(page.locator(".line.note")).to_contain_text("Internal note")
    expect(dialog).to_be_hidden()
    expect(watching.locator("a.row .tag.call")).to_be_visible(timeout=5000)
    expect(watching.locator('[data-count="mentions"]')).to_have_text("1")

    keys.press("l")
    expect(page.locator("#tag-new")).to_be_focused()
    keys.type("0912345678")
    keys.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("personal data")
    page.locator("#tag-new").fill("mortgage, urgent")
    keys.press("Enter")
    expect(page.locator(".verbs .tag")).to_have_text(["mortgage", "urgent"])

    keys.press("s")
    expect(dialog.get_by_role("button", name="In an hour")).to_be_focused()
    keys.press("Enter")
    expect(page.locator("div.news", has_text="Put off until")).to_be_visible()
    keys.press("g")
    keys.press("s")
    expect(page.locator("a.row")).to_have_count(1)
    expect(page).to_have_url(re.compile("view=snoozed"))
    keys.press("j")
    expect(page.locator(".talk-title h2")).to_be_visible()
    teller.hears(user, "還有一件事")
    expect(page.locator("div.news", has_text="the customer wrote")).to_be_visible(timeout=5000)

    keys.press("x")
    expect(page.locator("#transfer-to")).to_be_focused()
    page.locator("#transfer-to").select_option(f"staff:{boss.id}")
    page.locator("#transfer-to").press("Control+Enter")
    # It is no longer the agent's to see.
    expect(page.locator(".talk-title h2")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/inbox\?view="))

    watching.keyboard.press("g")
    watching.keyboard.press("m")
    expect(watching.locator("a.row .tag.back")).to_have_text("Handed to you")
    watching.keyboard.press("j")
    expect(watching.locator(".line.deed").last).to_contain_text("handed it to")
    watching.keyboard.press("e")
    expect(watching.locator(".talk-title .status")).to_have_text("Resolved")
    watching.keyboard.press("o")
    expect(watching.locator(".talk-title .status")).to_have_text("Assigned")
    told = watching.locator(".line.deed .event")
    expect(told.last).to_contain_text("reopened it")
    assert teller.conversation(user)["assignee"] == boss.id


def test_without_scripts_the_same_forms_are_pages(chromium: Browser, teller: Teller, url: str) -> None:
    user, agent = teller.person("plain"), teller.staff(Role.AGENT)
    teller.hears(user, "我要真人")
    conversation = teller.conversation(user)["_id"]
    teller.service.console.desk.take(agent, conversation)
    context = chromium.new_context(viewport=DESKTOP, java_script_enabled=False)
    context.add_cookies([{"name": "teller_lang", "value": "en", "url": url}])
    page = context.new_page()
    page.goto(url)
    page.locator("[name=email]").fill(agent.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.goto(f"{url}/inbox/{conversation}?view=mine")
    page.get_by_role("link", name="Note").click()
    page.locator("#note-text").fill("a plain note")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator(".line.note .text")).to_have_text("a plain note")
