"""The figures of an evaluation: keys, sums and edge cases."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bot.errors import BadPayload
from kb import evaluate as ev

KEYS = {
    "n", "answered", "clarified", "missed", "handed_off", "right", "wrong", "precision_at_1", "recall_at_3", "auroc",
    "coverage_at_wrong", "ms_p50", "ms_p95", "index_s",
}  # fmt: skip


def questions(*rows):
    return [ev.Question(text, frozenset(ids)) for text, ids in rows]


def test_keys_and_sums(knowledge):
    asked = questions(
        ("信用卡年費怎麼收", ["fee"]), ("基金怎麼賣", ["redeem", "other"]), ("信用卡年費多少", ["hours"]),
        ("今天會下雨嗎", []), ("利率", ["mortgage", "carloan"]),
    )  # fmt: skip
    result = ev.evaluate(asked, ev.by_finder(knowledge, "zh-TW"), knowledge, "zh-TW")
    assert set(result) == KEYS
    assert set(result["coverage_at_wrong"]) == {"0.005", "0.01", "0.02", "0.05"}
    assert result["n"] == 5 == sum(result[k] for k in ("answered", "clarified", "missed", "handed_off"))
    assert result["right"] + result["wrong"] == result["answered"] == 3
    assert result["wrong"] == 1
    assert result["precision_at_1"] == 0.75
    json.dumps(result)


def test_hand_offs_of_the_chain_count(knowledge):
    result = ev.evaluate(
        questions(("x", []), ("y", ["fee"])), lambda text: ("handed_off", None), knowledge, "zh-TW"
    )
    assert result["handed_off"] == 2
    assert result["answered"] == result["wrong"] == 0


def test_any_answer_where_none_is_right_is_wrong(knowledge):
    result = ev.evaluate(questions(("x", [])), lambda text: ("answered", "fee"), knowledge, "zh-TW")
    assert (result["right"], result["wrong"]) == (0, 1)
    assert result["precision_at_1"] is None


def test_coverage_sweeps_a_threshold_over_equal_confidences_together():
    sure = np.array([0.9, 0.8, 0.8, 0.7, 0.6])
    right = np.array([True, True, False, True, True])
    assert ev.coverage(sure, right, 0.0) == 0.2
    assert ev.coverage(sure, right, 0.2) == 1.0
    assert ev.coverage(sure, right, 0.25) == 1.0
    assert ev.coverage(np.array([0.9, 0.8]), np.array([False, True]), 0.05) == 0.0


def test_auroc_counts_ties_half():
    assert ev.auroc(np.array([0.9, 0.1]), np.array([True, False])) == 1.0
    assert ev.auroc(np.array([0.5, 0.5]), np.array([True, False])) == 0.5
    assert ev.auroc(np.array([0.1, 0.9]), np.array([True, False])) == 0.0
    assert ev.auroc(np.array([0.1]), np.array([True])) is None


@pytest.mark.parametrize("line", ["{", '{"question": "x"}', '{"question": "x", "articles": 3}', "[]"])
def test_a_bad_line_is_named(tmp_path, line):
    path = tmp_path / "q.jsonl"
    path.write_text('{"question": "a", "articles": []}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(BadPayload, match="line 2"):
        ev.read_questions(path)


def test_no_questions_is_an_error(knowledge):
    with pytest.raises(BadPayload):
        ev.evaluate([], ev.by_finder(knowledge, "zh-TW"), knowledge, "zh-TW")
