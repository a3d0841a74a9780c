from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.masking.normalise import normalise


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("０９１２－３４５", "0912-345"),
        ("Ａ１", "a1"),
        ("1\ufe0f\u20e32\ufe0f\u20e3", "12"),
        ("09\u200b12\ufeff3", "09123"),
        ("٠١٢", "012"),
        ("①②⑴❸", "1213"),
        ("零九一二三四五六七八", "0912345678"),
        ("壹貳參肆伍陸柒捌玖零", "1234567890"),
        ("A一二三四五六七八九", "a123456789"),
        ("三樓二號", "三樓二號"),
        ("0912345678一直打不通", "0912345678一直打不通"),
        ("0912三四五678", "0912345678"),
        ("a\u3000b\u00a0c\r\n", "a b c\n\n"),
    ],
)
def test_what_the_detectors_read(typed: str, read: str) -> None:
    assert normalise(typed).text == read


def test_offsets_survive_characters_that_grow_and_vanish() -> None:
    text = "㈱\u200b½ 0912345678"
    normal = normalise(text)
    at = normal.text.index("0912345678")
    start, end = normal.original(at, at + 10)
    assert text[start:end] == "0912345678"


def test_a_keycap_belongs_to_its_digit() -> None:
    text = "1\ufe0f\u20e3x"
    assert normalise(text).original(0, 1) == (0, 3)


@given(st.text())
def test_every_character_of_the_copy_has_a_place(text: str) -> None:
    normal = normalise(text)
    last = 0
    for n in range(len(normal.text)):
        start, end = normal.original(n, n + 1)
        assert last <= start < end <= len(text)
        last = start
