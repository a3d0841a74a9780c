"""The articles in force as a file that `kb.sources` reads back: ids and answers byte for byte."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.utils.exceptions import IllegalCharacterError

from bot.errors import BadPayload
from bot.model import DEFAULT_LOCALE
from kb import export_markdown
from kb.articles import Content
from kb.sources.folder import pack
from kb.sources.markdown import SUFFIXES
from kb.sources.rows import COLUMNS


def write(path: Path, articles: Sequence[Content]) -> None:
    """By suffix: .jsonl, .csv, .xlsx, or .zip of Markdown files; a name without suffix is a folder of them.

    A file is complete or not there. Raises BadPayload.
    """
    make = _WRITERS.get(path.suffix.lower())
    if make is None and (path.is_dir() or not path.suffix):
        _folder(path, articles)
        return
    if make is None:
        raise BadPayload(f"Cannot write {path.name}: use a folder or one of {', '.join(_WRITERS)}.")
    data = make(articles)
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".export-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except OSError as error:
        raise BadPayload(f"Cannot write {path.name}: {error.strerror}.") from error


def _folder(path: Path, articles: Sequence[Content]) -> None:
    files = list(export_markdown.files(articles))
    try:
        path.mkdir(exist_ok=True)
        # What an earlier export or somebody else left would come back with the next import.
        if any(one.suffix.lower() in SUFFIXES for one in path.iterdir()):
            raise BadPayload(f"{path.name} has Markdown files already: name a new folder.")
        for file in files:
            (path / file.path).write_bytes(file.data)
    except OSError as error:
        raise BadPayload(f"Cannot write {path.name}: {error.strerror}.") from error


def _zip(articles: Sequence[Content]) -> bytes:
    return pack(export_markdown.files(articles))


def _jsonl(articles: Sequence[Content]) -> bytes:
    return "".join(json.dumps(_object(a), ensure_ascii=False) + "\n" for a in articles).encode()


def _csv(articles: Sequence[Content]) -> bytes:
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(COLUMNS)
    table.writerows(_cells(a) for a in articles)
    # the mark makes Excel read UTF-8 instead of Big5
    return out.getvalue().encode("utf-8-sig")


def _xlsx(articles: Sequence[Content]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "articles"
    sheet.append(COLUMNS)
    try:
        for number, article in enumerate(articles, 2):
            for column, text in enumerate(_cells(article), 1):
                if text:
                    cell = sheet.cell(number, column, text)
                    cell.data_type = "s"  # an answer that begins with = is a text, not a formula
    except IllegalCharacterError as error:
        raise BadPayload("An answer has characters that Excel cannot hold: export .jsonl instead.") from error
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _object(article: Content) -> dict[str, Any]:
    plain = article.imported == "plain" and set(article.answer) == {DEFAULT_LOCALE}
    optional = {"valid_from": _iso(article.valid_from), "valid_until": _iso(article.valid_until)}
    return {
        "id": article.id,
        "questions": list(article.questions),
        "answer": article.answer[DEFAULT_LOCALE] if plain else dict(article.answer),
        "product_class": str(article.product_class),
        "tags": list(article.tags),
        **{name: value for name, value in optional.items() if value},
    }


def _cells(article: Content) -> list[str]:
    answer, english = _answer_cells(article)
    return [
        article.id,
        "\n".join(article.questions),
        answer,
        english,
        str(article.product_class),
        "\n".join(article.tags),
        _iso(article.valid_from),
        _iso(article.valid_until),
    ]


def _answer_cells(article: Content) -> tuple[str, str]:
    """Columns where they hold the text unchanged; an object in one cell where the file brought one."""
    chinese, english = article.answer.get(DEFAULT_LOCALE, ""), article.answer.get("en", "")
    looks_like_object = chinese.lstrip().startswith("{") and not english
    if article.imported == "localised" or looks_like_object:
        return json.dumps(dict(article.answer), ensure_ascii=False), ""
    return chinese, english


def _iso(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()


_WRITERS: dict[str, Callable[[Sequence[Content]], bytes]] = {
    ".jsonl": _jsonl,
    ".csv": _csv,
    ".xlsx": _xlsx,
    ".zip": _zip,
}
