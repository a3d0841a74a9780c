"""Turn in, decision out: a table for each handler."""

from __future__ import annotations

import hashlib

import pytest

from bot.model import Button, HandOff, Kind, Offer, Reply, Status, StaySilent
from bot.slots import filled
from handlers import Chain, build_mind
from tests.unit.handlers.factories import (
    CARD_RISK,
    NIGHT,
    FakeFinder,
    a_conversation,
    a_turn,
    article,
    notice,
)

OFFER = Offer("abcd1234", (article("fee"), article("rate")))
OFFERED = a_conversation(offer=OFFER)


@pytest.mark.parametrize("status", [Status.WAITING, Status.ASSIGNED])
@pytest.mark.parametrize("text", ["我的卡被盜刷了", "謝謝", "我要真人"])
def test_a_conversation_that_people_own_is_left_to_them(mind: Chain, status: Status, text: str) -> None:
    name, decision = mind.decide(a_turn(text, conversation=a_conversation(status=status), first_contact=True))
    assert (name, type(decision)) == ("agent_owned", StaySilent)


@pytest.mark.parametrize("value", ["offer:abcd1234:1"])
@pytest.mark.parametrize("typed", [None, "2", "２", "第二個", "二", "信貸利率", " 信貸利率 "])
def test_a_choice_by_button_number_or_words_says_that_article(
    mind: Chain, value: str, typed: str | None
) -> None:
    turn = (
        a_turn(conversation=OFFERED, kind=Kind.CHOICE, choice=value)
        if typed is None
        else a_turn(typed, conversation=OFFERED)
    )
    name, decision = mind.decide(turn)
    assert name == "choice"
    assert decision.parts == (article("rate"), CARD_RISK)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "value", ["offer:00000000:0", "offer:abcd1234:2", "offer:abcd1234:x", "offer:abcd1234:²", "whatever"]
)
def test_a_stale_or_unknown_button_says_so(mind: Chain, value: str) -> None:
    _, decision = mind.decide(a_turn(conversation=OFFERED, kind=Kind.CHOICE, choice=value))
    assert isinstance(decision, Reply)
    assert decision.parts == (notice("choice_expired"),)


def test_a_choice_says_the_version_in_force_and_nothing_retired(finder: FakeFinder) -> None:
    finder.in_force["fee"] = article("fee", 2)
    press = a_turn(conversation=OFFERED, kind=Kind.CHOICE, choice="offer:abcd1234:0")
    assert build_mind(finder).decide(press)[1].parts[0] == article("fee", 2)  # type: ignore[union-attr]
    del finder.in_force["fee"]
    assert build_mind(finder).decide(press)[1].parts == (notice("choice_expired"),)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "turn", [a_turn("都不是", conversation=OFFERED), a_turn(kind=Kind.CHOICE, choice="none")]
)
def test_none_of_these_is_a_miss(mind: Chain, turn) -> None:  # type: ignore[no-untyped-def]
    name, decision = mind.decide(turn)
    assert (name, decision.miss) == ("choice", True)


@pytest.mark.parametrize(
    "turn",
    [a_turn("找專人", conversation=OFFERED), a_turn(kind=Kind.CHOICE, choice="human"), a_turn("找專人")],
)
def test_the_button_to_a_person_leads_to_one(mind: Chain, turn) -> None:  # type: ignore[no-untyped-def]
    name, decision = mind.decide(turn)
    assert (name, decision.parts) == ("human_request", (notice("handoff"),))


@pytest.mark.parametrize("said", ["1", "第一個", "信用卡年費多少？"])
def test_numbers_and_titles_mean_nothing_without_an_offer(mind: Chain, said: str) -> None:
    assert mind.decide(a_turn(said))[0] != "choice"


@pytest.mark.parametrize(
    ("kind", "expected"), [(Kind.OTHER, "unsupported"), (Kind.FOLLOW, "greeting"), (Kind.TEXT, "unsupported")]
)
def test_events_without_words(mind: Chain, kind: Kind, expected: str) -> None:
    name, decision = mind.decide(a_turn("  ", kind=kind, kind_detail="sticker"))
    assert name == "unsupported"
    assert decision.parts == (notice(expected),)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "handler", "skill", "priority", "said"),
    [
        ("我要真人", "human_request", "general", 5, "handoff"),
        ("叫你們主管出來", "human_request", "complaint", 2, "handoff"),
        ("我不想活了", "crisis", "general", 0, "crisis"),
        ("我的卡不見了", "fraud", "fraud", 0, "emergency"),
        ("我的信用卡被盜刷，你們再不處理我就投訴", "fraud", "fraud", 0, "emergency"),
        ("我卡被偷了快幫我轉真人", "fraud", "fraud", 0, "emergency"),
        ("我要投訴你們的專員", "complaint", "complaint", 1, "handoff_complaint"),
        ("我要投訴，叫真人出來", "complaint", "complaint", 1, "handoff_complaint"),
        ("我有一百萬該買哪一檔基金", "advice", "licensed", 4, "advice"),
    ],
)
@pytest.mark.parametrize("now", [None, NIGHT])
def test_hand_offs(mind: Chain, text: str, handler: str, skill: str, priority: int, said: str, now) -> None:  # type: ignore[no-untyped-def]
    name, decision = mind.decide(a_turn(text, **({"now": now} if now else {})))
    assert isinstance(decision, HandOff)
    assert (name, decision.skill, decision.priority) == (handler, skill, priority)
    night = filled(notice("handoff_offhours"), {"opens": "3月5日（週四）09:00"})
    after_hours = (night,) if said == "handoff" else (notice(said), night)
    assert decision.parts == (after_hours if now else (notice(said),))
    assert decision.trace["intent"] == handler
    assert text not in repr(decision)


@pytest.mark.parametrize(
    ("text", "said"), [("你好", "greeting"), ("謝謝你", "smalltalk_thanks"), ("ok", "smalltalk_thanks")]
)
def test_small_talk(mind: Chain, text: str, said: str) -> None:
    name, decision = mind.decide(a_turn(text))
    assert (name, decision.parts) == ("smalltalk", (notice(said),))  # type: ignore[union-attr]


def test_an_answer_brings_its_disclosure_and_the_candidates_seen(finder: FakeFinder) -> None:
    finder.verdict = "answer"
    name, decision = build_mind(finder).decide(a_turn("信用卡年費多少", history=("你好",)))
    assert (name, decision.parts) == ("approved_answer", (article("fee"), CARD_RISK))  # type: ignore[union-attr]
    assert decision.trace["candidates"][0] == {"article": "fee", "version": 1, "confidence": 0.9}
    assert finder.asked == [("信用卡年費多少", "zh-TW", ("你好",))]


def test_what_is_close_is_asked_back_with_three_titles_none_and_a_person(finder: FakeFinder) -> None:
    finder.verdict = "ask"
    _, decision = build_mind(finder).decide(a_turn("信用卡的那個", conversation=a_conversation(seq=7)))
    offer = hashlib.sha256(b"c1:7").hexdigest()[:8]
    assert isinstance(decision, Reply)
    assert decision.parts == (notice("clarify"),)
    assert decision.buttons == (
        Button(article("fee"), f"offer:{offer}:0"),
        Button(article("rate"), f"offer:{offer}:1"),
        Button(article("limit"), f"offer:{offer}:2"),
        Button(notice("choose_none"), "none"),
        Button(notice("choose_person"), "human"),
    )
    assert not decision.miss


@pytest.mark.parametrize(("misses", "handed_off"), [(0, False), (1, False), (2, True)])
def test_titles_that_were_passed_over_count_as_a_miss_and_the_third_time_a_person_comes(
    finder: FakeFinder, misses: int, handed_off: bool
) -> None:
    finder.verdict = "ask"
    before = a_conversation(misses=misses, offer=Offer("0a0a0a0a", (article("fee"),)))
    name, decision = build_mind(finder).decide(a_turn("信用卡的那個", conversation=before))
    if handed_off:
        assert (name, decision.reason) == ("miss", "three_misses")
    else:
        assert isinstance(decision, Reply)
        assert (name, decision.miss, len(decision.buttons)) == ("approved_answer", True, 5)


@pytest.mark.parametrize(("misses", "handed_off"), [(0, False), (1, False), (2, True), (5, True)])
def test_the_third_miss_in_a_row_is_a_person(
    mind: Chain, finder: FakeFinder, misses: int, handed_off: bool
) -> None:
    name, decision = mind.decide(a_turn("紫色的大象幾公斤", conversation=a_conversation(misses=misses)))
    assert name == "miss"
    assert len(finder.asked) == 1
    if handed_off:
        assert isinstance(decision, HandOff)
        assert (decision.reason, decision.parts) == ("three_misses", (notice("handoff"),))
    else:
        assert isinstance(decision, Reply)
        assert decision.miss
        assert decision.buttons == (Button(notice("choose_person"), "human"),)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("你好", ["greeting"]),
        ("我要真人", ["greeting", "handoff"]),
        ("紫色的大象幾公斤", ["greeting", "miss"]),
    ],
)
def test_first_contact_is_told_once_that_an_ai_answers(mind: Chain, text: str, parts: list[str]) -> None:
    _, decision = mind.decide(a_turn(text, first_contact=True))
    assert decision.parts == tuple(map(notice, parts))  # type: ignore[union-attr]


def test_a_handler_that_fails_hands_off_and_tells_nobody_the_text(finder: FakeFinder) -> None:
    finder.broken = RuntimeError("紫色的大象幾公斤")
    name, decision = build_mind(finder).decide(a_turn("紫色的大象幾公斤"))
    assert isinstance(decision, HandOff)
    assert (name, decision.reason) == ("approved_answer", "handler_error")
    assert decision.parts == (notice("system_error"),)
    assert decision.trace == {"handler": "approved_answer", "error": "RuntimeError"}


def test_even_without_any_notice_a_person_takes_over() -> None:
    class Nothing(FakeFinder):
        def notice(self, notice_id: str):  # type: ignore[no-untyped-def]
            raise KeyError(notice_id)

    _, decision = build_mind(Nothing()).decide(a_turn("你好", first_contact=True))
    assert isinstance(decision, HandOff)
    assert decision.parts == ()


@pytest.mark.parametrize("text", ["你好", "請問", "我想問一下", "因為我昨天繳了，", "另外", "hi"])
def test_a_person_would_wait_for_the_rest(mind: Chain, text: str) -> None:
    assert mind.unfinished(text)


@pytest.mark.parametrize("text", ["信用卡年費多少", "我要真人", "你好，信用卡年費多少", "謝謝", ""])
def test_what_stands_by_itself_is_answered(mind: Chain, text: str) -> None:
    assert not mind.unfinished(text)
