"""Logs name happenings and ids: no secret, no personal number, no customer's words, whoever writes the line."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bot.logs import clean, configure, logger

NUMBERS = ("A123456789", "0912345678", "someone@example.org", "4539578763621486")
SECRETS = (
    "Bearer eyJhbGciOiJIUzI1NiJ9.planted",
    "https://api.telegram.org/bot123456789:AAplantedToken-x_y/sendMessage",
    "access_token=EAAGplanted123&x=1",
    '{"secret": "plantedsecret99", "a": 1}',
    "password: hunter2planted",
    "X-Line-Signature signature='plantedsig00='",
)
PLANTED = ("planted", "AAplantedToken", *NUMBERS)


@pytest.fixture
def lines() -> Iterator[Any]:
    """What came out so far, a line each; fails where anything planted is in it."""
    root = logging.getLogger()
    before, level, written = list(root.handlers), root.level, io.StringIO()
    configure()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)

    def read() -> list[dict[str, Any]]:
        out = written.getvalue()
        assert not [words for words in PLANTED if words in out], out
        return [json.loads(line) for line in out.splitlines()]

    yield read
    root.handlers = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("text", [*NUMBERS, *SECRETS])
def test_values_are_cleaned(lines: Any, text: str) -> None:
    logger("test").warning("happened", detail=f"it said {text} and went on", thread="t1")
    (line,) = lines()
    assert (line["event"], line["thread"], line["level"]) == ("happened", "t1", "warning")
    assert line["detail"].startswith("it said ")


@pytest.mark.parametrize("text", [*NUMBERS, *SECRETS])
def test_values_within_values_are_cleaned_as_well(lines: Any, text: str) -> None:
    logger("test").warning("happened", detail={"deep": [{"er": text}], "pair": (text, 1)}, n=3, none=None)
    (line,) = lines()
    assert (line["n"], line["none"]) == (3, None)
    assert set(line["detail"]) == {"deep", "pair"}


@pytest.mark.parametrize("text", [*NUMBERS, *SECRETS])
def test_a_librarys_lines_are_cleaned(lines: Any, text: str) -> None:
    logging.getLogger("somebody.else").warning("got %s from %s", text, text)
    (line,) = lines()
    assert line["event"].startswith("got ")


def _fails() -> None:
    raise ValueError(f"cannot read {NUMBERS[0]} planted")


def test_an_exception_is_its_class_and_its_place(lines: Any) -> None:
    try:
        try:
            _fails()
        except ValueError as error:
            raise KeyError("planted again") from error
    except KeyError:
        logger("test").exception("turn_failed", conversation="c1")
        logging.getLogger("somebody.else").exception("it broke")
    ours, theirs = lines()
    for line in (ours, theirs):
        assert line["error"] == "KeyError"
        assert "test_core_logs.py:test_an_exception_is_its_class_and_its_place" in line["where"]
        assert set(line) <= {"event", "level", "timestamp", "error", "where", "conversation", "logger"}


def test_an_exception_given_as_a_value_is_not_quoted(lines: Any) -> None:
    try:
        _fails()
    except ValueError as error:
        logger("test").warning("job_failed", exc_info=error)
        logger("test").warning("job_failed", error=error)
    first, second = lines()
    assert first["error"] == "ValueError"
    assert "_fails" in first["where"]
    assert "ValueError" in second["error"]


def test_clean_leaves_ordinary_words_alone() -> None:
    text = "The key was not found; token expired, try the 3rd page, 年費 2000 元"
    assert clean(text) == text
