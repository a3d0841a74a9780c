"""The sample knowledge and shipped texts as files, for tests that compare what a customer was shown."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tests.house import ROOT


@cache
def articles() -> dict[str, dict[str, Any]]:
    lines = (ROOT / "kb/sample/articles.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["id"]: row for row in map(json.loads, filter(None, lines))}


def question(article_id: str) -> str:
    """The article's first question, as approved."""
    return str(articles()[article_id]["questions"][0])


def answer(article_id: str, locale: str = "zh-TW") -> str:
    given = articles()[article_id]["answer"]
    return str(given[locale] if isinstance(given, dict) else given)


@cache
def _shipped(name: str) -> list[dict[str, Any]]:
    lines = (ROOT / "kb/shipped" / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line]


def notice(notice_id: str, locale: str = "zh-TW") -> str:
    return next(str(row["text"][locale]) for row in _shipped("notices.jsonl") if row["id"] == notice_id)


def disclosure(product_class: str, locale: str = "zh-TW") -> str:
    rows = _shipped("disclosures.jsonl")
    return next(str(row["text"][locale]) for row in rows if row["product_class"] == product_class)
