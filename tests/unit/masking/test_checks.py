"""Every computed sample of the compliance notes."""

from __future__ import annotations

import pytest

from bot.masking import checks


@pytest.mark.parametrize(
    "value",
    [
        "Z149877252",
        "X153249049",
        "N156140386",
        "Q971068169",
        "V804684701",
        "P807114111",
        "UD52662783",
        "BC98147029",
        "QC93509781",
        "J118130034",
        "JD21564708",
        "z149877252",
    ],
)
def test_valid_ids(value: str) -> None:
    assert checks.is_national_id(value)


@pytest.mark.parametrize(
    "value",
    [
        "L217700315",
        "G100308422",
        "A967859258",
        "UD52662780",
        "Z14987725",
        "Z1498772522",
        "ZE49877252",
        "1149877252",
        "Z14987725²",
        "ZZ",
        "Ａ",
    ],
)
def test_invalid_ids(value: str) -> None:
    assert not checks.is_national_id(value)


@pytest.mark.parametrize(
    "value", ["15606646", "39184250", "31057262", "12380108", "34684772", "95215179", "85654053"]
)
def test_valid_company_numbers(value: str) -> None:
    assert checks.is_company_number(value)


@pytest.mark.parametrize("value", ["76372616", "75811439", "1560664", "156066461", "²5606646"])
def test_invalid_company_numbers(value: str) -> None:
    assert not checks.is_company_number(value)


@pytest.mark.parametrize(
    "value",
    [
        "4857214614683517",
        "5291033225698206",
        "2720917043793280",
        "345274300404493",
        "3528104209064176",
        "30080775627629",
    ],
)
def test_valid_cards(value: str) -> None:
    assert checks.is_card(value)


def test_cards_need_luhn_and_brand() -> None:
    assert not checks.is_card("4857214614683518")
    assert checks.is_luhn("1234567812345670")
    assert not checks.is_card("1234567812345670")
    assert not any(checks.has_brand(f"2026{'0' * n}") for n in range(9, 16))
    assert not checks.is_luhn("")


def test_barcodes() -> None:
    assert checks.is_ean("4006381333931")
    assert checks.is_ean("4712345678905")
    assert not checks.is_ean("4006381333932")
    assert not checks.is_ean("400638133393")
