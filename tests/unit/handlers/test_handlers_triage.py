"""The hand-off rules on texts they were not written from, and on pairs that differ in meaning but not in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from handlers.policy import Policy
from handlers.policy_document import LABELS
from handlers.rules import TABLES
from handlers.triage import classifier, classify, evaluate
from tests.unit.handlers.factories import encoder

SHIPPED = Policy.shipped()
HELD_OUT = Path(__file__).parents[2] / "data" / "triage.jsonl"
PEOPLE = LABELS[:4]

PAIRS = [
    ("叫你們主管出來", "客服時間是幾點"),
    ("我的卡不見了", "卡片掛失要手續費嗎"),
    ("我被詐騙了三萬塊", "詐騙防範宣導"),
    ("我會請律師處理", "律師費可以刷卡嗎"),
    ("我要投訴", "投訴要打哪個電話"),
    ("我該買哪一檔基金", "你們有賣哪些基金"),
    ("现在就帮我转人工", "人工服务时间"),
    ("我的信用卡被盗刷了", "信用卡盗刷保险理赔范围"),
    ("my card was stolen", "what is the fee to replace a stolen card"),
    ("I want to talk to a human", "what are the call center opening hours"),
    ("我的咔不見了", "我的優惠券不見了"),
    ("我被盜涮了", "如何預防盜刷"),
    ("帳號被駭，密碼被改掉了", "密碼打錯被鎖怎麼解"),
    ("要不要停損", "停損單怎麼設定"),
    ("你們根本詐騙集團，退錢", "你們會打電話要驗證碼嗎"),
]


@pytest.fixture(scope="module")
def judge():  # type: ignore[no-untyped-def]
    return classifier(encode=encoder())


@pytest.mark.parametrize(("person", "ordinary"), PAIRS)
def test_the_same_words_meaning_something_else(judge, person: str, ordinary: str) -> None:  # type: ignore[no-untyped-def]
    assert judge(person) in PEOPLE
    assert judge(ordinary) not in PEOPLE


def _rows() -> list[tuple[str, str]]:
    known = {SHIPPED.clean(text) for text, _ in SHIPPED.examples}
    lines = map(json.loads, HELD_OUT.read_text(encoding="utf-8").splitlines())
    return [(line["text"], line["label"]) for line in lines if SHIPPED.clean(line["text"]) not in known]


def _people(lines: list[dict[str, str]], labels: tuple[str, ...]) -> float:
    of = [line for line in lines if line["label"] in labels]
    return sum(line["predicted"] in PEOPLE for line in of) / len(of)


def test_goals_on_texts_kept_apart(judge) -> None:  # type: ignore[no-untyped-def]
    rows = _rows()
    assert len(rows) >= 300
    result = evaluate(rows, judge)
    lines = result["lines"]
    needed, false = _people(lines, PEOPLE), _people(lines, LABELS[4:])
    print(
        f"n {result['n']}, accuracy {result['accuracy']:.3f}, person when needed {needed:.3f}, needless {false:.3f}"
    )
    assert needed >= 0.97
    assert _people(lines, ("complaint",)) >= 0.98
    assert _people(lines, ("fraud_or_account_security",)) >= 0.98
    assert false <= 0.10


def test_without_an_encoder_the_rules_still_hold() -> None:
    lines = evaluate(_rows())["lines"]
    assert _people(lines, PEOPLE) >= 0.95
    assert _people(lines, LABELS[4:]) <= 0.15


def test_the_figures_of_evaluate() -> None:
    answers = iter(["complaint", "smalltalk", "complaint", "ordinary_question"])
    rows = [("a", "complaint"), ("b", "complaint"), ("c", "smalltalk"), ("d", "ordinary_question")]
    result = evaluate(rows, lambda _: next(answers))
    assert (result["n"], result["accuracy"]) == (4, 0.5)
    assert result["per_label"]["complaint"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5}
    assert result["per_label"]["personal_advice"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    assert set(result["per_label"]) == set(LABELS)
    assert result["confusion"]["complaint"] == {"complaint": 1, "smalltalk": 1}
    assert result["lines"][2] == {"label": "smalltalk", "predicted": "complaint"}
    assert evaluate([])["accuracy"] == 0.0
    with pytest.raises(ValueError, match="unknown label"):
        evaluate([("a", "rage")])


def test_classify_is_deterministic() -> None:
    assert [classify(text) for text, _ in SHIPPED.examples[:40]] == [
        classify(text) for text, _ in SHIPPED.examples[:40]
    ]


def test_every_rule_file_loads_and_says_what_it_is() -> None:
    for name in TABLES:
        ids = [rule.id for rule in SHIPPED.rules[name]]
        assert ids
        assert len(ids) == len(set(ids))
    assert SHIPPED.vocabulary.words


def test_enough_examples_of_each_label_and_none_twice() -> None:
    pairs = SHIPPED.examples
    assert len({text for text, _ in pairs}) == len(pairs)
    for label in LABELS:
        assert sum(one == label for _, one in pairs) >= 60
