"""What may leave the machine."""

from __future__ import annotations

import json

import pytest

from bot.ai.outgoing import LONGEST, Unmasked, inspect, special, tokenised


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("我的身分證 Z149877252 年費多少", "我的身分證 [身分證_1] 年費多少"),
        ("手機0912345678和0912-345-678", "手機[手機_1]和[手機_1]"),
        ("卡號 4857\u200b2146\u200b1468\u200b3517", "卡號 [卡號_1]"),
        ("Ｚ１４９８７７２５２", "[身分證_1]"),
        ("年費\U000e0069\U000e0067多少", "年費多少"),
        ("第一行\r\n第二行", "第一行  第二行"),
        ("密碼是 abcd1234", "密碼是 [機密]"),
    ],
)
def test_text_leaves_with_typed_tokens_and_nothing_invisible(text: str, sent: str) -> None:
    assert tokenised(text) == sent


def test_a_number_that_only_removal_of_hidden_characters_makes_is_masked_too() -> None:
    hidden = "\u3164".join("0912345678")
    assert "[手機_1]" in tokenised(f"打給我 {hidden}")


def test_long_texts_are_cut_after_nothing_was_left_to_find() -> None:
    sent = tokenised("年費" * 1000 + "0912345678")
    assert len(sent) == LONGEST
    # Half a number, where the cut goes through, is no number any more: it must not leave either.
    through = tokenised("請" * (LONGEST - 9) + "4857214614683517")
    assert "485721461" not in through


def body(*contents: str) -> bytes:
    messages = [{"role": "user", "content": content} for content in contents]
    return json.dumps({"model": "gpt-4o-mini", "messages": messages}).encode()


@pytest.mark.parametrize(
    "content",
    [
        "Z149877252",
        '{"customer": "0912345678"}',
        '{"customer": "\\u0030912345678"}',
        '{"earlier": ["好", "卡號 4857214614683517"]}',
        '{"lin.mei@example.com": 1}',
    ],
)
def test_the_last_look_finds_what_a_caller_forgot_to_mask(content: str) -> None:
    with pytest.raises(Unmasked):
        inspect(body("年費多少", content))


def test_the_last_look_lets_masked_requests_pass_and_nothing_it_cannot_read() -> None:
    inspect(body('{"customer": "[身分證_1] 年費多少", "offered": [{"index": 0, "title": "年費"}]}'))
    with pytest.raises(Unmasked):
        inspect(b"\xff\xfe not json")


@pytest.mark.parametrize(
    "text", ["我罹患癌症可以投保嗎", "有前科能貸款嗎", "罹\u200b患糖尿病", "I was diagnosed with cancer"]
)
def test_health_and_criminal_records_go_to_no_model(text: str) -> None:
    assert special([text])


@pytest.mark.parametrize("text", ["年費多少", "如何申請理賠", "保單可以借錢嗎", "What is the annual fee?"])
def test_ordinary_questions_may_go(text: str) -> None:
    assert not special([text])
