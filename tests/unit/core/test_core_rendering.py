"""From references to messages: approved texts byte for byte, disclosures joined or ahead, nothing ever cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.contracts import Capabilities
from bot.model import Button, ContentKind, ProductClass, Ref
from bot.rendering import length, locale_of, render
from kb.live import Knowledge
from kb.review import Draft

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60)


def knowledge(article: str, risk: str, note: str = "note") -> tuple[Knowledge, Ref, Ref, Ref]:
    """A knowledge base of three texts, and the references to them: article, disclosure, notice."""
    drafts = [
        Draft(
            id="risk", answer={"zh-TW": risk}, product_class=ProductClass.LOAN, kind=ContentKind.DISCLOSURE
        ),
        Draft(id="note", answer={"zh-TW": note}, product_class=ProductClass.GENERAL, kind=ContentKind.NOTICE),
        Draft(id="loan", answer={"zh-TW": article}, questions=("利率多少",), product_class=ProductClass.LOAN),
    ]
    made = Knowledge.from_articles(drafts)
    loan = made.article("loan")
    assert loan is not None
    return made, loan, made.disclosures(loan)[0], made.notice("note")


@settings(max_examples=60, deadline=None)
@given(article=TEXT, risk=TEXT, limit=st.integers(1, 140), unit=st.sampled_from(["utf16", "characters"]))
def test_whatever_the_limit_every_text_is_whole_and_the_risk_is_not_after_the_answer_alone(
    article: str, risk: str, limit: int, unit: str
) -> None:
    made, loan, disclosure, note = knowledge(article, risk)
    messages = render([note, loan, disclosure], (), "zh-TW", made, Capabilities(text=limit, text_unit=unit))
    texts = {ref.id: made.text(ref, "zh-TW") for ref in (note, loan, disclosure)}
    for message in messages:
        assert message.text == "\n\n".join(texts[ref.id] for ref in message.refs)
    order = [ref.id for message in messages for ref in message.refs]
    joined = length(f"{texts['loan']}\n\n{texts['risk']}", unit) <= limit
    assert order == (["note", "loan", "risk"] if joined else ["note", "risk", "loan"])
    assert len(messages) == (2 if joined else 3)


@pytest.mark.parametrize(("unit", "fits"), [("utf16", False), ("characters", True)])
def test_the_limit_is_counted_as_the_platform_counts(unit: str, fits: bool) -> None:
    made, loan, risk, _ = knowledge("😀" * 10, "險" * 8)
    messages = render([loan, risk], (), "zh-TW", made, Capabilities(text=20, text_unit=unit))
    assert (len(messages) == 1) is fits
    assert length("😀險", "utf16") == 3
    assert length("😀險", "characters") == 2


def test_exactly_at_the_limit_they_stay_together() -> None:
    made, loan, risk, _ = knowledge("a" * 10, "b" * 8)
    limit = 20
    assert len(render([loan, risk], (), "zh-TW", made, Capabilities(text=limit))) == 1
    assert len(render([loan, risk], (), "zh-TW", made, Capabilities(text=limit - 1))) == 2


def test_buttons_belong_to_the_last_message_and_say_approved_titles() -> None:
    made, loan, risk, note = knowledge("answer", "risk", "轉接真人")
    buttons = (Button(loan, "offer:x:0"), Button(note, "human"))
    first, last = render([note, loan, risk], buttons, "zh-TW", made, Capabilities(text=100))
    assert first.buttons == ()
    assert last.buttons == (("利率多少", "offer:x:0"), ("轉接真人", "human"))


def test_nothing_to_say_is_no_message() -> None:
    made, *_ = knowledge("answer", "risk")
    assert render([], (), "zh-TW", made, Capabilities(text=100)) == []


def test_what_was_never_approved_is_an_error() -> None:
    made, loan, _, _ = knowledge("answer", "risk")
    other = Ref(loan.kind, loan.id, loan.version, "0" * 64)
    for ref in (other, Ref(ContentKind.ARTICLE, "none", 1, loan.sha256)):
        with pytest.raises(KeyError):
            render([ref], (), "zh-TW", made, Capabilities(text=100))


@pytest.mark.parametrize(
    ("text", "customer", "wanted"),
    [
        ("信用卡 annual fee", "en", "zh-TW"),
        ("annual fee", "zh-TW", "en"),
        ("ATM", "zh-TW", "zh-TW"),
        ("hello", None, "en"),
        ("ㄋㄧˇ", None, "zh-TW"),
        ("123", "en-GB", "en"),
        ("123", "ja", "zh-TW"),
        ("?", None, "zh-TW"),
        ("", "EN", "en"),
    ],
)
def test_the_language_is_the_messages_else_the_customers(
    text: str, customer: str | None, wanted: str
) -> None:
    assert locale_of(text, customer, "zh-TW") == wanted
    assert locale_of("", None, "en") == "en"
