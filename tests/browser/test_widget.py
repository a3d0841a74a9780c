"""The chat widget on somebody's site, across origins, over a server that fails when told to."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from bot.model import ChannelAccount, ChannelType
from tests.unit.inbox.visitors import DESKTOP, PHONE, a_browser
from tests.unit.webchat.stub import ACCOUNT, WIDGET, Stub, api, page, serve, site
from tests.unit.webchat.test_demo_page import a_demo

pytestmark = pytest.mark.browser

LIMIT_BYTES = 15_000
# All but <html> itself: a site that hides or scales that hides and scales everything on it.
HOSTILE = (
    "<style>html { font-size: 60px } html *, teller-chat { font-size: 60px !important; opacity: .2 !important;"
    "display: none !important; position: static !important; transform: scale(.5) !important;"
    "visibility: hidden !important; --a: red; animation: none }"
    "html > body { display: block !important; filter: blur(3px) }</style>"
)


class Visit:
    """One visitor's page; `troubles` are the errors of its console."""

    def __init__(self, tab: Page, stub: Stub, address: str) -> None:
        self.tab = tab
        self.stub = stub
        self.address = address
        self.troubles: list[str] = []
        tab.on("console", self._note)
        tab.on("pageerror", lambda error: self.troubles.append(str(error)))
        tab.set_default_timeout(8000)
        self.launch = tab.locator("teller-chat .launch")
        self.panel = tab.locator("teller-chat .panel")
        self.input = tab.locator("teller-chat textarea")
        self.bubbles = tab.locator("teller-chat .m .b")

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "favicon" not in message.text:
            self.troubles.append(message.text)

    def open(self, name: str = "plain") -> Visit:
        self.tab.goto(f"{self.address}/{name}")
        self.launch.click()
        expect(self.panel).to_be_visible()
        return self

    def listens(self) -> None:
        """Waits for the first stream: what is asked before it is up comes in the history ahead of it."""
        until = time.monotonic() + 8
        while not self.stub.resumed_from and time.monotonic() < until:
            self.tab.wait_for_timeout(20)

    def ask(self, text: str) -> None:
        self.input.fill(text)
        self.input.press("Enter")

    def shows(self, *texts: str) -> None:
        """Exactly these messages, in this order: none twice, none missing."""
        expect(self.bubbles).to_have_text(list(texts))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


@pytest.fixture
def stub() -> Stub:
    return Stub()


@pytest.fixture
def address(stub: Stub) -> Iterator[str]:
    teller, origin = serve(api(stub))
    strict = (
        f"default-src 'none'; script-src {origin}; connect-src {origin}; require-trusted-types-for 'script'"
    )
    somewhere, site_origin = serve(
        site(
            {
                "plain": (page(origin), ""),
                "english": (page(origin, lang="en-GB"), ""),
                "forced": (page(origin, 'data-lang="en" data-title="Ask us"'), ""),
                "yellow": (page(origin, 'data-color="#ffd54a" data-questions="年費多少|忘記密碼"'), ""),
                "strict": (page(origin), strict),
                "hostile": (page(origin, head=HOSTILE), ""),
                "mei": (page(origin, 'data-user-id="mei" data-signature="51gn"'), ""),
            }
        )
    )
    yield site_origin
    stub.hang_up()
    for server in (teller, somewhere):
        server.shutdown()
        server.server_close()


@pytest.fixture
def visit(chromium: Browser, stub: Stub, address: str) -> Iterator[Visit]:
    context = chromium.new_context(viewport=DESKTOP, locale="zh-TW")
    yield Visit(context.new_page(), stub, address)
    context.close()


def test_it_is_small_and_evaluates_nothing() -> None:
    script = WIDGET.read_bytes()
    assert len(script) < LIMIT_BYTES
    for word in (b"eval(", b"innerHTML", b"insertAdjacentHTML", b"document.write", b"new Function"):
        assert word not in script


def test_it_is_packed_from_its_sources() -> None:
    told = re.search(r"\((\w{16})\)", WIDGET.read_text().splitlines()[0])
    sources = sorted((WIDGET.parent / "source").iterdir(), key=lambda path: path.name)
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    assert told is not None
    assert told[1] == digest[:16], "run adapters/webchat/build.sh"


def test_by_keyboard_alone(visit: Visit) -> None:
    visit.tab.goto(f"{visit.address}/plain")
    expect(visit.launch).to_have_attribute("aria-expanded", "false")
    visit.launch.focus()
    visit.tab.keyboard.press("Enter")
    expect(visit.input).to_be_focused()
    visit.tab.keyboard.type("跨行轉帳")
    visit.tab.keyboard.press("Shift+Enter")
    visit.tab.keyboard.type("手續費")
    visit.tab.keyboard.press("Enter")
    visit.shows("跨行轉帳\n手續費", "已收到：跨行轉帳\n手續費")
    expect(visit.input).to_have_value("")
    visit.tab.keyboard.press("Escape")
    expect(visit.panel).to_be_hidden()
    expect(visit.launch).to_be_focused()
    assert visit.troubles == []


def test_a_screen_reader_finds_its_way(visit: Visit) -> None:
    visit.open()
    expect(visit.tab.get_by_role("dialog", name="線上客服")).to_be_visible()
    expect(visit.tab.get_by_role("log", name="對話內容")).to_have_attribute("aria-live", "polite")
    expect(visit.tab.get_by_role("textbox", name="訊息")).to_be_visible()
    for name in ("傳送", "真人客服"):
        box = visit.tab.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert round(box["height"], 3) >= 44, "a box is the difference of two places, each rounded"
    assert float(visit.input.evaluate("node => parseFloat(getComputedStyle(node).fontSize)")) >= 16


def test_a_choice_is_sent_with_its_value_and_can_be_made_once(visit: Visit) -> None:
    visit.open().ask("年費")
    visit.tab.get_by_role("button", name="如何免信用卡年費").click()
    visit.shows("年費", "請問您想了解的是下列哪一項？", "如何免信用卡年費", "晴光卡首年免年費。（offer:1:1）")
    assert visit.stub.posts[-1]["text"] == "如何免信用卡年費"
    assert visit.stub.posts[-1]["choice"] == "offer:1:1"
    expect(visit.tab.locator("teller-chat .log > .chips")).to_have_count(0)


def test_asking_for_a_person(visit: Visit) -> None:
    visit.open().tab.get_by_role("button", name="真人客服").click()
    visit.shows("我要真人", "已收到：我要真人")
    visit.stub.say("agent", "您好，我是專員")
    expect(visit.tab.locator("teller-chat .agent .who b")).to_have_text("客服專員")


def test_a_reload_keeps_history_and_draft_and_doubles_nothing(visit: Visit) -> None:
    visit.open().listens()
    visit.ask("第一題")
    visit.shows("第一題", "已收到：第一題")
    visit.input.fill("寫到一半")
    visit.tab.reload()
    expect(visit.panel).to_be_visible()
    visit.shows("第一題", "已收到：第一題")
    expect(visit.input).to_have_value("寫到一半")
    assert len(visit.stub.sessions) == 1
    visit.stub.say("agent", "之後的")
    visit.shows("第一題", "已收到：第一題", "之後的")
    assert visit.stub.resumed_from == ["0", "2"]
    assert visit.troubles == []


def test_a_stream_that_repeats_itself_doubles_nothing(visit: Visit) -> None:
    visit.stub.forgetful = True
    visit.open().ask("一次")
    visit.shows("一次", "已收到：一次")
    visit.stub.hang_up()
    visit.stub.say("agent", "就好")
    visit.shows("一次", "已收到：一次", "就好")


def test_a_broken_stream_goes_on_where_it_broke(visit: Visit) -> None:
    visit.open().ask("一")
    visit.shows("一", "已收到：一")
    for number in range(3):
        visit.stub.hang_up()
        visit.stub.say("agent", f"斷線中 {number}")
    visit.shows("一", "已收到：一", "斷線中 0", "斷線中 1", "斷線中 2")
    visit.stub.say("agent", "最後")
    visit.shows("一", "已收到：一", "斷線中 0", "斷線中 1", "斷線中 2", "最後")
    assert visit.stub.resumed_from[-1] != "0"


def test_a_failed_post_is_repeated_as_the_same_message(visit: Visit) -> None:
    visit.stub.fail = [500, 503]
    visit.open().ask("會成功的")
    visit.shows("會成功的", "已收到：會成功的")
    tried = [one.get("tried") or one["client_id"] for one in visit.stub.posts]
    assert len(tried) == 3
    assert len(set(tried)) == 1


def test_a_refused_post_says_so_and_can_be_tried_again(visit: Visit) -> None:
    visit.stub.fail = [400]
    visit.open().ask("再一次")
    expect(visit.tab.locator("teller-chat .note.bad")).to_contain_text("未送出")
    visit.tab.get_by_role("button", name="重試").click()
    visit.shows("再一次", "已收到：再一次")
    assert visit.stub.posts[0]["tried"] == visit.stub.posts[1]["client_id"]


def test_what_was_not_sent_survives_a_reload(visit: Visit) -> None:
    visit.open()
    visit.stub.fail = [500] * 3
    visit.ask("別弄丟")
    expect(visit.bubbles).to_have_text(["別弄丟"])
    visit.tab.reload()
    visit.shows("別弄丟", "已收到：別弄丟")


def test_an_input_method_uses_enter_itself(visit: Visit) -> None:
    visit.open()
    visit.input.fill("ㄒㄧㄣ")
    for composing in ({"isComposing": True}, {"keyCode": 229}):
        visit.input.dispatch_event("keydown", {"key": "Enter", "bubbles": True, **composing})
        visit.input.dispatch_event("keydown", {"key": "Escape", "bubbles": True, **composing})
    expect(visit.panel).to_be_visible()
    expect(visit.input).to_have_value("ㄒㄧㄣ")
    expect(visit.bubbles).to_have_count(0)
    visit.input.press("Enter")
    visit.shows("ㄒㄧㄣ", "已收到：ㄒㄧㄣ")


@pytest.mark.parametrize(("name", "title"), [("english", "Chat with us"), ("forced", "Ask us")])
def test_english(visit: Visit, name: str, title: str) -> None:
    visit.open(name)
    expect(visit.tab.get_by_role("dialog", name=title)).to_be_visible()
    visit.tab.get_by_role("button", name="Talk to a person").click()
    expect(visit.bubbles.first).to_have_text("Talk to a person")
    expect(visit.tab.locator("teller-chat .bot .who b")).to_have_text("AI assistant")


def test_a_phone_shows_the_chat_alone(chromium: Browser, stub: Stub, address: str) -> None:
    phone: dict[str, Any] = {
        "viewport": PHONE,
        "has_touch": True,
        "is_mobile": True,
        "reduced_motion": "reduce",
    }
    context = chromium.new_context(locale="zh-TW", **phone)
    visit = Visit(context.new_page(), stub, address).open()
    assert visit.panel.bounding_box() == {"x": 0, "y": 0, **PHONE}
    expect(visit.launch).to_be_hidden()
    # The keyboard does not jump up before anything was read.
    expect(visit.input).not_to_be_focused()
    visit.ask("手機")
    visit.shows("手機", "已收到：手機")
    visit.tab.get_by_role("button", name="關閉對話").click()
    expect(visit.panel).to_be_hidden()
    context.close()


def test_hostile_styles_of_the_site_do_not_reach_it(visit: Visit) -> None:
    visit.open("hostile").ask("看得到嗎")
    visit.shows("看得到嗎", "已收到：看得到嗎")
    assert visit.bubbles.first.evaluate("node => getComputedStyle(node).fontSize") == "15px"
    shown = visit.panel.bounding_box()
    assert shown is not None
    assert shown["width"] == 392
    host = visit.tab.locator("teller-chat")
    for name, value in {"opacity": "1", "visibility": "visible", "transform": "none"}.items():
        assert host.evaluate(f"node => getComputedStyle(node).{name}") == value


def test_the_strictest_policy_is_enough(visit: Visit) -> None:
    visit.open("strict").ask("嚴格")
    visit.shows("嚴格", "已收到：嚴格")
    assert visit.bubbles.first.evaluate("node => getComputedStyle(node).fontSize") == "15px"
    assert visit.troubles == []


def test_markup_stays_text_and_addresses_become_safe_links(visit: Visit) -> None:
    visit.open()
    text = "<img src=x onerror=alert(1)> 見 https://bank.example/fees?a=1。javascript:alert(1)"
    visit.stub.say("bot", text)
    visit.shows(text)
    links = visit.bubbles.locator("a")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", "https://bank.example/fees?a=1")
    expect(links).to_have_attribute("rel", re.compile("noopener"))


def test_unread_messages_are_counted_until_they_are_seen(visit: Visit) -> None:
    visit.open().ask("在嗎")
    visit.shows("在嗎", "已收到：在嗎")
    visit.tab.keyboard.press("Escape")
    visit.stub.say("agent", "在")
    expect(visit.tab.locator("teller-chat .badge")).to_have_text("1")
    visit.tab.reload()
    expect(visit.tab.locator("teller-chat .badge")).to_have_text("1")
    expect(visit.launch).to_have_attribute("aria-label", re.compile("1 則未讀訊息"))
    visit.launch.click()
    expect(visit.tab.locator("teller-chat .badge")).to_be_hidden()


def test_a_token_that_is_not_taken_any_more_opens_a_new_session(visit: Visit) -> None:
    visit.open().ask("舊的")
    visit.shows("舊的", "已收到：舊的")
    visit.stub.refused.add("token-1")
    visit.stub.messages.clear()
    visit.stub.hang_up()
    visit.ask("新的")
    visit.shows("新的", "已收到：新的")
    assert len(visit.stub.sessions) == 2


def test_a_signed_customer_and_a_stranger_do_not_share_a_chat(visit: Visit) -> None:
    visit.open("mei")
    visit.ask("我是小美")
    visit.shows("我是小美", "已收到：我是小美")
    assert visit.stub.sessions == [{"identity": {"user_id": "mei", "signature": "51gn"}}]
    visit.input.fill("小美的草稿")
    visit.tab.goto(f"{visit.address}/plain")
    expect(visit.input).to_have_value("")
    expect(visit.panel).to_be_visible()
    visit.ask("我是誰")
    expect(visit.bubbles.last).to_have_text("已收到：我是誰")
    assert visit.stub.sessions[1:] == [{}]


def test_without_storage_it_still_works(visit: Visit) -> None:
    visit.tab.add_init_script(
        "for (const kind of ['localStorage', 'sessionStorage'])"
        "Object.defineProperty(window, kind, { get() { throw new DOMException('blocked', 'SecurityError') } })"
    )
    visit.open().ask("無痕")
    visit.shows("無痕", "已收到：無痕")
    assert len(visit.stub.sessions) == 1
    assert visit.troubles == []


def test_a_light_colour_gets_dark_text_and_hints_can_be_pressed(visit: Visit) -> None:
    visit.open("yellow")
    assert visit.launch.evaluate("node => getComputedStyle(node).color") == "rgb(0, 0, 0)"
    visit.tab.get_by_role("button", name="忘記密碼").click()
    visit.shows("忘記密碼", "已收到：忘記密碼")


def test_a_question_on_the_demo_page_is_asked_in_the_chat(chromium: Browser, stub: Stub) -> None:
    teller = api(stub)
    teller.register_blueprint(a_demo(ChannelAccount(id=ACCOUNT, channel=ChannelType.WEB, name="demo")))
    server, address = serve(teller)
    visit = Visit(chromium.new_page(), stub, address)
    visit.tab.goto(f"{address}/demo")
    expect(visit.launch).to_be_visible()
    visit.tab.locator(".ask").get_by_role("button", name="忘記密碼怎麼辦").click()
    visit.shows("忘記密碼怎麼辦", "已收到：忘記密碼怎麼辦")
    assert visit.troubles == []
    visit.tab.close()
    stub.hang_up()
    server.shutdown()
    server.server_close()
