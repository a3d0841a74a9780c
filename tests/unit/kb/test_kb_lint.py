"""The linter finds what it names, and stays silent where a careful editor would."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.contracts import Capabilities
from bot.model import ContentKind, ProductClass
from kb import desk
from kb.articles import Content, Review
from kb.education import product_link
from kb.lint import KINDS, Fault, Severity, lint
from kb.lint.dates import Role, dates
from kb.live import as_approved
from kb.review import Draft
from kb.search.encoders import use

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
QUESTIONS = ("客服時間是幾點", "你們幾點下班")


def article(name: str = "a", text: str = "週一至週五。", **more: object) -> Content:
    fields = {"questions": QUESTIONS, "answer": {"zh-TW": text, "en": f"On weekdays, {name}."}} | more
    return as_approved(Draft(id=name, **fields), NOW)  # type: ignore[arg-type]


def asked(name: str, *questions: str, **more: object) -> Content:
    return article(name, f"答覆 {name}", questions=questions, **more)


def kinds(faults: Sequence[Fault]) -> list[str]:
    return [fault.kind for fault in faults]


def found(*contents: Content, **more: object) -> list[Fault]:
    return lint(contents, now=NOW, **more)  # type: ignore[arg-type]


# -- one article -------------------------------------------------------------------------------------------------------


def test_a_plain_article_has_no_fault() -> None:
    assert found(article()) == []


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("single_phrasing", {"questions": ("客服時間是幾點",)}),
        ("missing_language", {"answer": {"zh-TW": "週一至週五。"}}),
        ("missing_language", {"answer": {"en": "On weekdays."}}),
        ("missing_disclosure", {"product_class": ProductClass.LOAN}),
        ("expired", {"valid_until": NOW}),
        ("expires_soon", {"valid_until": NOW + timedelta(days=29)}),
        ("past_date", {"text": "活動至民國 115 年 2 月 28 日止。"}),
        ("date_soon", {"text": "活動至 2026/3/30 止。"}),
        ("old_basis", {"text": "年利率 2%（基準日 2025 年 10 月 1 日）。"}),
        ("placeholder", {"text": "手續費 ＸＸ 元。"}),
        ("placeholder", {"text": "請洽{branch}。"}),
        ("placeholder", {"text": "費用待補。"}),
        ("placeholder", {"text": "請洽○○分行。"}),
        ("placeholder", {"text": "TODO: fee"}),
        ("placeholder", {"questions": ("【請填寫問題】", "幾點下班")}),
        ("personal_data", {"text": "身分證字號 Z149877252 者免附。"}),
        ("personal_data", {"text": "請撥 0912-345-678。"}),
        ("contact_data", {"text": "請來信 wei.lin@example.com。"}),
        ("education_link", {"text": "請見 https://example.com/fund。", "tags": ("education",)}),
        ("wording", {"text": "本商品保證獲利。"}),
    ],
)
def test_each_fault_is_found_alone(kind: str, change: dict[str, object]) -> None:
    assert kinds(found(article(**change))) == [kind]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"valid_until": NOW + timedelta(days=30)},
        {"text": "自民國 115 年 1 月 1 日起適用。"},
        {"text": "活動期間 2026/1/1 至 2026/12/31。"},
        {"text": "年利率 2%（基準日 2026 年 2 月 1 日）。"},
        {"text": "補件後約 3 天；待補件者另行通知。"},
        {"text": "請至「我的 > 設定 > 通知」。"},
        {"text": "請撥 165 或 0800-000-123，服務代碼 114.2.3.4。"},
        {"text": "本商品不保證獲利。"},
        {"text": "請見 https://example.com/fund。", "tags": ("基金",)},
        {"text": "請見 https://165.npa.gov.tw/#/。", "tags": ("education",)},
    ],
)
def test_what_only_looks_alike_is_left_alone(change: dict[str, object]) -> None:
    assert found(article(**change)) == []  # type: ignore[arg-type]


def test_a_finding_never_repeats_the_personal_data_it_found() -> None:
    number = "Z149877252"
    copies = [asked(name, f"{number} 是誰的身分證字號", "第二種問法" + name) for name in "ab"]
    faults = found(article("c", f"身分證字號 {number} 者免附。"), *copies)
    assert {"personal_data", "copied_question"} <= set(kinds(faults))
    for fault in faults:
        assert number not in f"{fault} {fault.say('en')} {fault.say('zh-TW')}"


def test_every_kind_has_both_sentences_and_the_worst_comes_first() -> None:
    faults = found(article("b", "費用待補。"), article("a", answer={"zh-TW": "週一。"}, questions=("週一",)))
    assert [fault.severity for fault in faults] == [Severity.ERROR, Severity.WARNING, Severity.HINT]
    assert "待補" in faults[0].say("zh-TW")
    assert faults[0].sentence == "A placeholder was left in: “待補”."
    assert all(zh != en for _, zh, en in KINDS.values())


def test_a_newer_draft_is_read_and_a_retired_version_is_not() -> None:
    old = article("a", "費用待補。")
    newer = Content(ContentKind.ARTICLE, "a", 2, {"zh-TW": "一", "en": "One."}, QUESTIONS)
    gone = Content(ContentKind.ARTICLE, "z", 1, {"zh-TW": "TODO"}, status=Review.RETIRED)
    assert found(old, newer, gone) == []


# -- dates -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("至２０２５年１２月３１日止", date(2025, 12, 31)),
        ("2025-12-31", date(2025, 12, 31)),
        ("2025.12.31 前", date(2025, 12, 31)),
        ("中華民國114年12月31日", date(2025, 12, 31)),
        ("114/12/31", date(2025, 12, 31)),
        ("民國 99 年 2 月", date(2010, 2, 28)),
        ("2024年2月底", date(2024, 2, 29)),
        ("114 年底前", date(2025, 12, 31)),
        ("by 31 December 2025", date(2025, 12, 31)),
        ("until Dec. 31, 2025", date(2025, 12, 31)),
        ("in December 2025", date(2025, 12, 31)),
    ],
)
def test_dates_are_read_in_both_calendars(text: str, day: date) -> None:
    assert [(at, role) for _, at, role in dates(text)] == [(day, Role.END)]


@pytest.mark.parametrize("text", ["2025/13/31", "2025 年 2 月 30 日", "版本 1.114.12.31", "115 元", "24/7"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert list(dates(text)) == []


# -- education ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com/fund", "line://app/123", "ｈｔｔｐｓ://example.com", "myfirm://buy", "liff.line.me/1-a",
        "shop.example.com.tw", "https://gov.tw@evil.com/", "https://gov.tw.evil.com", "https://notgov.tw/a",
        "ex\u200bample.com/x",
    ],
)  # fmt: skip
def test_education_links_are_seen_however_they_are_written(link: str) -> None:
    assert product_link(article(text=f"詳情：{link}。", tags=("Education",)))
    assert product_link(article(text=f"詳情：{link}。")) is None


# -- two articles ------------------------------------------------------------------------------------------------------


def test_copies_are_found_after_normalisation_and_named_once() -> None:
    one = article("a", "請攜帶 身分證，至分行辦理。", questions=("请问年費多少？", "年費"))
    other = article("b", "請攜帶身分證,至分行辦理", questions=("年費多少", "信用卡要繳錢嗎"))
    faults = [(f.kind, f.article, f.others) for f in found(one, other)]
    assert faults == [("copied_question", "a", ("b",)), ("copied_answer", "a", ("b",))]


def test_an_article_and_its_successor_are_no_copies() -> None:
    end = NOW + timedelta(days=90)
    kept = asked("c", "年費多少", "每年要付多少錢", valid_from=end + timedelta(days=90))
    old, new = asked("a", "年費多少", "年費", valid_until=end), asked("b", "年費多少", "年費", valid_from=end)
    assert found(old, new) == []
    assert {(f.article, f.others) for f in found(old, new, kept)} == {("b", ("c",))}


@pytest.mark.parametrize("encoders", [(), (use(),)], ids=["words", "encoder"])
def test_near_questions_are_told_from_siblings_and_from_strangers(encoders: tuple[object, ...]) -> None:
    contents = [
        asked("near-1", "信用卡紅利點數如何兌換航空公司的里程", "點數"),
        asked("near-2", "信用卡紅利點數如何兌換航空公司的里程數", "里程"),
        asked("set", "如何設定基金停利通知", "獲利了結"),
        asked("loss", "如何設定基金停損通知", "跌太多"),
        asked("lost", "掛失", "卡片放在計程車上"),
        asked("unlost", "取消掛失", "在沙發下面"),
    ]
    faults = {(f.kind, f.article, f.others) for f in found(*contents, encoders=encoders)}
    assert faults == {
        ("near_question", "near-1", ("near-2",)),
        ("contrast_sibling", "loss", ("set",)),
        ("contrast_sibling", "lost", ("unlost",)),
    }


def test_many_questions_take_no_loop_over_pairs() -> None:
    chance = random.Random(5)
    letters = [chr(c) for c in range(0x4E00, 0x4E00 + 3000)]
    contents = [
        asked(f"a{n}", *("".join(chance.choices(letters, k=9)) for _ in range(4))) for n in range(1000)
    ]
    first = contents[0].questions[0]
    started = time.perf_counter()
    faults = found(*contents, asked("twin", "那個" + first + "甲", "第二種"))
    assert [(f.kind, f.article, f.others) for f in faults] == [("near_question", "a0", ("twin",))]
    assert time.perf_counter() - started < 8  # 8 million pairs: a Python loop would take minutes


# -- lengths -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (50, []),
        (25, ["disclosure_apart"]),
        (15, ["split_answer"]),
        (8, ["split_disclosure", "split_answer"]),
    ],
)
def test_lengths_are_those_of_what_is_sent(limit: int, expected: list[str]) -> None:
    text, risk = "二" * 20, "警" * 10
    loan = article(answer={"zh-TW": text}, product_class=ProductClass.LOAN)
    disclosure = Draft("risk", {"zh-TW": risk}, product_class=ProductClass.LOAN, kind=ContentKind.DISCLOSURE)
    faults = found(loan, as_approved(disclosure, NOW), limits={"line": Capabilities(limit, "utf16")})
    assert [kind for kind in kinds(faults) if kind != "missing_language"] == expected


def test_the_sample_has_no_error() -> None:
    contents = [as_approved(draft, NOW) for draft in [*desk.shipped(), *desk.sample()]]
    at = datetime(2026, 11, 1, tzinfo=UTC)
    faults = lint([c for c in contents if c.in_force(at)], now=at)
    assert set(kinds(faults)) <= {"contrast_sibling", "missing_language", "near_question"}
    assert ("invest-stop-loss", ("invest-take-profit",)) in {(f.article, f.others) for f in faults}
