"""A draft of the model in a real browser: waited for, marked, put into the composer by a press, sent by the agent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, expect

from bot.ai.adviser import Advice, Draft
from bot.ai.model import Call
from bot.model import Staff
from tests.unit.inbox.visitors import House, a_browser, a_house

pytestmark = pytest.mark.browser
TEXT = "您好，已收到您的問題。\n<b>請稍候</b>"
BOX = "[data-assist-box]"


@dataclass
class FakeAssistant:
    outcome: str = "ok"
    wait: float = 0.0
    there: bool = True
    asked: list[str] = field(default_factory=list)

    def draft(self, staff: Staff, conversation_id: str) -> Advice[Draft]:
        self.asked.append(conversation_id)
        time.sleep(self.wait)
        call = Call("draft", self.outcome, 1, "a model", "draft-1")
        return Advice(Draft(TEXT, "a model", "draft-1") if self.outcome == "ok" else None, call)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


@pytest.fixture
def assistant() -> FakeAssistant:
    return FakeAssistant()


@pytest.fixture
def house(chromium: Browser, assistant: FakeAssistant) -> Iterator[House]:
    with a_house(chromium) as house:
        house.service.assistant = assistant  # type: ignore[attr-defined]
        yield house


def test_a_draft_is_put_into_the_composer_and_sent_by_the_agent(
    house: House, assistant: FakeAssistant
) -> None:
    page = house.visit("agent")
    page.goto(f"{house.url}/inbox/c1?view=mine")
    lines = page.locator(".line.staff").count()
    page.locator("#reply").fill("王先生，")
    assistant.wait = 0.6
    ask = page.get_by_role("button", name="請模型擬草稿")
    ask.click()
    expect(page.locator("[data-under-way]")).to_be_visible()
    expect(page.locator("[data-assist-ask] button")).to_be_disabled()
    expect(page.locator(BOX)).to_be_visible()
    expect(page.locator(".assist-mark")).to_have_text("草稿（模型產生，未經核准）")
    # Markup in a draft is text.
    expect(page.locator("[data-assist-text]")).to_have_text(TEXT)
    expect(page.locator("#reply")).to_have_value("王先生，")
    page.get_by_role("button", name="放入回覆欄").click()
    expect(page.locator("#reply")).to_have_value(f"王先生，\n{TEXT}")
    expect(page.locator("#reply")).to_be_focused()
    expect(page.locator(BOX)).to_be_hidden()
    expect(page.locator(".line.staff")).to_have_count(lines)
    # A reload keeps the text, and that it came from a draft.
    page.reload()
    expect(page.locator("#reply")).to_have_value(f"王先生，\n{TEXT}")
    with page.expect_request(lambda request: request.url.split("?")[0].endswith("/reply")) as sent:
        page.locator("#reply").press("Control+Enter")
    form = sent.value.post_data or ""
    fields = dict(part.split("=", 1) for part in form.split("&"))
    assert fields["assisted"] == fields["client_id"] != ""
    expect(page.locator("#reply")).to_have_value("")
    page.locator("#reply").fill("還有什麼可以幫您？")
    with page.expect_request(lambda request: request.url.split("?")[0].endswith("/reply")) as own:
        page.locator("#reply").press("Control+Enter")
    assert "assisted=&" in (own.value.post_data or "") + "&", "the next one is the agent's own"


def test_no_draft_is_a_sentence_and_costs_no_typed_word(house: House, assistant: FakeAssistant) -> None:
    page = house.visit("agent", "en")
    page.goto(f"{house.url}/inbox/c1?view=mine")
    page.locator("#reply").fill("half a sentence")
    for outcome, said in (("budget", "budget for the model is spent"), ("timeout", "within three seconds")):
        assistant.outcome = outcome
        page.get_by_role("button", name="Draft by the model").click()
        expect(page.locator("[data-assist-error]")).to_contain_text(said)
    expect(page.locator(BOX)).to_be_hidden()
    expect(page.locator("#reply")).to_have_value("half a sentence")
    assistant.outcome = "ok"
    page.get_by_role("button", name="Draft by the model").click()
    expect(page.locator("[data-assist-error]")).to_be_hidden()
    page.get_by_role("button", name="Throw away").click()
    expect(page.locator(BOX)).to_be_hidden()
    assert assistant.asked == ["c1"] * 3


def test_only_who_answers_is_offered_one(house: House) -> None:
    page = house.visit("compliance")
    page.goto(f"{house.url}/inbox/c1?view=all")
    expect(page.locator("[role=log]")).to_be_visible()
    expect(page.locator("[data-assist]")).to_have_count(0)
