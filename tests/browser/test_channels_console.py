"""Channel accounts in a real browser, as an administrator adds and checks them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from bot.errors import SendError
from bot.model import ChannelType
from tests.unit.inbox.visitors import PHONE, House, a_browser, a_house

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


@pytest.fixture
def house(chromium: Browser) -> Iterator[House]:
    with a_house(chromium) as house:
        yield house


def test_add_a_line_account_and_see_what_to_do_next(house: House) -> None:
    page = house.visit("admin")
    page.get_by_role("link", name="新增帳號").click()
    page.locator(".platform", has_text="LINE").click()
    page.get_by_label("名稱").fill("第二個官方帳號")
    page.get_by_label("Channel secret").fill("secret-typed-in")
    page.get_by_label("Channel access token").fill("token-typed-in")
    assert page.get_by_label("Channel secret").get_attribute("type") == "password"
    page.get_by_role("button", name="新增帳號").click()
    expect(page.locator(".flash-success")).to_be_visible()
    expect(page.locator(".copyable code")).to_contain_text("/webhooks/line/")
    expect(page.locator(".steps li")).to_have_count(3)
    assert "typed-in" not in page.content()


def test_copy_the_webhook_address(house: House) -> None:
    page = house.visit("admin")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.locator("[data-copy]").first
    button.click()
    expect(button).to_have_text("已複製")
    assert page.evaluate("() => navigator.clipboard.readText()").endswith("/webhooks/line/line-1")


def test_a_refusal_is_one_sentence(house: House) -> None:
    house.service.channels[ChannelType.TELEGRAM].fault = SendError(  # type: ignore[attr-defined]
        "bad_token", "Telegram refuses the bot's token.", retryable=False
    )
    page = house.visit("admin")
    page.get_by_role("link", name="好家理財 Bot 的設定").click()
    page.get_by_role("button", name="檢查憑證").click()
    expect(page.locator(".flash-error")).to_have_text("好家理財 Bot: Telegram 拒絕此機器人權杖。")


def test_switching_off_asks_first(house: House) -> None:
    page = house.visit("admin")
    page.goto(f"{house.url}/admin/channels/line-1")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="停用").click()
    assert house.service.accounts.get("line-1").enabled  # type: ignore[union-attr]
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="停用").click()
    expect(page.get_by_role("button", name="啟用")).to_be_visible()
    assert not house.service.accounts.get("line-1").enabled  # type: ignore[union-attr]


@pytest.mark.parametrize("path", ["/admin/channels", "/admin/channels/add", "/admin/channels/add/messenger"])
@pytest.mark.parametrize("lang", ["zh-TW", "en"])
def test_nothing_runs_off_a_phone(house: House, path: str, lang: str) -> None:
    page = house.visit("admin", lang, viewport=PHONE)
    page.goto(house.url + path)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.locator(".account summary").click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.url == house.url + path


def test_wrong_password_keeps_the_address_and_says_no_more(house: House) -> None:
    page = house.visit()
    page.locator("[name=email]").fill("admin@example.com")
    page.locator("[name=password]").fill("wrong")
    page.locator("[name=password]").press("Enter")
    expect(page.locator(".flash-error")).to_be_visible()
    expect(page.locator("[name=email]")).to_have_value("admin@example.com")
    expect(page.locator("[name=password]")).to_be_focused()
