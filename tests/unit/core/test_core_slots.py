"""Slots: a template byte for byte around values that are checked, never a brace at a customer, provable afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.contracts import Capabilities
from bot.model import ContentKind, HandOff, Ref, Reply, Turn
from bot.rendering import render
from bot.slots import DECLARED, LONGEST, SLOT, Filled, as_written, clean, filled, undeclared, values_in
from handlers.chain import Chain
from handlers.intent import Intents
from kb.articles import Content
from kb.lint import lint
from kb.live import Knowledge
from kb.review import Draft
from tests.unit.handlers.factories import a_turn

TEMPLATE = "您的{product}（末碼 {reference}）於 {date} 收件。{product}的進度請稍候。"
VALUES = {"product": "信用貸款", "reference": "3141", "date": "2026年11月20日"}
ROOMY = Capabilities(text=2000)


def knowledge(template: str, notice_id: str = "status_received") -> tuple[Knowledge, Ref]:
    ids = dict.fromkeys((notice_id, "greeting", "system_error"), "說明")
    texts = {**ids, notice_id: template}
    made = Knowledge.from_articles(
        Draft(id=name, answer={"zh-TW": text}, kind=ContentKind.NOTICE) for name, text in texts.items()
    )
    return made, made.notice(notice_id)


def test_every_place_is_filled_and_the_message_names_the_template() -> None:
    made, ref = knowledge(TEMPLATE)
    (message,) = render([filled(ref, VALUES)], (), "zh-TW", made, ROOMY)
    assert message.text == "您的信用貸款（末碼 3141）於 2026年11月20日 收件。信用貸款的進度請稍候。"
    assert message.refs == (ref,)
    assert type(message.refs[0]) is Ref
    assert "信用貸款" not in repr(filled(ref, VALUES))


@given(
    product=st.text(max_size=60),
    around=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="{}")), min_size=3, max_size=3),
)
def test_whatever_a_value_holds_the_template_stands_around_it_and_proves_it(
    product: str, around: list[str]
) -> None:
    template = f"{around[0]}{{product}}{around[1]}{{date}}{around[2]}"
    try:
        said_product = clean("product", product)
    except ValueError:
        assume(False)
    made, ref = knowledge(template)
    (message,) = render([filled(ref, {**VALUES, "product": product})], (), "zh-TW", made, ROOMY)
    assert message.text == f"{around[0]}{said_product}{around[1]}2026年11月20日{around[2]}"
    found = values_in(template, message.text)
    assert found is not None
    # Which of two values a bare place took may be open; that the template gives this text is not.
    assert SLOT.sub(lambda place: found[place[1]], template) == message.text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("信用\u202e貸款\u2066", "信用貸款"),
        ("信用\u200b貸\ufeff款\u0000", "信用貸款"),
        ("  信用 \n\t 貸款 ", "信用 貸款"),
        ("{date}信用貸款", "date信用貸款"),
        ("Personal loan", "Personal loan"),
    ],
)
def test_a_value_is_one_plain_line(given: str, said: str) -> None:
    assert clean("product", given) == said


@pytest.mark.parametrize(
    "value",
    [
        "", " \u200b", "x" * 41, "貸款 https://bad.example", "www.bad", "bad.com 貸款", "a@b", "A123456789 的貸款",
        "0912-345-678",
    ],
)  # fmt: skip
def test_a_value_that_may_not_be_shown_is_refused_without_being_repeated(value: str) -> None:
    with pytest.raises(ValueError, match="product") as refused:
        clean("product", value)
    assert not value.strip() or value not in str(refused.value)


@pytest.mark.parametrize(
    "bad", ["javascript:alert(1)", "https://a b", "https://u:p@bank.example", "https://", "銀行"]
)
def test_a_web_address_is_one(bad: str) -> None:
    assert clean("url", "https://bank.example/verify?t=1#a") == "https://bank.example/verify?t=1#a"
    with pytest.raises(ValueError, match="web address"):
        clean("url", bad)


@pytest.mark.parametrize("values", [{}, {"product": "a"}, {**VALUES, "more": "x"}])
def test_all_declared_places_get_a_value_and_no_other(values: dict[str, str]) -> None:
    _, ref = knowledge(TEMPLATE)
    with pytest.raises(ValueError, match="slots"):
        filled(ref, values)


def test_only_notices_that_declare_slots_have_any() -> None:
    _, ref = knowledge("{product}", "handoff")
    with pytest.raises(ValueError, match="slots"):
        filled(ref, {"product": "x"})
    article = Ref(ContentKind.ARTICLE, "status_received", 1, "0" * 64)
    with pytest.raises(ValueError, match="slots"):
        filled(article, VALUES)
    assert all(names <= LONGEST.keys() for names in DECLARED.values())


@pytest.mark.parametrize(
    "said",
    [
        TEMPLATE,
        "您的信用貸款（末碼 3141）於 2026年11月20日 收件。房屋貸款的進度請稍候。",
        "您的信用貸款（末碼 3141）於 2026年11月20日 收件。信用貸款的進度請稍候。 保證獲利",
        "您的（末碼 3141）於 2026年11月20日 收件。的進度請稍候。",
        "您的www.bad.com（末碼 3141）於 2026年11月20日 收件。www.bad.com的進度請稍候。",
        "",
    ],
)
def test_a_text_that_the_template_does_not_give_is_no_copy_of_it(said: str) -> None:
    assert values_in(TEMPLATE, said) is None
    assert values_in(TEMPLATE, SLOT.sub(lambda place: VALUES[place[1]], TEMPLATE)) == VALUES
    assert values_in("沒有欄位", "沒有欄位") == {}


def test_a_place_without_a_value_reaches_nobody() -> None:
    made, ref = knowledge(TEMPLATE)
    with pytest.raises(KeyError):
        render([ref], (), "zh-TW", made, ROOMY)

    def says(decision: Reply) -> tuple[str, object]:
        def handler(_turn: Turn) -> Reply:
            return decision

        return Chain([("status", handler)], made, Intents()).decide(a_turn("x"))

    name, decision = says(Reply("status", (ref,)))
    assert (name, decision.reason) == ("status", "handler_error")  # type: ignore[attr-defined]
    assert isinstance(decision, HandOff)
    assert [part.id for part in decision.parts] == ["system_error"]
    whole = Reply("status", (filled(ref, VALUES),))
    assert says(whole)[1].parts == whole.parts  # type: ignore[attr-defined]


def test_a_template_without_its_slots_may_be_said_as_it_is() -> None:
    made, ref = knowledge("已收到。", "handoff_offhours")
    assert render([ref], (), "zh-TW", made, ROOMY)[0].text == "已收到。"
    assert render([filled(ref, {"opens": "09:00"})], (), "zh-TW", made, ROOMY)[0].text == "已收到。"


def test_people_read_the_template_with_its_places() -> None:
    made, ref = knowledge(TEMPLATE)
    assert render([as_written(ref)], (), "zh-TW", made, ROOMY)[0].text == TEMPLATE
    plain = Ref(ContentKind.ARTICLE, "fee", 1, "0" * 64)
    assert as_written(plain) is plain
    assert isinstance(as_written(ref), Filled)


def test_the_linter_names_a_place_that_nothing_fills() -> None:
    def notice(text: str) -> list[str]:
        content = Content(ContentKind.NOTICE, "status_received", 1, {"zh-TW": text, "en": "x"})
        now = datetime(2026, 11, 1, tzinfo=UTC)
        return [f.say("en") for f in lint([content], now=now, zone=ZoneInfo("Asia/Taipei"))]

    assert notice(TEMPLATE) == []
    assert notice("您的{name}") == ["“{name}” is no slot of this notice: nothing would fill it."]
    assert undeclared(ContentKind.ARTICLE, "fee", "請洽{branch}。") == "{branch}"
