"""What the sources share: one row as a mapping of columns to a checked draft."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.errors import BadPayload
from bot.model import DEFAULT_LOCALE, LOCALES, ProductClass
from kb.review import Draft

TAIPEI = ZoneInfo("Asia/Taipei")
COLUMNS = ("id", "questions", "answer", "answer_en", "product_class", "tags", "valid_from", "valid_until")

_MAX_ID, _MAX_QUESTION, _MAX_ANSWER = 200, 500, 10_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_DATE_ONLY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}$")


@dataclass(frozen=True, slots=True)
class Row:
    """`number` counts as people do: the line of a .jsonl, the row of a table with its header as row 1.

    `file` is the path within a folder or archive of many files, empty where the rows are of one file.
    """

    number: int
    draft: Draft
    file: str = ""


@dataclass(frozen=True, slots=True)
class BadRow:
    """`number` as in `Row`; with `file` it is a line of that file."""

    number: int
    reason: str
    file: str = ""

    @property
    def place(self) -> str:
        return f"{self.file}, line {self.number}" if self.file else f"row {self.number}"


def row(number: int, cells: Mapping[str, Any], zone: ZoneInfo) -> Row | BadRow:
    """A row, or why it is none. Cells of tables may be text where .jsonl has lists and objects."""
    try:
        return Row(number, _draft(cells, zone))
    except BadPayload as error:
        return BadRow(number, str(error))


def header(names: Iterable[Any]) -> list[str]:
    """Column names as this module knows them. Raises BadPayload where one that is needed is missing."""
    known = [str(name or "").strip().lower().replace(" ", "_") for name in names]
    known = ["questions" if name == "question" else name for name in known]
    missing = [name for name in ("id", "questions", "product_class") if name not in known]
    if not {"answer", "answer_en"} & set(known):
        missing.append("answer")
    if missing:
        raise BadPayload(f"The first row must name the columns; missing: {', '.join(missing)}.")
    return known


def _draft(cells: Mapping[str, Any], zone: ZoneInfo) -> Draft:
    answer, imported = _answer(cells)
    start = _moment(cells.get("valid_from"), "valid_from", zone, end=False)
    end = _moment(cells.get("valid_until"), "valid_until", zone, end=True)
    if start is not None and end is not None and end <= start:
        raise BadPayload("valid_until is not after valid_from")
    return Draft(
        id=_id(cells.get("id")),
        questions=_questions(cells.get("questions")),
        answer=answer,
        imported=imported,
        product_class=_product_class(cells.get("product_class")),
        tags=_tags(cells.get("tags")),
        valid_from=start,
        valid_until=end,
    )


def _id(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadPayload("id is missing" if value is None else "id must be text")
    text = str(value).strip()
    if not text:
        raise BadPayload("id is missing")
    if len(text) > _MAX_ID or _CONTROL.search(text) or re.search(r"\s", text):
        raise BadPayload(f"id must be at most {_MAX_ID} characters without spaces")
    return text


def _questions(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.splitlines()
    elif isinstance(value, int | float) and not isinstance(value, bool):
        value = [str(value)]
    if not isinstance(value, list) or not all(isinstance(q, str) for q in value):
        raise BadPayload("questions is missing" if value is None else "questions must be a list of texts")
    # a question is shown as a button's title: one line
    questions = tuple(dict.fromkeys(" ".join(q.split()) for q in value if q.strip()))
    if not questions:
        raise BadPayload("questions is empty")
    for question in questions:
        if _CONTROL.search(question) or len(question) > _MAX_QUESTION:
            raise BadPayload(f"a question has control characters or more than {_MAX_QUESTION} characters")
    return questions


def _answer(cells: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    value, english = cells.get("answer"), cells.get("answer_en")
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, dict):
        return _localised(value), "localised"
    if isinstance(value, str) and value.lstrip().startswith("{") and not english:
        parsed = _object(value)
        if parsed is not None:
            return _localised(parsed), "localised"
    texts = {
        locale: text
        for locale, text in ((DEFAULT_LOCALE, value), ("en", english))
        if not (text is None or text == "")
    }
    return _localised(texts), "columns" if "en" in texts else "plain"


def _object(cell: str) -> dict[str, Any] | None:
    """A table cell that holds {locale: text}; None for a text that merely begins like one."""
    try:
        parsed = json.loads(cell)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) and parsed and set(parsed) <= set(LOCALES) else None


def _localised(texts: Mapping[str, Any]) -> dict[str, str]:
    if not texts:
        raise BadPayload("answer is missing")
    for locale, text in texts.items():
        if locale not in LOCALES:
            raise BadPayload(f"answer has the unknown locale {str(locale)[:20]}; use {' or '.join(LOCALES)}")
        if not isinstance(text, str) or not text.strip():
            raise BadPayload(f"answer for {locale} must be text and not empty")
        if len(text) > _MAX_ANSWER or _CONTROL.search(text):
            raise BadPayload(
                f"answer for {locale} has control characters or more than {_MAX_ANSWER} characters"
            )
    return dict(texts)


def _product_class(value: Any) -> ProductClass:
    try:
        return ProductClass(str(value or "").strip().lower())
    except ValueError:
        raise BadPayload(f"product_class must be one of {', '.join(ProductClass)}") from None


def _tags(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        value = re.split(r"[,，、;；\n]", value)
    if not isinstance(value, list) or not all(
        isinstance(tag, str) and not _CONTROL.search(tag) for tag in value
    ):
        raise BadPayload("tags must be a list of texts")
    return tuple(dict.fromkeys(tag.strip() for tag in value if tag.strip()))


def _moment(value: Any, name: str, zone: ZoneInfo, *, end: bool) -> datetime | None:
    """An ISO 8601 moment. A bare date begins at midnight, and as `valid_until` includes its whole day."""
    if value is None or value == "":
        return None
    text = value.strip() if isinstance(value, str) else value
    try:
        if isinstance(text, datetime):
            at = text
        elif isinstance(text, date) or _DATE_ONLY.match(text.replace("/", "-")):
            day = text if isinstance(text, date) else date(*map(int, re.split(r"[-/]", text)))
            at = datetime.combine(day + timedelta(days=end), time(), zone)
        else:
            at = datetime.fromisoformat(text)
    except (ValueError, AttributeError, OverflowError):
        raise BadPayload(f"{name} must be a date such as 2026-12-31 or 2026-12-31T17:00") from None
    at = at.replace(tzinfo=zone) if at.tzinfo is None else at
    return at.astimezone(UTC).replace(microsecond=0)
