"""The inbox in a real browser: live without reload, nothing typed is lost, and usable by keyboard and on a phone."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from bot.model import Status
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


def listening(house: House, topics: int = 1) -> None:
    """Waits until the page's stream is up, so that a change is seen live and not by the first look."""
    until = time.monotonic() + 5
    while house.service.live.listening < topics and time.monotonic() < until:
        time.sleep(0.02)
    assert house.service.live.listening >= topics


def test_a_new_request_appears_within_a_second_and_the_title_counts(house: House) -> None:
    page = house.visit("supervisor")
    expect(page).to_have_title("(4) 收件匣 · Teller")
    listening(house)
    page.wait_for_timeout(600)
    began = time.monotonic()
    house.service.desk.hand_off("c6", "human_request")
    expect(page.locator('.row[data-key="c6"]')).to_be_visible(timeout=1000)
    assert time.monotonic() - began < 1
    expect(page).to_have_title("(5) 收件匣 · Teller")
    expect(page.locator('.views [data-count="waiting"]')).to_have_text("5")
    expect(page.locator("#announce")).to_contain_text("張○豪")


def test_a_message_arrives_without_touching_focus_draft_or_list(house: House) -> None:
    page = house.visit("agent")
    page.goto(f"{house.url}/inbox/c1?view=mine")
    field = page.locator("#reply")
    field.fill("正在輸入的草稿")
    listening(house)
    house.service.desk.customer_writes("c1", "我再補充一點")
    expect(page.locator(".line.customer .text").last).to_have_text("我再補充一點", timeout=1000)
    expect(field).to_be_focused()
    expect(field).to_have_value("正在輸入的草稿")
    expect(page.locator('[role="log"]')).to_have_attribute("aria-live", "polite")


def test_reading_upwards_is_not_disturbed(house: House) -> None:
    page = house.visit("agent")
    page.goto(f"{house.url}/inbox/c1?view=mine")
    box = page.locator("[data-scroll]")
    listening(house)
    box.evaluate("node => { node.scrollTop = 0; }")
    house.service.desk.customer_writes("c1", "新的一句")
    button = page.locator("[data-fresh]")
    expect(button).to_be_visible()
    assert box.evaluate("node => node.scrollTop") == 0
    button.click()
    expect(button).to_be_hidden()
    assert box.evaluate("node => node.scrollHeight - node.scrollTop - node.clientHeight") < 2


def test_take_reply_with_the_keyboard_and_resolve(house: House) -> None:
    page = house.visit("agent")
    page.keyboard.press("j")
    expect(page.locator(".talk-title h2")).to_have_text("陳○君")
    page.keyboard.press("t")
    field = page.locator("#reply")
    expect(field).to_be_focused()
    page.keyboard.type("請先不要操作 App，我馬上處理。")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".line.staff .text").last).to_have_text("請先不要操作 App，我馬上處理。")
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.locator(".talk-title .status")).to_have_text("已結案")
    assert house.service.desk.pages["c2"].conversation.status is Status.RESOLVED


def test_pressing_send_often_sends_once(house: House) -> None:
    page = house.visit("agent")
    page.goto(f"{house.url}/inbox/c1?view=mine")
    before = len(house.service.desk.pages["c1"].messages)
    page.locator("#reply").fill("只送一次")
    page.locator("[data-reply]").evaluate("form => { for (let i = 0; i < 5; i++) form.requestSubmit(); }")
    expect(page.locator(".line.staff .text").last).to_have_text("只送一次")
    page.wait_for_timeout(300)
    assert len(house.service.desk.pages["c1"].messages) == before + 1


def test_a_lost_answer_is_sent_again_as_the_same_message(house: House) -> None:
    page = house.visit("agent")
    page.goto(f"{house.url}/inbox/c1?view=mine")
    before = len(house.service.desk.pages["c1"].messages)
    lost: list[bool] = []

    def lose(route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(True)
        route.fetch()
        route.abort()

    page.route("**/reply?*", lose)
    page.locator("#reply").fill("網路斷了一下")
    page.locator("#reply").press("Control+Enter")
    expect(page.locator(".composer-error")).to_be_visible()
    # It tries again by itself, under the same id.
    expect(page.locator("#reply")).to_have_value("", timeout=8000)
    assert len(lost) == 1
    assert len(house.service.desk.pages["c1"].messages) == before + 1


def test_what_is_typed_survives_a_reload_and_lies_in_no_storage(house: House) -> None:
    page = house.visit("agent")
    page.goto(f"{house.url}/inbox/c1?view=mine")
    page.locator("#reply").fill("寫到一半的回覆")
    page.reload()
    expect(page.locator("#reply")).to_have_value("寫到一半的回覆")
    stores = page.evaluate("() => JSON.stringify([{...sessionStorage}, {...localStorage}])")
    assert "寫到一半" not in stores


def test_a_reply_sent_without_a_connection_goes_out_when_there_is_one(house: House) -> None:
    page = house.visit("agent")
    page.goto(f"{house.url}/inbox/c1?view=mine")
    before = len(house.service.desk.pages["c1"].messages)
    page.locator("#reply").fill("離線時送出")
    page.context.set_offline(True)
    page.locator("#reply").press("Control+Enter")
    expect(page.locator("[data-reply] .composer-error")).to_be_visible()
    expect(page.locator("#reply")).to_have_value("離線時送出")
    assert len(house.service.desk.pages["c1"].messages) == before
    page.context.set_offline(False)
    expect(page.locator("#reply")).to_have_value("", timeout=8000)
    expect(page.locator(".line.staff .text").last).to_have_text("離線時送出")
    assert len(house.service.desk.pages["c1"].messages) == before + 1


def test_drafts_stay_with_their_conversation_and_go_at_sign_out(house: House) -> None:
    page = house.visit("agent")
    house.service.desk.take(house.service.staff.people["s-agent"], "c2")
    page.goto(f"{house.url}/inbox/c1?view=mine")
    page.locator("#reply").fill("給王先生的草稿")
    page.locator('.row[data-key="c2"]').click()
    expect(page.locator(".talk-title h2")).to_have_text("陳○君")
    expect(page.locator("#reply")).to_have_value("")
    page.go_back()
    expect(page.locator(".talk-title h2")).to_have_text("王○明")
    expect(page.locator("#reply")).to_have_value("給王先生的草稿")
    page.locator(".account summary").click()
    page.get_by_role("button", name="登出").click()
    expect(page.locator("[name=email]")).to_be_visible()
    assert page.evaluate("() => sessionStorage.length") == 0


def test_two_agents_take_at_once_one_is_told(house: House) -> None:
    first, second = house.visit("agent"), house.visit("senior")
    for page in (first, second):
        page.goto(f"{house.url}/inbox/c4?view=waiting")
    second.route("**/inbox/events*", lambda route: route.abort())
    second.reload()
    first.locator('[data-shortcut="t"]').click()
    expect(first.locator("#reply")).to_be_visible()
    second.locator('[data-shortcut="t"]').click()
    expect(second.locator("#offline")).to_be_visible()
    assert house.service.desk.pages["c4"].conversation.assignee == "s-agent"


def test_what_a_colleague_does_shows_at_once(house: House) -> None:
    page = house.visit("supervisor")
    page.goto(f"{house.url}/inbox/c2?view=waiting")
    expect(page.locator('[data-shortcut="t"]')).to_be_visible()
    listening(house)
    house.service.desk.take(house.service.staff.people["s-agent"], "c2")
    expect(page.locator(".talk-title")).to_contain_text("林怡君", timeout=1000)
    expect(page.locator('.row[data-key="c2"]')).to_be_hidden()


def test_a_conversation_that_is_gone_is_left_with_a_word(house: House) -> None:
    page = house.visit("agent")
    page.goto(f"{house.url}/inbox/c2?view=waiting")
    listening(house)
    house.service.desk.take(house.service.staff.people["s-senior"], "c2")
    expect(page.locator("#offline")).to_contain_text("您已無法檢視這則對話")
    expect(page).to_have_url(re.compile(r"/inbox\?view=waiting$"))
    expect(page.locator('.row[data-key="c5"]')).to_be_visible()


def test_offline_is_said_and_passes(house: House) -> None:
    page = house.visit("agent")
    listening(house)
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible(timeout=5000)
    house.service.desk.hand_off("c8", "three_misses", 0)
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden(timeout=8000)
    expect(page.locator('.row[data-key="c8"]')).to_be_visible()


def test_one_stream_a_page(house: House) -> None:
    page = house.visit("agent")
    for key in ("c2", "c5", "c4"):
        page.locator(f'.row[data-key="{key}"]').click()
        expect(page.locator(f'.row[data-key="{key}"]')).to_have_attribute("aria-current", "true")
    house.service.desk.customer_writes("c4", "還在嗎")
    expect(page.locator(".line.customer .text").last).to_have_text("還在嗎")
    # A stream the page left is noticed at the next write to it.
    house.service.desk.customer_writes("c4", "喂")
    until = time.monotonic() + 5
    while house.service.live.listening > 1 and time.monotonic() < until:
        house.service.live.publish("inbox", {"conversation": "c4"})
        time.sleep(0.1)
    assert house.service.live.listening == 1


def test_waiting_time_ticks(house: House) -> None:
    page = house.visit("agent")
    clock = page.locator('.row[data-key="c4"] .waited')
    expect(clock).to_have_text(re.compile(r"^2:\d\d$"))
    shown = clock.text_content()
    expect(clock).not_to_have_text(shown or "", timeout=2500)
    expect(page.locator('.row[data-key="c2"] .waited')).to_have_class(re.compile("late"))


def test_phone_goes_from_list_to_conversation_and_back(house: House) -> None:
    page = house.visit("agent", viewport=PHONE, has_touch=True, is_mobile=True)
    expect(page.locator(".talk")).to_be_hidden()
    page.locator('.row[data-key="c2"]').tap()
    expect(page.locator(".talk-title h2")).to_have_text("陳○君")
    expect(page.locator(".list")).to_be_hidden()
    box = page.locator(".composer").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= PHONE["height"] + 1
    page.locator(".facts-toggle").tap()
    expect(page.locator("#facts h2")).to_be_visible()
    page.locator(".facts-close").tap()
    page.locator(".back").tap()
    expect(page.locator(".list")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_without_scripts_everything_still_works(house: House) -> None:
    page = house.visit("agent", java_script_enabled=False)
    page.locator('.row[data-key="c2"]').click()
    page.get_by_role("button", name="接手").click()
    page.locator("#reply").fill("沒有腳本也能回覆")
    page.get_by_role("button", name="送出").click()
    expect(page.locator(".line.staff .text").last).to_have_text("沒有腳本也能回覆")


def test_an_ended_session_leads_to_sign_in(house: House) -> None:
    page = house.visit("agent")
    listening(house)
    page.context.clear_cookies(name="teller")
    house.service.desk.customer_writes("c2", "?")
    expect(page.locator("[name=email]")).to_be_visible(timeout=4000)
    assert "next=" in page.url


def test_a_reply_that_advises_is_asked_about_and_sent_once_with_its_reason(house: House) -> None:
    page = house.visit("agent", lang="en", viewport=PHONE)
    page.goto(f"{house.url}/inbox/c1?view=mine")
    page.locator("#reply").fill("以您的情況，這檔很適合您")
    page.locator("[data-reply] .button").click()
    warning = page.locator("[data-advice]")
    expect(warning).to_contain_text("This reads as personal advice")
    expect(page.locator("#reason")).to_be_focused()
    expect(page.locator("#reply")).to_have_value("以您的情況，這檔很適合您")
    page.locator("#reason").press_sequentially("已完成適合")
    page.reload()
    expect(warning).to_be_visible()
    expect(page.locator("#reason")).to_have_value("已完成適合")
    page.locator("#reason").press("End")
    page.locator("#reason").press_sequentially("度評估")
    # Held, so that all three come while the first is under way.
    held: list[Route] = []
    page.route("**/reply?*", lambda route: held.append(route))
    for _ in range(3):
        page.locator("#reason").press("Enter")
    assert len(held) == 1
    held[0].continue_()
    page.unroute("**/reply?*")
    expect(page.locator(".line.staff .text").last).to_have_text("以您的情況，這檔很適合您")
    expect(page.locator("#reply")).to_have_value("")
    expect(warning).to_be_hidden()
    sent = [m for m in house.service.desk.pages["c1"].messages if m.text == "以您的情況，這檔很適合您"]
    assert len(sent) == 1
    assert set(house.service.desk.overrides) == {("s-agent", "c1", "已完成適合度評估")}
    page.locator("#reply").fill("謝謝您")
    page.locator("[data-reply] .button").click()
    expect(page.locator(".line.staff .text").last).to_have_text("謝謝您")


def test_without_scripts_a_reply_that_advises_stays_in_its_field(house: House) -> None:
    page = house.visit("agent", java_script_enabled=False)
    page.goto(f"{house.url}/inbox/c1?view=mine")
    page.locator("#reply").fill("這檔很適合您")
    page.locator("[data-reply] .button").click()
    expect(page.locator("#reply")).to_have_value("這檔很適合您")
    page.locator("#reason").fill("客戶已簽署")
    page.locator("[data-reply] .button").click()
    expect(page.locator(".line.staff .text").last).to_have_text("這檔很適合您")
    assert house.service.desk.overrides == [("s-agent", "c1", "客戶已簽署")]
