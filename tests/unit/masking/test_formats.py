"""Numbers of every format, valid and nearly so, typed in every way people have, inside unrelated talk."""

from __future__ import annotations

import string
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.masking import checks, find, mask, redact
from tests.unit.masking.test_properties import cards, national_ids

_WIDE = str.maketrans({chr(n): chr(n + 0xFEE0) for n in range(0x21, 0x7F)} | {" ": "\u3000"})
_NUMERALS = ("零一二三四五六七八九", "〇一二三四五六七八九", "零壹貳參肆伍陸柒捌玖")
_SEPARATORS = (" ", "-", "\u00a0", "\u3000", "－", "–", "  ", " - ", "\u200b", "_")
_DIGIT = st.sampled_from(string.digits)
# Talk without a digit, a name of a number or a separator, so that only the planted number can be found.
_TALK = st.text(
    alphabet="請問一下喔好的謝謝麻煩幫我查看啊嗯呢了耶真是急死人欸 ，。！？~…😭👉abcxyz", max_size=8
)
_FEW = settings(max_examples=60, deadline=None)


def _digits(low: int, high: int = 0) -> st.SearchStrategy[str]:
    return st.lists(_DIGIT, min_size=low, max_size=high or low).map("".join)


@st.composite
def _company(draw: st.DrawFn) -> str:
    body = draw(st.sampled_from("123456789")) + draw(_digits(6))
    return next(body + d for d in string.digits if checks.is_company_number(body + d))


@st.composite
def _nearly(draw: st.DrawFn, whole: st.SearchStrategy[str]) -> str:
    """The last digit replaced: the check digit nearly always fails."""
    value = draw(whole)
    return value[:-1] + draw(_DIGIT)


_BIRTHDAYS = st.dates(date(1950, 1, 1), date(2010, 12, 31)).flatmap(
    lambda d: st.sampled_from(
        [
            f"{d:%Y/%m/%d}",
            f"{d:%Y%m%d}",
            f"{d.year - 1911}/{d.month}/{d.day}",
            f"民國{d.year - 1911}年{d.month}月{d.day}日",
        ]
    )
)
_PLATES = st.builds(
    lambda letters, digits: f"{letters}-{digits}",
    st.text("ABCDEFGHJKLMNPQRSTUVWXYZ", min_size=3, max_size=3),
    st.text("012356789", min_size=4, max_size=4),
)
# type -> (numbers, the words beside them, the sizes of the groups people type; none where the shape has its own marks)
_FORMATS: dict[str, tuple[st.SearchStrategy[str], tuple[str, ...], tuple[int, ...]]] = {
    "TW_ID": (national_ids() | _nearly(national_ids()), ("身分證", "身份證字號：", "ID "), (1, 3, 3, 3)),
    "ARC_NEW": (national_ids("89") | _nearly(national_ids("89")), ("居留證", "統一證號："), (2, 4, 4)),
    "ARC_OLD": (national_ids("ABCD") | _nearly(national_ids("ABCD")), ("居留證", "統一證號："), (2, 4, 4)),
    "COMPANY_TAX_ID": (_company() | _nearly(_company()), ("統編", "統一編號："), (4, 4)),
    "PASSPORT": (_digits(8).map("3".__add__), ("護照", "護照號碼："), (3, 3, 3)),
    "CREDIT_CARD": (cards() | _nearly(cards()), ("卡號", "信用卡號碼："), (4, 4, 4, 7)),
    "BANK_ACCOUNT": (
        _digits(10, 16).map("1".__add__).map(lambda v: v[:16]),
        ("帳號", "匯款帳號："),
        (4, 4, 8),
    ),
    "MOBILE": (_digits(8).map("09".__add__), ("手機", "電話："), (4, 3, 3)),
    "LANDLINE": (_digits(7).map("022".__add__), ("市話", "家裡電話："), (2, 4, 4)),
    "NHI_CARD": (_digits(8).map("0000".__add__), ("健保卡", "健保卡號："), (4, 4, 4)),
    "SECRET": (_digits(6), ("驗證碼", "OTP："), (3, 3)),
    "BIRTHDAY": (_BIRTHDAYS, ("生日", "出生年月日："), ()),
    "CAR_PLATE": (_PLATES, ("車牌", "車號："), ()),
}


@st.composite
def _typed(draw: st.DrawFn, value: str, sizes: tuple[int, ...]) -> str:
    """One way to type the value: grouped, full-width, in Chinese numerals, in lower case."""
    manner = draw(st.sampled_from(["plain", "groups", "wide", "lower", "chinese", "both"]))
    if manner == "chinese" and sizes and len(value) > 6:
        return value.translate(str.maketrans(string.digits, draw(st.sampled_from(_NUMERALS))))
    if manner in ("groups", "both") and sizes:
        sep, parts, at = draw(st.sampled_from(_SEPARATORS)), [], 0
        for size in sizes:
            parts.append(value[at : at + size])
            at += size
        value = sep.join(part for part in (*parts, value[at:]) if part)
    if manner == "lower":
        return value.lower()
    return value.translate(_WIDE) if manner in ("wide", "both") else value


@st.composite
def _planted(draw: st.DrawFn) -> tuple[str, str, int, str, str]:
    type_ = draw(st.sampled_from(sorted(_FORMATS)))
    numbers, names, sizes = _FORMATS[type_]
    value = draw(numbers)
    typed = draw(_typed(value, sizes))
    head = draw(_TALK) + "，" + draw(st.sampled_from(names))
    return type_, head + typed + "。" + draw(_TALK), len(head), typed, value


@given(_planted())
@settings(max_examples=400, deadline=None)
def test_every_format_is_found_at_its_place(planted: tuple[str, str, int, str, str]) -> None:
    type_, text, start, typed, _ = planted
    spans = find(text)
    assert [(s.type, s.start, text[s.start : s.end]) for s in spans] == [(type_, start, typed)]


@given(_planted())
@_FEW
def test_masking_twice_changes_nothing(planted: tuple[str, str, int, str, str]) -> None:
    text = planted[1]
    once = mask(text).masked
    assert mask(once).masked == once
    once = redact(text)
    assert redact(once) == once


@given(_planted(), _planted())
@_FEW
def test_a_model_sees_no_digit_of_it(
    one: tuple[str, str, int, str, str], other: tuple[str, str, int, str, str]
) -> None:
    shown = redact(f"{one[1]}\n{other[1]}")
    outside = [part.split("]")[-1] for part in shown.split("[")]
    assert not any(char.isdigit() for part in outside for char in part), shown
