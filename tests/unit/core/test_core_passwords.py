"""Passwords: length and known ones, nothing else; and what the settings of sign-in accept."""

from __future__ import annotations

import pytest

from bot.errors import ConfigError
from bot.passwords import COMMON, CONTEXT, PERSONAL, SIMPLE, TOO_SHORT, weak
from bot.settings import Settings
from bot.settings_security import Security


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", TOO_SHORT),
        ("x" * 257, TOO_SHORT),
        ("Password123!", COMMON),
        ("qwertyuiop2024", COMMON),
        ("ji32k7au4a83", COMMON),
        ("teller-demo-2026", COMMON),
        ("aaaaaaaaaaaa", SIMPLE),
        ("abcabcabcabc", SIMPLE),
        ("abcdefghijklm", SIMPLE),
        ("987654321098", SIMPLE),
        ("lin.yijun2026", PERSONAL),
        ("seven geese cross the strait", None),
        ("no digits or capitals", None),
        ("我每天早上都走路去上班喔", None),
    ],
)
def test_passwords(password: str, why: str | None) -> None:
    assert weak(password, "林怡君", "lin.yijun@example.com") == why


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("yijun-lin-1990", PERSONAL),
        ("LinYijun - 2026!", PERSONAL),
        ("1in-yijun at sea", PERSONAL),
        ("林怡君的密碼2026年底", PERSONAL),
        ("hills of example", PERSONAL),
        ("my teller of yore", CONTEXT),
        ("7e11er sings now", CONTEXT),
        ("T-e-l-l-e-r at night", CONTEXT),
        ("First Formosa 1998", CONTEXT),
        ("f1rst-form0sa 98", CONTEXT),
        ("FFBANK is here 1", CONTEXT),
        ("甲銀行上班真的很開心2026", CONTEXT),
        ("甲 銀行上班真的很開心2026", None),
        ("storm lin over yijun and the sea", None),
        ("my teller of very long stories", None),
        ("a first formosa of many harbours", None),
        ("the hotel lerwick by the sea", None),
        ("a first morning in formosa", None),
        ("lin and yi under the old bridge", None),
    ],
)
def test_no_word_that_is_near_at_hand(password: str, why: str | None) -> None:
    context = ("甲銀行", "First Formosa", "ffbank")
    assert weak(password, "林怡君", "lin.yijun@example.com", context=context) == why


def test_which_words_those_are() -> None:
    given = {
        "TELLER_FIRM_NAMES": " 甲銀行 ,First  Formosa,, ffb",
        "PUBLIC_URL": "https://talk.ffbank.com.tw:8443",
    }
    assert Settings.from_env(given).security.context_words == (
        "甲銀行",
        "First Formosa",
        "ffb",
        "talk",
        "ffbank",
    )
    assert Settings.from_env({}).security.context_words == (), "an address of numbers has no words"
    assert Settings.from_env({"PUBLIC_URL": "http://localhost:8000"}).security.context_words == ()
    for short in ("ab", "-- --", "甲"):
        with pytest.raises(ConfigError, match="TELLER_FIRM_NAMES"):
            Settings.from_env({"TELLER_FIRM_NAMES": short})


def test_profiles_and_who_needs_a_second_factor() -> None:
    owasp, strict = Security("owasp", True), Security("strict", True)
    assert (owasp.idle_minutes, owasp.password_days) == (30, None)
    assert (strict.idle_minutes, strict.password_days) == (10, 90)
    assert [owasp.needs_second_factor(role) for role in ("agent", "compliance", "admin")] == [
        False,
        True,
        True,
    ]
    assert strict.needs_second_factor("agent")
    assert not Security("strict").needs_second_factor("admin"), "a newcomer's machine asks for none"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"TELLER_SECURITY": "loose"}, "TELLER_SECURITY"),
        ({"TELLER_OIDC_ISSUER": "https://login.bank.example"}, "TELLER_OIDC_CLIENT_ID"),
        (
            {"TELLER_OIDC_ISSUER": "login", "TELLER_OIDC_CLIENT_ID": "a", "TELLER_OIDC_CLIENT_SECRET": "b"},
            "ISSUER",
        ),
        (
            {
                "TELLER_OIDC_ISSUER": "https://login.bank.example",
                "TELLER_OIDC_CLIENT_ID": "a",
                "TELLER_OIDC_CLIENT_SECRET": "b",
                "TELLER_OIDC_ROLE_CLAIM": "groups",
                "TELLER_OIDC_ROLES": '{"x": "king"}',
            },
            "TELLER_OIDC_ROLES",
        ),
    ],
)
def test_faults_are_named_and_hold_no_secret(given: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError) as fault:
        Settings.from_env(given)
    assert named in str(fault.value)
