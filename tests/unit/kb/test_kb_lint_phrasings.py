"""The articles whose phrasings are worth an editor's next hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from kb.articles import Content, Review
from kb.live import as_approved
from kb.phrasings import Need, needs
from kb.review import Draft

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def article(name: str, *questions: str) -> Content:
    return as_approved(Draft(name, {"zh-TW": "好"}, questions), NOW)


def test_traffic_and_missing_phrasings_decide_the_order() -> None:
    contents = [
        article("quiet", "甲乙丙"),
        article("busy", "丙丁戊", "己庚辛", "What is it?"),
        article("full", *(f"問題{chr(0x4E00 + n)}丁" for n in range(10))),
        replace(article("draft", "甲乙丁"), status=Review.DRAFT),
    ]
    found = needs(contents, {"busy": 40, "full": 900}, NOW)
    assert [need.article for need in found] == ["busy", "quiet"]
    assert found[0] == Need("busy", "丙丁戊", 3, 1, 40, found[0].weight)
    assert [need.article for need in needs(contents, {}, NOW)] == ["quiet", "busy"]


def test_spellings_of_one_question_count_once() -> None:
    assert needs([article("a", "年費多少", "請問年費多少？")], {}, NOW)[0].phrasings == 1
