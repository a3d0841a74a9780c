from __future__ import annotations

import pytest

from bot.masking import mask, redact


@pytest.mark.parametrize(
    ("text", "screen", "model"),
    [
        ("Z149877252", "Z14****252", "[身分證_1]"),
        ("Q971068169", "Q97****169", "[居留證_1]"),
        ("UD52662783", "UD5****783", "[居留證_1]"),
        ("統編15606646", "統編1560****", "統編[統編_1]"),
        ("護照312345678", "護照3*****678", "護照[護照_1]"),
        ("4857 2146 1468 3517", "************3517", "[卡號_1]"),
        ("帳號1234567894321", "帳號*********4321", "帳號[帳號_1]"),
        ("0912345678", "0912***678", "[手機_1]"),
        ("+886 912-345-678", "0912***678", "[手機_1]"),
        ("０９１２３４５６７８", "0912***678", "[手機_1]"),
        ("手機 912345678", "手機 0912***678", "手機 [手機_1]"),
        ("(02)2345-5678轉12", "02-****-5678", "[市話_1]"),
        ("+886-2-2345-5678", "02-****-5678", "[市話_1]"),
        ("(037)123-456", "037-****-3456", "[市話_1]"),
        ("lin@example.com", "l***@example.com", "[信箱_1]"),
        ("lin 小老鼠 gmail點com", "l***@gmail.com", "[信箱_1]"),
        ("台北市信義區松仁路100號", "台北市信義區***", "[地址_1]"),
        ("110 臺北市 信義區 松仁路100號", "臺北市信義區***", "[地址_1]"),
        ("住中山路100號", "住***", "住[地址_1]"),
        ("生日79年7月21日", "生日**年**月**日", "生日[生日_1]"),
        ("line: yuchen0017", "line: yu*****17", "line: [LINE_1]"),
        ("line: amy_1", "line: a*****", "line: [LINE_1]"),
        ("健保卡000012341234", "健保卡0000****1234", "健保卡[健保卡_1]"),
        ("車牌abc1234", "車牌ABC-**34", "車牌[車牌_1]"),
        ("車牌1234-AB", "車牌**34-AB", "車牌[車牌_1]"),
        ("密碼 hunter2", "密碼 [機密]", "密碼 [機密]"),
    ],
)
def test_one_mask_per_type(text: str, screen: str, model: str) -> None:
    assert mask(text).masked == screen
    assert mask(text, "model").masked == model


def test_a_mistyped_id_hides_as_much() -> None:
    assert mask("身分證 A12345678").masked.count("*") >= 3
    assert mask("身分證末四碼 7252").masked == "身分證末四碼 ****"


def test_one_number_has_one_token_however_it_is_typed() -> None:
    text = "0912345678 或 0987654321,再說一次 0912-345-678"
    assert redact(text) == "[手機_1] 或 [手機_2],再說一次 [手機_1]"


def test_tokens_of_two_types_with_one_name_are_counted_together() -> None:
    assert redact("Q971068169 UD52662783") == "[居留證_1] [居留證_2]"


def test_masked_text_is_left_alone() -> None:
    text = "身分證 Z149877252 卡號 4857214614683517 電話 0912345678 信箱 lin@example.com 密碼 hunter2"
    once = mask(text).masked
    assert mask(once).masked == once
    once = redact(text)
    assert redact(once) == once


def test_clean_text_is_the_same_object() -> None:
    text = "請問營業時間"
    assert mask(text).masked is text
