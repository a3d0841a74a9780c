"""Replies of people that read as personalised advice: measured on lines the rules and the examples have not seen."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from handlers.agent_advice import FORBIDDEN, MEANING, AgentAdvice, examples, rules, touched
from kb.search import encoders
from tests.house import ROOT

# Every second line of a set that was written in three goes: the other half are handlers/agent_examples.jsonl, by which
# rules and weights were chosen. The last go was written when the rules stood.
LINES = ROOT / "tests" / "data" / "agent_replies.jsonl"
ARTICLES = ROOT / "kb" / "sample" / "articles.jsonl"


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in LINES.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def warm() -> AgentAdvice:
    advice = AgentAdvice(encoders.use().encode)
    advice.warm()
    return advice


def shares(advice: AgentAdvice, written: str = "") -> tuple[float, float]:
    """Recall, and the share of harmless replies that are asked about."""
    found = {True: [], False: []}  # type: dict[bool, list[bool]]
    for row in rows():
        if written in row["written"]:
            found[row["advice"]].append(bool(advice.evidence(row["text"])))
    return sum(found[True]) / len(found[True]), sum(found[False]) / len(found[False])


def test_the_set_is_large_and_has_both_languages_and_nothing_of_the_examples() -> None:
    lines = rows()
    harmless = [row for row in lines if not row["advice"]]
    assert len(lines) >= 190
    assert len(harmless) >= 100
    for kind in (True, False):
        assert {row["lang"] for row in lines if row["advice"] is kind} == {"zh", "en"}
    assert not {row["text"] for row in lines} & {text for text, _ in examples()}


def test_advice_is_found_and_ordinary_replies_pass(warm: AgentAdvice) -> None:
    recall, false = shares(warm)
    assert recall >= 0.94, recall
    assert false <= 0.03, false
    unseen, _ = shares(warm, "after the rules")
    assert unseen >= 0.8, unseen


def test_meaning_finds_what_rules_alone_have_not_met(warm: AgentAdvice) -> None:
    rules_only, _ = shares(AgentAdvice(), "after the rules")
    assert shares(warm, "after the rules")[0] > rules_only + 0.3
    assert shares(AgentAdvice())[1] <= 0.03


def test_an_agent_may_quote_every_approved_answer(warm: AgentAdvice) -> None:
    texts = [
        text
        for line in ARTICLES.read_text(encoding="utf-8").splitlines()
        for text in json.loads(line)["answer"].values()
    ]
    assert len(texts) > 250
    assert [text for text in texts if warm.evidence(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "我們提供 A、B、C 三種方案",
        "建議您撥打客服專線",
        "建議您更新 App",
        "您可以在 App 申請掛失",
        "很抱歉造成您的不便",
        "您的申請正在審核中",
    ],
)
def test_what_agents_say_all_day_is_not_asked_about(warm: AgentAdvice, text: str) -> None:
    assert warm.evidence(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "我建議您買這檔基金",
        "這檔很適合您",
        "您可以考慮加碼",
        "以您的狀況，選 B 比較划算",
        "I’d recommend you take the fixed rate",
    ],
)
def test_what_the_rules_are_for_is_found_before_anything_is_warm(text: str) -> None:
    assert AgentAdvice(encoders.use().encode).evidence(text)


def test_evidence_holds_no_word_of_the_reply(warm: AgentAdvice) -> None:
    known = {rule.id for rule in rules()} | {FORBIDDEN, MEANING}
    for row in rows():
        assert set(warm.evidence(row["text"])) <= known
    assert FORBIDDEN in touched("這檔保證獲利")


def test_a_long_reply_is_read_quickly() -> None:
    import time

    begun = time.perf_counter()
    for piece in ("建議您可以", "以您的狀況，", "you could also "):
        AgentAdvice().evidence((piece * 1000)[:2000])
    assert time.perf_counter() - begun < 1.0


def test_every_rule_is_needed_or_says_what_for() -> None:
    """A rule no labelled line touches is one nobody could tell broken from whole."""
    texts = [row["text"] for row in rows() if row["advice"]] + [text for text, advice in examples() if advice]
    met = {rule for text in texts for rule in touched(text)}
    assert {rule.id for rule in rules()} - met == set()
    assert not re.search(r"[\u4e00-\u9fff]", "".join(rule.id for rule in rules()))
    assert Path(LINES).stat().st_size < 60_000
