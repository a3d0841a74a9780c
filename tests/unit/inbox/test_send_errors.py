"""Whatever a platform's adapter may say of a message that failed has a plain sentence, in both languages."""

from __future__ import annotations

import ast
import re

import pytest
from flask import Flask

from inbox import words
from tests.house import ROOT
from tests.unit.inbox.fake import a_console, an_app

# Said of a channel's set-up, on its own page and in a sentence of its own: never of a message.
SET_UP = {"not_registered", "not_subscribed", "webhook_failed"}
CODE = re.compile(r"[a-z][a-z_]+")


def codes() -> set[str]:
    """First halves of what is raised, and of the tables that are raised from: ("code", "A sentence")."""
    found = set()
    for path in (ROOT / "adapters").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "SendError"
            parts = node.args[:2] if named else node.elts if isinstance(node, ast.Tuple) else []  # type: ignore[attr-defined]
            if not parts or not isinstance(parts[0], ast.Constant) or not CODE.fullmatch(str(parts[0].value)):
                continue
            told = len(parts) == 2 and isinstance(parts[1], ast.Constant) and " " in str(parts[1].value)
            if named or told:
                found.add(str(parts[0].value))
    return found


@pytest.fixture(scope="module")
def app() -> Flask:
    return an_app(a_console())


def test_the_search_finds_what_is_raised_directly_and_from_tables() -> None:
    assert {"blocked", "window_closed", "quota", "no_answer", "not_found", "rate_limited"} <= codes()


@pytest.mark.parametrize("lang", ["en", "zh-TW"])
def test_every_failure_has_its_sentence(app: Flask, lang: str) -> None:
    with app.test_request_context("/", headers={"Cookie": f"teller_lang={lang}"}):
        said = {code: words.said(words.SEND_ERRORS, code) for code in sorted(codes() - SET_UP)}
    plain = {code: sentence for code, sentence in said.items() if code.replace("_", " ") == sentence}
    assert plain == {}
    if lang == "zh-TW":
        assert [code for code, sentence in said.items() if not re.search("[一-鿿]", sentence)] == []
