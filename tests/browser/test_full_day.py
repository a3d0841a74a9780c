"""One full day: off hours in the morning, forty customers on four channels, five people, a complaint, a take-over, an
agent who vanishes. What each may see and what each customer received is asserted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from bot.compose import build
from bot.hours import spoken
from bot.settings import Settings
from bot.slots import values_in
from bot.store.events import thread_of
from tests.browser.day import HOURS_IN_FORCE_S, Customer, Day, noon_zone
from tests.e2e.test_channels import _buttons
from tests.house import running, until
from tests.knowledge import answer, articles, notice, question
from tests.unit.inbox.visitors import a_browser

pytestmark = pytest.mark.browser
AGENTS = ("agent", "agent2", "agent3")
NIGHT, ASKING, COMPLAINING, URGENT = range(12), range(12, 34), range(34, 37), range(37, 40)
NOTE = "客戶昨天也來電過，先確認身分再回覆"
CALM = "您好，這裡是真人客服，已為您處理。"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    home = tmp_path_factory.mktemp("day") / "home"
    with (
        running(home, TELLER_TIMEZONE=noon_zone(), WEB_WORKERS="1", QUEUE_WORKERS="1") as house,
        a_browser() as browser,
    ):
        service = build(Settings.from_env(house.env))
        yield Day(house, service, browser, house.accounts())
        service.close()


@pytest.mark.timeout(300)
def test_a_day(day: Day) -> None:
    day.hours(closed=True)
    for name in AGENTS[1:]:
        day.hires(name)
    night = _the_night(day)
    day.hours(closed=False)
    pages = {name: day.comes(name, available=True) for name in AGENTS}
    pages["supervisor"] = day.comes("supervisor", available=False)
    _the_morning(day, night)
    _questions(day)
    pages["senior"] = day.comes("senior", available=True)
    _complaints(day, pages)
    _urgent_first(day, pages["supervisor"])
    _taken_over(day, pages)
    _vanished(day, pages)
    _resolved_and_rated(day, pages)
    _nothing_lost_or_doubled(day)


def _the_night(day: Day) -> list[Customer]:
    """Nobody is there: the notice says when somebody will be, and the request stays."""
    opens = day.service.console.hours
    time.sleep(HOURS_IN_FORCE_S)
    found = [day.arrives(number) for number in NIGHT]
    for one in found:
        assert one.says("我要真人") in (200, 202)
    moment = opens.current().base.next_opening(datetime.now(UTC))
    assert moment is not None
    said = spoken(moment, opens.current().base.zone, "zh-TW")
    for one in found:
        until(lambda one=one: len(one.shown()) >= 2, 20, "the notice of the night")
        assert values_in(notice("handoff_offhours"), one.shown()[-1]) == {"opens": said}
    waiting = day.service.mongo["conversations"].count_documents({"status": "waiting"})
    assert waiting == len(found)
    return found


def _the_morning(day: Day, night: list[Customer]) -> None:
    """Three desks of four places take the twelve of the night, who waited longest first, and nobody twice."""
    until(lambda: sum(len(day.held_by(name)) for name in AGENTS) == len(night), 30, "all are given out")
    assert {name: len(day.held_by(name)) for name in AGENTS} == dict.fromkeys(AGENTS, 4)
    given = list(day.service.mongo["conversations"].find({"status": "assigned"}).sort("assigned_at", 1))
    handed = [one["handed_at"] for one in given]
    assert handed == sorted(handed)


def _questions(day: Day) -> None:
    """The bot has the repeats: the approved answer, byte for byte, at once."""
    known = [one for one in articles() if articles()[one]["product_class"] in ("account", "general")]
    asked = []
    for number in ASKING:
        article = known[number % len(known)]
        customer = day.arrives(number)
        customer.says(question(article))
        asked.append((customer, article))
    for customer, article in asked:
        until(lambda customer=customer: len(customer.shown()) >= 2, 20, "an answer")
        assert answer(article) in customer.shown()[-1], customer.channel


def _complaints(day: Day, pages: dict[str, Page]) -> None:
    """To the senior agent alone: the others neither see it in a list nor under its address."""
    found = [day.arrives(number) for number in COMPLAINING]
    for one in found:
        one.says("我要投訴，上次客服態度很差，錢也沒有退給我")
        one.reads(notice("handoff_complaint"))
    until(lambda: len(day.held_by("senior")) == len(found), 20, "the senior agent has the complaints")
    complaint = day.held_by("senior")[0]["_id"]
    for view in ("waiting", "all"):
        pages["agent"].goto(f"{day.house.url}/inbox?view={view}")
        expect(pages["agent"].locator(f'.row[data-key="{complaint}"]')).to_have_count(0)
    refused = pages["agent"].goto(f"{day.house.url}/inbox/{complaint}")
    assert refused is not None
    assert refused.status == 404
    day.opens(pages["senior"], complaint)
    day.replies(pages["senior"], CALM)
    conversations = {day.conversation(one)["_id"]: one for one in found if one.person}
    if complaint in conversations:
        conversations[complaint].reads(CALM)


def _urgent_first(day: Day, supervisor: Page) -> None:
    """Fraud stands on top of the monitor, above complaints and everything else that is live."""
    for number in URGENT:
        one = day.arrives(number)
        one.says("我的卡被盜刷了，剛剛收到三筆不是我刷的")
        until(lambda one=one: len(one.shown()) >= 2, 20, "the emergency notice")
    supervisor.goto(f"{day.house.url}/monitor")
    rows = supervisor.locator(".watch[data-key]")
    expect(rows.nth(2)).to_be_visible()
    first = [rows.nth(n).get_attribute("data-key") for n in range(3)]
    urgent = {one["_id"] for one in day.service.mongo["conversations"].find({"priority": 0})}
    assert set(first) == urgent


def _taken_over(day: Day, pages: dict[str, Page]) -> None:
    """The supervisor takes a conversation in one click; its agent sees who has it and may not reply any more."""
    held = next(one for one in day.held_by("agent2") if one["channel"] != "web")
    customer = next(
        one for one in day.customers if one.person and day.conversation(one)["_id"] == held["_id"]
    )
    day.opens(pages["agent2"], held["_id"])
    pages["supervisor"].goto(f"{day.house.url}/monitor")
    pages["supervisor"].locator(f'.watch[data-key="{held["_id"]}"] button[formaction]').click()
    expect(pages["supervisor"].locator("#reply")).to_be_visible()
    expect(pages["agent2"].locator("#reply")).to_have_count(0)
    day.replies(pages["supervisor"], "您好，我是主管，由我為您處理。")
    customer.reads("您好，我是主管，由我為您處理。")
    assert CALM not in customer.shown()


def _vanished(day: Day, pages: dict[str, Page]) -> None:
    """Closes the browser with four customers waiting: each goes back, up, and to somebody else or the queue's head."""
    left = day.held_by("agent3")
    assert len(left) == 4
    pages.pop("agent3").context.close()
    day.backdated(left, minutes=20)
    ids = [one["_id"] for one in left]

    def returned() -> bool:
        docs = list(day.service.mongo["conversations"].find({"_id": {"$in": ids}}))
        gone = day.staff("agent3").id
        return len(docs) == 4 and all(one["assignee"] != gone and one["priority"] < 5 for one in docs)

    until(returned, 20, "what the vanished agent had is back")


def _resolved_and_rated(day: Day, pages: dict[str, Page]) -> None:
    """A note stays inside; the reply goes out; the customer is asked once how it was, and says so."""
    page = pages["agent"]
    held = next(one for one in day.held_by("agent") if one["channel"] != "web")
    customer = next(
        one for one in day.customers if one.person and day.conversation(one)["_id"] == held["_id"]
    )
    day.service.console.work.noting.add(day.staff("agent"), held["_id"], NOTE)
    day.opens(page, held["_id"])
    expect(page.get_by_text(NOTE)).to_be_visible()
    day.replies(page, CALM)
    customer.reads(CALM)
    # That it arrived shows by itself, on the line that is there already.
    sent = page.locator(".line.staff", has_text=CALM).last.locator(".delivery-sent")
    expect(sent).to_be_visible(timeout=5000)
    page.locator('[data-shortcut="e"]').first.click()
    customer.reads(notice("csat_ask"))
    assert customer.person is not None
    customer.person.does(choice=_buttons(customer.person.calls()[-1])[0][1])
    customer.reads(notice("csat_thanks"))
    assert day.service.mongo["ratings"].find_one({"_id": held["_id"]}, {"score": 1}) == {
        "_id": held["_id"],
        "score": 5,
    }


def _nothing_lost_or_doubled(day: Day) -> None:
    """Every customer has an owner or an answer; what they were shown is what the record says, each line once."""
    assert len(day.customers) == 40
    opened = day.service.vault.open
    for one in day.customers:
        shown = one.shown()
        assert shown, f"customer {one.number} was left alone"
        assert not any(NOTE in text for text in shown)
        if one.person is None:
            continue
        thread = thread_of(day.service.vault, day.accounts[one.channel], one.user)
        lines = day.service.mongo["messages"].find({"thread": thread, "author": {"$ne": "customer"}})
        assert Counter(opened(line["content"]) for line in lines) == Counter(shown)
    unapproved = {"author": "bot", "approved": []}
    assert day.service.mongo["messages"].count_documents(unapproved) == 0
    alone = {"status": "waiting", "waiting_since": None}
    assert day.service.mongo["conversations"].count_documents(alone) == 0
