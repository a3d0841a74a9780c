"""A row of a list as HTML, made once for all who look at it: many pages show the same rows and ask at each change.

The row itself is the key, so that a cached one is shown only where the store has just said the very same again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from flask import render_template
from markupsafe import Markup

from bot.model import Row
from inbox import language

KEPT = 2000


def row_html(row: Row, view: str, asked: Mapping[str, str], is_current: bool) -> Markup:
    # What a row says of time changes by the minute.
    minute = datetime.now(language.zone()).strftime("%m%d%H%M")
    return _made(row, view, tuple(asked.items()), is_current, language.chosen(), minute)


@lru_cache(KEPT)
def _made(
    row: Row, view: str, asked: tuple[tuple[str, str], ...], is_current: bool, lang: str, minute: str
) -> Markup:
    del lang, minute  # parts of the key
    values = {"row": row, "view": view, "filter": dict(asked), "is_current": is_current}
    return Markup(render_template("console/_row.html", **values))  # noqa: S704 - a template has escaped it
