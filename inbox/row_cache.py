"""Rows of a list, and a live list whole, as HTML made once for all who look: many pages ask for the same at once.

What is shown is itself the key, so that a cached one is shown only where the store has just said the very same again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask import render_template
from markupsafe import Markup

from bot.model import Row
from inbox import language
from inbox.auth import staff

KEPT, KEPT_LISTS = 2000, 64


@dataclass(frozen=True, slots=True)
class _Look:
    """All that a live list says. `own`: the skills of who looks, which are marked."""

    view: str
    views: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]
    rows: tuple[Row, ...]
    more: str | None
    filter: tuple[tuple[str, str], ...]
    place: str
    skills: tuple[tuple[str, int], ...]
    own: tuple[str, ...]
    current: str | None
    lang: str
    minute: str


def row_html(row: Row, view: str, asked: Mapping[str, str], is_current: bool) -> Markup:
    return _row(row, view, tuple(asked.items()), is_current, language.chosen(), _minute())


def list_html(listing: Mapping[str, Any], current: str | None) -> Markup:
    """`listing` as `inbox.lists.listing` gives it, `current` the conversation that is open."""
    rows = tuple(listing["rows"])
    return _list(
        _Look(
            listing["view"],
            tuple(listing["views"]),
            tuple(listing["counts"].items()),
            rows,
            listing["more"],
            tuple(listing["filter"].items()),
            listing["place"],
            tuple(listing["skills"]),
            staff().skills,
            current if any(row.id == current for row in rows) else None,
            language.chosen(),
            _minute(),
        )
    )


def _minute() -> str:
    """What a row says of time changes by the minute."""
    return datetime.now(language.zone()).strftime("%m%d%H%M")


@lru_cache(KEPT)
def _row(
    row: Row, view: str, asked: tuple[tuple[str, str], ...], is_current: bool, lang: str, minute: str
) -> Markup:
    del lang, minute  # parts of the key
    values = {"row": row, "view": view, "filter": dict(asked), "is_current": is_current}
    return Markup(render_template("console/_row.html", **values))  # noqa: S704 - a template has escaped it


@lru_cache(KEPT_LISTS)
def _list(look: _Look) -> Markup:
    values = {
        "view": look.view,
        "views": look.views,
        "counts": dict(look.counts),
        "rows": look.rows,
        "row_html": row_html,
        "more": look.more,
        "filter": dict(look.filter),
        "place": look.place,
        "skills": look.skills,
        "current": look.current,
        "live": True,
    }
    return Markup(render_template("console/_list.html", **values))  # noqa: S704 - a template has escaped it
