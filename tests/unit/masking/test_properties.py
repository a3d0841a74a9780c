"""Generated numbers of every format, in the ways people type them."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from bot.masking import Span, checks, find, mask, redact, strip

_WIDE = str.maketrans(
    string.digits + string.ascii_uppercase, "０１２３４５６７８９" + "".join(map(chr, range(0xFF21, 0xFF3B)))
)
_CHINESE = str.maketrans(string.digits, "零一二三四五六七八九")
_DIGITS = st.integers(0, 9).map(str)


def _digits(n: int) -> st.SearchStrategy[str]:
    return st.lists(_DIGITS, min_size=n, max_size=n).map("".join)


@st.composite
def national_ids(draw: st.DrawFn, seconds: str = "12") -> str:
    body = draw(st.sampled_from(string.ascii_uppercase)) + draw(st.sampled_from(seconds)) + draw(_digits(7))
    return next(body + d for d in string.digits if checks.is_national_id(body + d))


@st.composite
def cards(draw: st.DrawFn) -> str:
    prefix, length = draw(
        st.sampled_from(
            [
                ("4", 16),
                ("51", 16),
                ("55", 16),
                ("2221", 16),
                ("3528", 16),
                ("34", 15),
                ("37", 15),
                ("62", 16),
            ]
        )
    )
    body = prefix + draw(_digits(length - len(prefix) - 1))
    return next(body + d for d in string.digits if checks.is_luhn(body + d))


def _fours(value: str, sep: str) -> str:
    return sep.join(value[n : n + 4] for n in range(0, len(value), 4))


def _only(text: str, type_: str, value: str) -> None:
    at = text.index(value)
    assert find(text) == (Span(type_, at, at + len(value)),)


@given(national_ids(), st.sampled_from(["{}", "身分證{}", "我是 {} 謝謝", "身分證字號:{}。"]))
def test_ids(value: str, frame: str) -> None:
    for typed in (
        value,
        value.lower(),
        value.translate(_WIDE),
        f"{value[0]} {value[1:]}",
        f"{value[:4]}-{value[4:7]}-{value[7:]}",
    ):
        _only(frame.format(typed), "TW_ID", typed)


@given(national_ids("89"))
def test_new_arc_numbers(value: str) -> None:
    _only(f"{value} 可以嗎", "ARC_NEW", value)


@given(national_ids("ABCD"))
def test_old_arc_numbers(value: str) -> None:
    _only(f"居留證 {value}", "ARC_OLD", value)


@given(national_ids(), _DIGITS)
def test_a_wrong_check_digit_is_masked_beside_its_name(value: str, last: str) -> None:
    _only(f"身分證字號是{value[:-1]}{last}", "TW_ID", value[:-1] + last)


@given(national_ids(), _DIGITS)
def test_a_longer_code_is_no_id(value: str, more: str) -> None:
    assert find(f"產品 {value}{more}") == ()


@given(cards(), st.sampled_from(["", " ", "-", "–", ".", "\u00a0", "\u3000", "  ", "\u200b", " - "]))
def test_cards(value: str, sep: str) -> None:
    typed = _fours(value, sep)
    _only(f"這張 {typed} 被盜刷", "CREDIT_CARD", typed)
    wide = typed.translate(_WIDE)
    _only(f"這張{wide}被盜刷", "CREDIT_CARD", wide)


@given(cards())
def test_cards_in_chinese_numerals(value: str) -> None:
    typed = value.translate(_CHINESE)
    _only(f"卡號{typed}", "CREDIT_CARD", typed)


@given(
    _digits(8), st.sampled_from(["{0}{1}{2}", "{0}-{1}-{2}", "{0} {1} {2}", "{0}.{1}.{2}", "({0}){1}-{2}"])
)
def test_mobiles(rest: str, form: str) -> None:
    value = "09" + rest
    typed = form.format(value[:4], value[4:7], value[7:])
    _only(f"打 {typed} 找我", "MOBILE", typed)
    abroad = "+886" + form.format(value[1:4], value[4:7], value[7:])
    _only(f"打 {abroad} 找我", "MOBILE", abroad)
    chinese = value.translate(_CHINESE)
    _only(f"打{chinese}找我", "MOBILE", chinese)


@given(st.sampled_from("2345678"), _digits(7), st.sampled_from(["02-{}", "(02){}", "02 {}", "+886-2-{}"]))
def test_landlines(first: str, rest: str, form: str) -> None:
    typed = form.format(first + rest)
    _only(f"市話 {typed} 白天", "LANDLINE", typed)


@given(st.integers(10, 16).flatmap(_digits), st.sampled_from(["帳號{}", "我的帳號是 {}", "帳號:{}"]))
def test_accounts(value: str, frame: str) -> None:
    text = frame.format(value)
    spans = find(text)
    assert len(spans) == 1
    assert text[spans[0].start : spans[0].end].endswith(value[3:])


@given(
    st.text(alphabet=string.ascii_lowercase + string.digits, min_size=1, max_size=12),
    st.sampled_from(["gmail.com", "example.com.tw"]),
    st.sampled_from(["@", "＠", " @ ", "(at)", "小老鼠"]),
)
def test_emails(local: str, domain: str, at: str) -> None:
    typed = f"a7{local}{at}{domain}"
    _only(f"寄到 {typed}", "EMAIL", typed)


@given(_digits(6))
def test_codes(value: str) -> None:
    for frame in ("驗證碼{}", "OTP: {}", "驗證碼是 {}", "{} 是驗證碼"):
        _only(frame.format(value), "SECRET", value)


_PIECES = st.sampled_from(
    [
        *[
            "身分證",
            "卡號",
            "帳號",
            "電話",
            "生日",
            "line",
            "密碼",
            "驗證碼",
            "地址",
            "統編",
            "護照",
            "車牌",
            "訂單",
            "是",
            "台北市",
            "信義區",
            "中山路",
            "號",
            "年",
            "月",
            "日",
            "樓",
            "轉",
        ],
        *[
            ":",
            "-",
            ".",
            "(",
            ")",
            "@",
            "#",
            "+",
            "886",
            "09",
            "0912345678",
            "4857",
            "2146",
            "1468",
            "3517",
            "Z149877252",
            "gmail.com",
        ],
        *"㈱½①\u200b\ufe0f\u20e3\n ",
        "零九一二三四五六七八",
    ]
)
_MESSY = st.one_of(st.text(), st.lists(st.one_of(_PIECES, st.text(max_size=3)), max_size=20).map("".join))


@given(_MESSY, st.sampled_from(["screen", "model"]))
def test_spans_are_sorted_in_range_and_apart(text: str, profile: str) -> None:
    masked = mask(text, profile)  # type: ignore[arg-type]
    assert masked.spans == find(text, profile)  # type: ignore[arg-type]
    done = 0
    for span in masked.spans:
        assert done <= span.start < span.end <= len(text)
        done = span.end
    if not masked.spans:
        assert masked.masked == text
    strip(text)


@given(national_ids(), cards(), _digits(8), _MESSY)
def test_nothing_hidden_leaks(value: str, card: str, rest: str, between: str) -> None:
    text = f"身分證 {value}。{between}\n\n。卡號 {_fours(card, ' ')}。手機 09{rest}。"
    shown = mask(text).masked
    assert value not in shown
    assert card not in shown.replace(" ", "")
    assert f"09{rest}" not in shown or f"09{rest}" in between
    model = redact(text)
    for secret in (value[3:], card[6:], rest):
        assert secret not in model.replace(" ", "") or secret in between
