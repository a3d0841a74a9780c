"""The newcomer's page in a real browser: type as a customer, press what the bot offers, see what it sent."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.sandbox.client import Sandbox
from tests.unit.sandbox.conftest import LINE_SECRET, LINE_TOKEN, TELEGRAM_TOKEN, Bot

pytestmark = pytest.mark.browser


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        # A system browser where there is one; otherwise the one playwright brought along.
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(locale="zh-TW")
        yield page
        browser.close()


def answer_next(sandbox: Sandbox, bot: Bot, path: str, body: dict[str, Any], headers: dict[str, str]) -> None:
    """Once the webhook was called, call the platform as a bot would."""

    def work() -> None:
        if bot.arrived.wait(10):
            httpx.post(sandbox.url + path, json=body, headers=headers, trust_env=False)

    bot.arrived.clear()
    threading.Thread(target=work, daemon=True).start()


def test_empty_state_says_what_to_do_and_goes_away(page: Page, running: Sandbox, bot: Bot) -> None:
    running.reset(accounts=True)
    page.goto(running.url)
    expect(page.locator(".line .empty h3")).to_have_text("尚未登錄帳號")
    expect(page.locator(".line form input")).to_be_disabled()
    page.click("#language")
    expect(page.locator(".line .empty h3")).to_have_text("No account yet")
    running.add_line(LINE_TOKEN, LINE_SECRET, bot.url)
    expect(page.locator(".line form input")).to_be_enabled(timeout=10_000)


def test_line_conversation_with_a_choice(page: Page, sandbox: Sandbox, bot: Bot) -> None:
    page.goto(sandbox.url)
    choice = {"type": "postback", "label": "轉帳", "data": "c:1", "displayText": "我要問轉帳"}
    message = {
        "type": "text",
        "text": "哪一項?",
        "quickReply": {"items": [{"type": "action", "action": choice}]},
    }
    to = sandbox.user("line", "mei")["user"]
    headers = {"Authorization": f"Bearer {LINE_TOKEN}"}
    push = {"to": to, "messages": [message]}
    answer_next(sandbox, bot, "/line/v2/bot/message/push", push, headers)
    page.fill(".line form input", "手續費?")
    page.press(".line form input", "Enter")
    expect(page.locator(".line .bubble.mine")).to_have_text("手續費?")
    expect(page.locator(".line .bubble:not(.mine)")).to_have_text("哪一項?")
    page.click(".line .keys button")
    expect(page.locator(".line .bubble.mine").last).to_have_text("我要問轉帳")
    expect(page.locator(".line .keys")).to_have_count(0)
    [_, pressed] = sandbox.received("line", kind="event")
    assert pressed["event"]["postback"] == {"data": "c:1"}


def test_telegram_buttons_and_an_unreachable_webhook(page: Page, sandbox: Sandbox, bot: Bot) -> None:
    sandbox.add_telegram(TELEGRAM_TOKEN, webhook_url=bot.url)
    page.goto(sandbox.url)
    keyboard = {"inline_keyboard": [[{"text": "轉帳", "callback_data": "c:1"}]]}
    chat = sandbox.user("telegram", "mei")["user"]
    body = {"chat_id": chat, "text": "哪一項?", "reply_markup": keyboard}
    answer_next(sandbox, bot, f"/telegram/bot{TELEGRAM_TOKEN}/sendMessage", body, {})
    page.fill(".telegram form input", "手續費?")
    page.click(".telegram form button")
    expect(page.locator(".telegram .stamp.mine")).to_contain_text("已收下")
    bot.status = 503
    page.click(".telegram .keys button")
    expect(page.locator(".telegram .stamp.bad")).to_have_text("Webhook 回應 503")
    pressed = sandbox.received("telegram", kind="event")[-1]["event"]["callback_query"]
    assert pressed["data"] == "c:1"
    assert pressed["message"]["message_id"] > 100_000


def test_fits_a_phone(page: Page, sandbox: Sandbox) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(sandbox.url)
    expect(page.locator(".line .starters button")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
