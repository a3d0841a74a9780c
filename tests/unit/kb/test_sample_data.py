"""The content that ships and the labelled sets that judge it: formats, counts, and that they agree with each other."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.model import ContentKind
from bot.slots import DECLARED, SLOT, undeclared

ROOT = Path(__file__).resolve().parents[3]
CLASSES = {"deposit", "loan", "card", "investment", "insurance", "account", "general"}
LABELS = {
    "human_request",
    "complaint",
    "personal_advice",
    "fraud_or_account_security",
    "ordinary_question",
    "smalltalk",
}
KINDS = {"clean", "messy", "colloquial", "english", "contrast", "far", "near"}
NOTICES = {
    *(
        "greeting",
        "clarify",
        "miss",
        "handoff",
        "handoff_offhours",
        "handoff_complaint",
        "handoff_ai_off",
        "emergency",
        "advice",
    ),
    *("crisis", "unsupported", "choose_person", "choose_none", "smalltalk_thanks", "choice_expired"),
    *("system_error", "resolved", "back_to_bot"),
    *("csat_ask", "csat_1", "csat_2", "csat_3", "csat_4", "csat_5"),
    *("csat_thanks", "csat_changed", "csat_comment", "csat_late"),
    *("status_verify", "status_verify_in_app", "status_none", "status_more", "status_unavailable"),
    *("status_received", "status_in_review", "status_documents_missing", "status_approved"),
    *("status_completed", "status_rejected", "status_withdrawn"),
    *("linked", "link_expired", "privacy_link", "ombudsman"),
}
SPANS = {
    "TW_ID",
    "ARC_NEW",
    "ARC_OLD",
    "COMPANY_TAX_ID",
    "PASSPORT",
    "CREDIT_CARD",
    "BANK_ACCOUNT",
    "MOBILE",
    "LANDLINE",
    "EMAIL",
    "ADDRESS",
    "BIRTHDAY",
    "LINE_ID",
    "NHI_CARD",
    "CAR_PLATE",
    "SECRET",
}
FORBIDDEN = re.compile(
    r"保證獲利|保本保息|適合您|最適合|建議您(?:買|申購|投資)|穩賺|零風險|無風險|best for you|guaranteed", re.I
)


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]


ARTICLES = rows("kb/sample/articles.jsonl")
NOTICE_ROWS = rows("kb/shipped/notices.jsonl")
DISCLOSURES = rows("kb/shipped/disclosures.jsonl")
QUESTIONS = rows("tests/data/questions_sample.jsonl")
TRIAGE = rows("tests/data/triage.jsonl")
MASKING = rows("tests/data/masking.jsonl")


def plain(text: str) -> str:
    """NFKC, without spaces and punctuation, folded: what a customer would call the same question."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).casefold()


def repeated(texts: list[str]) -> list[str]:
    return [text for text, count in Counter(texts).items() if count > 1]


def test_articles_are_many_unique_and_half_of_them_in_english() -> None:
    assert len(ARTICLES) >= 90
    assert repeated([a["id"] for a in ARTICLES]) == []
    assert {a["product_class"] for a in ARTICLES} == CLASSES
    assert sum("en" in a["answer"] for a in ARTICLES) * 2 >= len(ARTICLES)


@pytest.mark.parametrize("article", ARTICLES, ids=lambda a: a["id"])
def test_article_form(article: dict[str, Any]) -> None:
    assert set(article) == {"id", "questions", "answer", "product_class", "tags"}
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", article["id"])
    assert 6 <= len(article["questions"]) <= 10
    assert len(article["questions"][0]) <= 20, "a title must fit on a button of every platform"
    assert article["tags"]
    assert all(q == q.strip() and q for q in [*article["questions"], *article["tags"]])
    assert set(article["answer"]) <= {"zh-TW", "en"}
    assert 60 <= len(article["answer"]["zh-TW"]) <= 300
    assert 60 <= len(article["answer"].get("en", "x" * 60)) <= 600


def amounts(text: str) -> set[float]:
    """Every amount of money in the text, in NT$, from `NT$1,800`, `1,800 元` or `5 萬元`."""
    found = [(n, "") for n in re.findall(r"NT\$([\d,]*\d)", text)]
    found += re.findall(r"([\d,]*\d) ?(萬)? ?元", text)
    return {float(n.replace(",", "")) * (10_000 if unit else 1) for n, unit in found}


@pytest.mark.parametrize("article", [a for a in ARTICLES if "en" in a["answer"]], ids=lambda a: a["id"])
def test_both_languages_state_the_same_figures(article: dict[str, Any]) -> None:
    zh, en = article["answer"]["zh-TW"], article["answer"]["en"]
    assert amounts(en) <= amounts(zh) | {float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*\d|\d", zh)}
    assert set(re.findall(r"[\d.]+%", en)) == set(
        re.findall(r"[\d.]+%", zh.replace("8 折", "80%").replace("8 成", "80%"))
    )


def test_no_question_stands_in_two_articles() -> None:
    assert repeated([plain(q) for a in ARTICLES for q in a["questions"]]) == []


@pytest.mark.parametrize("row", [*NOTICE_ROWS, *DISCLOSURES, *ARTICLES], ids=lambda r: r["id"])
def test_nothing_promises_advises_or_waits_to_be_filled_in(row: dict[str, Any]) -> None:
    for text in (row.get("text") or row["answer"]).values():
        assert not FORBIDDEN.search(text)
        plain = SLOT.sub("", text) if row["id"] in DECLARED else text
        assert not re.search(r"[{}<]|TODO|待補", plain)
        assert not any(unicodedata.category(c) in {"So", "Cs", "Co", "Cf"} for c in text)


def test_fees_told_in_several_articles_agree() -> None:
    answers = {a["id"]: a["answer"]["zh-TW"] for a in ARTICLES}
    for figure, ids in {
        "年費 1,800 元": ["card-products", "card-annual-fee"],
        "年費 3,600 元": ["card-products", "card-annual-fee"],
        "滿 30 萬元": ["card-annual-fee", "card-annual-fee-waive"],
        "200 元": ["card-lost-report", "card-replace-fee"],
        "開辦費 5,000 元": ["loan-rate", "loan-top-up"],
        "最低 1 萬元": ["deposit-time-open"],
        "6.75% 至 15%": ["card-revolving-rate"],
    }.items():
        assert [i for i in ids if figure not in answers[i]] == []


def test_notices_are_complete_and_the_greeting_names_the_ai() -> None:
    texts = {n["id"]: n["text"] for n in NOTICE_ROWS}
    assert set(texts) == NOTICES
    assert len(NOTICE_ROWS) == len(NOTICES)
    assert all(n["kind"] == "notice" and set(n["text"]) == {"zh-TW", "en"} for n in NOTICE_ROWS)
    assert not [
        n["id"] for n in NOTICE_ROWS for t in n["text"].values() if undeclared(ContentKind.NOTICE, n["id"], t)
    ]
    for name, slots in DECLARED.items():
        assert name in NOTICES, name
        places = [set(SLOT.findall(text)) for text in texts[name].values()]
        assert places[0] == places[1] <= slots, name
    assert "AI" in texts["greeting"]["zh-TW"]
    assert "AI" in texts["greeting"]["en"]
    assert "我要真人" in texts["greeting"]["zh-TW"]
    assert "1925" in texts["crisis"]["zh-TW"]
    assert "165" in texts["emergency"]["zh-TW"]
    for button in ("choose_person", "choose_none", *(f"csat_{score}" for score in range(1, 6))):
        assert all(len(t) <= 20 for t in texts[button].values())


def test_one_disclosure_for_each_class_that_needs_one() -> None:
    assert sorted(d["product_class"] for d in DISCLOSURES) == ["card", "insurance", "investment", "loan"]
    assert all(d["kind"] == "disclosure" and set(d["text"]) == {"zh-TW", "en"} for d in DISCLOSURES)
    must = {
        "loan": "不等於貸款利率",
        "card": "謹慎理財，信用至上",
        "investment": "過去績效",
        "insurance": "10 日",
    }
    for d in DISCLOSURES:
        assert must[d["product_class"]] in d["text"]["zh-TW"]


def test_evaluation_questions_name_real_articles_and_copy_none() -> None:
    ids = {a["id"] for a in ARTICLES}
    own = {plain(q) for a in ARTICLES for q in a["questions"]}
    assert len(QUESTIONS) >= 260
    assert repeated([plain(q["question"]) for q in QUESTIONS]) == []
    assert [q["question"] for q in QUESTIONS if plain(q["question"]) in own] == []
    assert {i for q in QUESTIONS for i in q["articles"]} == ids, "every article is asked for at least once"
    assert {q["kind"] for q in QUESTIONS} == KINDS
    assert all((q["kind"] in {"far", "near"}) == (not q["articles"]) for q in QUESTIONS)
    assert sum(not q["articles"] for q in QUESTIONS) >= 60


def test_triage_texts_are_balanced_and_labelled_once() -> None:
    assert len(TRIAGE) >= 300
    assert repeated([t["text"] for t in TRIAGE]) == []
    counts = Counter(t["label"] for t in TRIAGE)
    assert set(counts) == LABELS
    assert min(counts.values()) >= 50


def test_triage_texts_are_none_the_rules_learned_from() -> None:
    # a text in both would measure memory, not judgement
    learned = {plain(row["text"]) for row in rows("handlers/examples.jsonl")} - {""}
    assert [t["text"] for t in TRIAGE if plain(t["text"]) in learned] == []


def id_checks(value: str) -> bool:
    letters = dict(zip("ABCDEFGHJKLMNPQRSTUVXYWZIO", range(10, 36), strict=True))
    head = divmod(letters[value[0]], 10)
    rest = [letters[c] % 10 if c.isalpha() else int(c) for c in value[1:]]
    return (
        sum(d * w for d, w in zip([*head, *rest], (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True)) % 10 == 0
    )


def luhn_checks(value: str) -> bool:
    doubled = (int(c) * (1 + i % 2) for i, c in enumerate(reversed(value)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def tax_checks(value: str) -> bool:
    total = sum(sum(divmod(int(c) * w, 10)) for c, w in zip(value, (1, 2, 1, 2, 1, 2, 4, 1), strict=True))
    return total % 5 == 0 or (value[6] == "7" and (total + 1) % 5 == 0)


# Mistyped on purpose: beside the word that names it a wrong number is masked all the same, for it shows nine or fifteen
# true characters.
MISTYPED = ("好像打錯了", "打不進去", "好像輸入錯")
# A row with `"checks": false` says by itself that its number is nearly right, or is spelled without a check digit.


def holds(check: Callable[[str], bool], value: str) -> bool:
    """Whether its check digit fits; one that is spelled out, or has letters for digits, has none to look at."""
    try:
        return check(value)
    except (KeyError, ValueError, IndexError):
        return False


def test_masking_spans_are_in_order_and_carry_valid_check_digits() -> None:
    assert len(MASKING) >= 150
    assert sum(not m["spans"] for m in MASKING) >= 50
    assert {s["type"] for m in MASKING for s in m["spans"]} == SPANS
    check = dict.fromkeys(("TW_ID", "ARC_NEW", "ARC_OLD"), id_checks) | {
        "CREDIT_CARD": luhn_checks,
        "COMPANY_TAX_ID": tax_checks,
    }
    for m in MASKING:
        end = 0
        for span in m["spans"]:
            assert end <= span["start"] < span["end"] <= len(m["text"])
            end = span["end"]
            value = plain(m["text"][span["start"] : end]).upper()
            if span["type"] in check:
                mistyped = any(word in m["text"] for word in MISTYPED) or m.get("checks") is False
                assert holds(check[span["type"]], value) != mistyped, m["text"]
