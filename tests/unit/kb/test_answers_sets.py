"""The sets behind docs/answers.md: their form, their ids, and that they do not copy the knowledge."""

from __future__ import annotations

import pytest

from kb import desk
from kb.evaluate import read_questions
from kb.search.normalise import surface
from tests.answers import NAMES, SETS

_SAMPLE = desk.drafts_of(SETS.parents[2] / "kb" / "sample" / "articles.jsonl")


@pytest.mark.parametrize("name", NAMES)
def test_a_set_names_articles_of_the_sample_in_words_of_its_own(name: str) -> None:
    questions = read_questions(SETS / f"{name}.jsonl")
    ids = {draft.id for draft in _SAMPLE}
    worded = {surface(question) for draft in _SAMPLE for question in draft.questions}

    assert len(questions) >= 35
    assert len({q.text for q in questions}) == len(questions)
    assert all(q.articles <= ids for q in questions)
    assert all(bool(q.articles) != (name in ("far", "near")) for q in questions)
    assert [q.text for q in questions if surface(q.text) in worded] == []


def test_english_questions_are_about_articles_without_english() -> None:
    english = {draft.id for draft in _SAMPLE if "en" in draft.answer}

    assert all(not q.articles & english for q in read_questions(SETS / "english.jsonl"))
