"""The notice of 個資法 8 with the first contact on each channel, words of crisis, and holds spoken of neutrally."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.errors import BadPayload
from bot.model import ChannelType, ContentKind, Ref, Reply, Role, Status
from bot.neutral import TELLS, objection, tips_off
from bot.rendering import render
from bot.slots import values_in
from handlers.chain import Chain
from kb import review
from kb.review import Draft, no_audit
from tests.knowledge import notice
from tests.unit.core.platform import LIKE_LINE, LIKE_MESSENGER, LIKE_TELEGRAM
from tests.unit.core.teller import Teller
from tests.unit.core.test_core_desk import taken
from tests.unit.handlers.factories import FakeFinder, a_turn, ref

pytestmark = pytest.mark.servers

URL = "https://bank.example/privacy"


def shown(teller: Teller, user: str, channel: ChannelType = ChannelType.LINE) -> list[tuple[str, int]]:
    lines = [m for m in teller.rows("messages", user, channel) if m["author"] == "bot"]
    return [(ref["id"], ref["version"]) for line in lines for ref in line["approved"]]


@pytest.mark.parametrize("channel", [ChannelType.LINE, ChannelType.MESSENGER, ChannelType.TELEGRAM])
def test_the_six_items_come_first_on_each_channel_and_the_record_has_version_and_time(
    teller: Teller, channel: ChannelType
) -> None:
    user = teller.person()
    teller.hears(user, "我要真人", channel)
    first = next(m for m in teller.rows("messages", user, channel) if m["author"] == "bot")
    assert [(one["id"], one["version"]) for one in first["approved"]][:1] == [("greeting", 1)]
    assert first["at"] is not None
    said = teller.platforms[channel].texts(user)[0]
    for item in ("蒐集者", "目的", "類別", "5 年", "權利", "不提供時", "AI", "LINE", "Meta", "Telegram"):
        assert item in said, item


@pytest.mark.parametrize("locale", ["zh-TW", "en"])
def test_it_fits_every_channel_and_the_chinese_is_short(locale: str) -> None:
    for name in ("greeting", "handoff_ai_off"):
        text = notice(name, locale)
        for limits in (LIKE_LINE, LIKE_MESSENGER, LIKE_TELEGRAM):
            assert len(text) + 310 < limits.text
    assert len(notice("greeting")) <= 500


def test_without_ai_the_six_items_come_too() -> None:
    items = notice("greeting").split("\n\n", 1)[1]
    assert notice("handoff_ai_off").endswith(items)


def test_a_new_version_is_shown_again_at_the_next_contact_and_only_once(teller: Teller) -> None:
    user = teller.person()
    teller.hears(user, "你好")
    teller.hears(user, "你好啊")
    before = shown(teller, user)
    # As another version was in force when they were greeted.
    threads = teller.service.mongo["threads"]
    assert threads.find_one({"_id": teller.thread(user)})["greeted"] == 1  # type: ignore[index]
    threads.update_one({"_id": teller.thread(user)}, {"$set": {"greeted": 7}})
    teller.hears(user, "asdfghjkl")
    after = shown(teller, user)[len(before) :]
    assert after[0] == ("greeting", 1)
    teller.hears(user, "qwertyuiop")
    assert [one for one in shown(teller, user)[len(before) :] if one[0] == "greeting"] == [("greeting", 1)]


def test_those_greeted_before_versions_were_kept_saw_the_first(teller: Teller) -> None:
    user = teller.person()
    teller.hears(user, "你好")
    teller.service.mongo["threads"].update_one({"_id": teller.thread(user)}, {"$set": {"greeted": True}})
    many = len(shown(teller, user))
    teller.hears(user, "asdfghjkl")
    assert "greeting" not in [one for one, _ in shown(teller, user)[many:]]


def test_the_firms_address_goes_in_the_same_message() -> None:
    class Finder(FakeFinder):
        linked = True

        def notice(self, notice_id: str) -> Ref:
            known = notice_id == "privacy_link" and self.linked
            return ref(ContentKind.NOTICE, notice_id) if known else super().notice(notice_id)

        def text(self, part: Ref, locale: str) -> str:
            return notice(part.id, locale) if part.id in ("greeting", "privacy_link") else part.id

    finder = Finder()

    def decide(turn: Any) -> Any:
        return Reply("x", (finder.notice("greeting"),))

    mind = Chain((("one", decide),), finder, _NoIntents(), privacy_url=URL)  # type: ignore[arg-type]
    _, decision = mind.decide(a_turn("你好", first_contact=True))
    messages = render(decision.parts, (), "zh-TW", finder, LIKE_MESSENGER)  # type: ignore[union-attr]
    assert [ref.id for ref in messages[0].refs] == ["greeting", "privacy_link"]
    assert len(messages) == 1
    whole = f"{notice('greeting')}\n\n{notice('privacy_link')}"
    assert values_in(whole, messages[0].text) == {"url": URL}
    _, again = mind.decide(a_turn("你好"))
    assert len(again.parts) == 1  # type: ignore[union-attr]
    finder.linked = False
    _, without = mind.decide(a_turn("你好", first_contact=True))
    assert [part.id for part in without.parts] == ["greeting"]  # type: ignore[union-attr]


class _NoIntents:
    policy = SimpleNamespace(named="test")


def test_words_of_crisis_go_first_to_a_person_with_1925_and_nobody_is_asked_how_it_was(
    teller: Teller,
) -> None:
    teller.never_closes()
    user = teller.person()
    teller.hears(user, "我不想活了")
    found = teller.conversation(user)
    assert (found["status"], found["priority"], found["reason"]) == (Status.WAITING.value, 0, "crisis")
    assert any("1925" in text for text in teller.line.texts(user))
    agent, desk = teller.staff(Role.AGENT), teller.service.console.desk
    rows = teller.service.views.rows(agent, "waiting")
    assert rows[0].id == found["_id"]
    desk.take(agent, found["_id"])
    desk.reply(agent, found["_id"], "我在這裡陪您", "c1")
    desk.resolve(agent, found["_id"])
    assert "csat_ask" not in [one for one, _ in shown(teller, user)]


# -- neutral -----------------------------------------------------------------------------------------------------------

TELLING = [
    "您的帳戶有可疑交易，我們已通報",
    "這筆款項疑似洗錢所以先扣住",
    "我們已經申報調查局了",
    "您的帳戶因調查凍結",
    "We filed an STR about this",
    "A suspicious transaction was found",
    "Your account is under investigation",
]
NEUTRAL = [
    "您的交易正依本公司作業程序處理，尚需一些時間",
    "依洗錢防制法第 8 條，開戶時須確認身分",
    "疑似詐騙請撥 165",
    "帳戶暫時無法使用，請攜帶證件至分行",
    "This needs some more time under our usual procedures",
    "SARS insurance",
]


@pytest.mark.parametrize("text", TELLING)
def test_what_tells_of_a_report_is_found(text: str) -> None:
    assert tips_off(text)
    assert "reword it" in str(objection(text))


@pytest.mark.parametrize("text", NEUTRAL)
def test_what_is_neutral_passes(text: str) -> None:
    assert tips_off(text) is None
    assert objection(text) is None


def test_no_reply_saved_reply_or_article_tells(teller: Teller) -> None:
    user, conversation, agent = taken(teller)
    desk, canned = teller.service.console.desk, teller.service.console.canned
    many = len(teller.said(user))
    with pytest.raises(BadPayload, match="nobody may tell"):
        desk.reply(agent, conversation, TELLING[0], "c1", reason="客戶一直追問，不得不說")
    with pytest.raises(BadPayload, match=TELLS[:30]):
        canned.save(agent, "hold", TELLING[1], firm=False)
    kb = teller.service.kb
    for kind in (ContentKind.ARTICLE, ContentKind.NOTICE):
        text = {"zh-TW": TELLING[0], "en": TELLING[5]}
        review.create(
            kb, [Draft(id="hold-x", answer=text, questions=("為何被扣",), kind=kind)], "a", no_audit
        )
        review.submit(kb, "hold-x", "a", no_audit, kind=kind)
        with pytest.raises(BadPayload, match="reword it"):
            review.approve(kb, "hold-x", "b", no_audit, kind=kind)
    assert len(teller.said(user)) == many
    desk.reply(agent, conversation, NEUTRAL[0], "c2")
    assert NEUTRAL[0] in teller.said(user)[-1]
