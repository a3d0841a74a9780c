from __future__ import annotations

import time

import pytest

from bot.masking import TYPES, Span, find, mask, strip
from tests import masking_report
from tests.unit.masking.corpus import colloquial, lookalikes


@pytest.mark.parametrize(("text", "spans"), colloquial())
def test_what_customers_type(text: str, spans: tuple[Span, ...]) -> None:
    assert find(text) == spans


@pytest.mark.parametrize("text", lookalikes())
def test_lookalikes_stay_readable(text: str) -> None:
    assert find(text) == ()


def test_every_type_is_covered() -> None:
    assert {span.type for _, spans in colloquial() for span in spans} == set(TYPES)


def test_labelled_texts() -> None:
    result = masking_report.measure(masking_report.rows())
    assert result.recall >= 0.995, result.missed
    assert result.exactness >= 0.99
    assert result.false_share <= 0.03, result.touched
    assert result.clean >= 250
    assert set(result.wanted) == set(TYPES)


def test_own_numbers_stay_readable() -> None:
    assert find("請打 (02)2345-6789", own=frozenset({"0223456789"})) == ()
    assert find("請打 (02)2345-6789")


@pytest.mark.parametrize(
    "text",
    [
        "1234567890",
        "123456789012",
        "訂單 20260731123456",
        "A123456780",
        "1234-5678-9012",
        "卡號末四碼 3517",
        "帳號末五碼 12345",
        "id=12345678901234567890",
        "key sk-abcdefghijklmnop1234",
    ],
)
def test_the_model_never_sees_bare_numbers(text: str) -> None:
    masked = mask(text, "model").masked
    assert "[" in masked
    assert not any(char.isdigit() for char in masked.split("[")[0])


@pytest.mark.parametrize(
    "text", ["0800-123-456", "12345678901 元", "2026-07-31 12:30", "NT$15,606,646", "10.0.0.1", "00878"]
)
def test_even_the_model_may_read(text: str) -> None:
    assert find(text, "model") == ()


def test_strip_leaves_the_question() -> None:
    assert strip("我的卡號 4857 2146 1468 3517 被盜刷怎麼辦") == "我的卡號 被盜刷怎麼辦"
    assert strip("ETF 00878 怎麼買") == "ETF 00878 怎麼買"


def test_a_hundred_characters_take_less_than_a_millisecond() -> None:
    text = ("我的卡號是4857 2146 1468 3517,請問為什麼刷不過,電話0912345678,謝謝。" * 3)[:100]
    mask(text)
    best = min(_seconds(text) for _ in range(50))
    assert best < 0.001


@pytest.mark.parametrize(
    "piece",
    [
        "1 ",
        "09",
        "a1-",
        "密碼是",
        "一二三",
        "@a.",
        "(02)",
        "生日7/",
        "中山路1",
        "4857,",
        "\u200b",
        "賴的",
        "是",
    ],
)
def test_long_texts_take_linear_time(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    started = time.perf_counter()
    mask(text, "model")
    assert time.perf_counter() - started < 5


def _seconds(text: str) -> float:
    started = time.perf_counter()
    mask(text)
    return time.perf_counter() - started
