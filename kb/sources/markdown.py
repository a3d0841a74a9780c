"""Markdown files, one article each: what the search needs in YAML front matter, the answer below it.

Front matter is YAML, because the editors people have (Obsidian, GitHub, Hugo) write it; but only its scalars and lists
of them, every one as the text that stands there: to YAML itself `007` is 7, `no` is false and a date is no text. A key
that is not known is refused: `valid_untill` would be an article without an end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from bot.model import DEFAULT_LOCALE, LOCALES
from kb.sources.encoding import HINT
from kb.sources.plain import CannotShow, reduce
from kb.sources.rows import COLUMNS, BadRow, Row, row

SUFFIXES = (".md", ".markdown")
MAX_BYTES = 64 * 1024
"""Of one file: two answers of the longest kind fit."""
SECTION = "<!-- lang: {} -->"
_KEYS = frozenset({*COLUMNS, "title"})
_SECTION = re.compile(r"^<!--[ \t]*lang:[ \t]*(\S+?)[ \t]*-->[ \t]*$", re.MULTILINE)
_LANGUAGE = re.compile(r"\.([A-Za-z]{2}(?:-[A-Za-z]{2})?)$")
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # the first where PyYAML came with libyaml
_EXACT = {"answer": DEFAULT_LOCALE, "answer_en": "en"}


@dataclass(frozen=True, slots=True)
class File:
    """`path` is relative to what was brought, with slashes; a file that could not be read has a `fault` instead."""

    path: str
    data: bytes = b""
    fault: str = ""


class _Bad(Exception):
    """`line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True)
class _Page:
    """One file taken apart: `lines` says where a key stands; `texts` are by locale."""

    keys: Mapping[str, Any]
    lines: Mapping[str, int]
    titles: tuple[str, ...]
    texts: Mapping[str, str]


def read(files: Iterable[File], zone: ZoneInfo) -> Iterator[Row | BadRow]:
    """A row for each article, in the order of the files; `name.en.md` belongs to the `name.md` beside it."""
    named: dict[str, dict[str, File]] = {}
    for file in files:
        stem, locale = _named(file.path)
        if locale and locale not in LOCALES:
            yield BadRow(1, f"the language {locale} is not kept; use {' or '.join(LOCALES)}", file.path)
        elif locale in named.setdefault(stem, {}):
            yield BadRow(1, f"there is {named[stem][locale].path} already", file.path)
        else:
            named[stem][locale] = file
    for stem, parts in named.items():
        if parts:
            yield _article(stem, parts, zone)


def _named(path: str) -> tuple[str, str]:
    """The path without suffix and language, and that language: empty where the name has none."""
    whole = str(PurePosixPath(path).with_suffix(""))
    found = _LANGUAGE.search(whole)
    if not found:
        return whole, ""
    known = {locale.lower(): locale for locale in LOCALES}
    return whole[: found.start()], known.get(found.group(1).lower(), found.group(1))


def _article(stem: str, parts: Mapping[str, File], zone: ZoneInfo) -> Row | BadRow:
    order = sorted(parts)  # the file without a language first
    file = parts[order[0]]
    try:
        page = _page(file, order[0] or DEFAULT_LOCALE)
        for locale in order[1:]:
            file = parts[locale]
            page = _joined(page, _page(file, locale))
    except _Bad as error:
        return BadRow(error.line, str(error), file.path)
    file = parts[order[0]]
    name = "-".join(PurePosixPath(stem).name.split())
    cells: dict[str, Any] = {"id": name, **page.keys, "answer": dict(page.texts)}
    listed = cells.get("questions", [])
    cells["questions"] = [*page.titles, *([listed] if isinstance(listed, str) else listed)]
    if not page.texts:
        return BadRow(1, "answer is missing: write it below the front matter", file.path)
    made = row(1, cells, zone)
    if isinstance(made, BadRow):
        line = next((line for key, line in page.lines.items() if key in made.reason), 1)
        return BadRow(line, made.reason, file.path)
    return replace(made, file=file.path)


def _joined(main: _Page, other: _Page) -> _Page:
    for key in other.keys:
        raise _Bad(other.lines[key], f"{key} belongs into the file without a language")
    for locale in other.texts:
        if locale in main.texts:
            raise _Bad(1, f"the answer for {locale} is given twice")
    return replace(main, titles=(*main.titles, *other.titles), texts={**main.texts, **other.texts})


# -- one file --------------------------------------------------------------------------------------------------------


def _page(file: File, locale: str) -> _Page:
    if file.fault:
        raise _Bad(1, file.fault)
    if len(file.data) > MAX_BYTES:
        raise _Bad(1, f"is larger than {MAX_BYTES // 1024} KB")
    try:
        text = file.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Bad(file.data[: error.start].count(b"\n") + 1, HINT) from None
    front, body, offset = _apart(text)
    keys, lines = _front(front)
    title = keys.pop("title", None)
    exact = {to: keys.pop(key) for key, to in _EXACT.items() if key in keys}
    if exact and body.strip():
        raise _Bad(offset + 1, "the answer stands in the front matter already")
    titles, texts = ([], exact) if exact else _texts(body, locale, offset)
    if isinstance(title, str) and not titles:
        titles = [title]
    # Of what `row` objects to, the question may be the heading and the answer the body.
    return _Page(
        keys,
        {**lines, "question": lines.get("questions", offset + 1), "answer": offset + 1},
        tuple(titles),
        texts,
    )


def _apart(text: str) -> tuple[str, str, int]:
    """Front matter, body, and how many lines stand before the body."""
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[0].rstrip() == "+++":
        raise _Bad(1, "TOML front matter is not read: write YAML between two lines of ---")
    if lines[0].rstrip() != "---":
        return "", "\n".join(lines), 0
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), None)
    if end is None:
        raise _Bad(1, "the front matter has no closing line of ---")
    # The opening line stays, so that YAML counts lines as the file does.
    return "\n".join(lines[:end]), "\n".join(lines[end + 1 :]), end + 1


def _front(front: str) -> tuple[dict[str, Any], dict[str, int]]:
    """Keys and the lines they stand on."""
    try:
        return _mapping(_LOADER(front))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _Bad(mark.line + 1 if mark else 1, f"not YAML: {error.problem}") from None
    except yaml.YAMLError:
        raise _Bad(1, "not YAML: it has control characters") from None


def _mapping(loader: Any) -> tuple[dict[str, Any], dict[str, int]]:
    """Event by event, and no further than a list of texts: nothing that is nested deeper is ever built."""
    keys: dict[str, Any] = {}
    lines: dict[str, int] = {}
    start = loader.get_event()
    while isinstance(start, (yaml.StreamStartEvent, yaml.DocumentStartEvent)):
        start = loader.get_event()
    if isinstance(start, yaml.StreamEndEvent) or (isinstance(start, yaml.ScalarEvent) and not start.value):
        return keys, lines
    if not isinstance(start, yaml.MappingStartEvent):
        raise _Bad(1, "the front matter must be lines of `key: value`")
    while not isinstance(name := loader.get_event(), yaml.MappingEndEvent):
        line = name.start_mark.line + 1
        key = name.value if isinstance(name, yaml.ScalarEvent) else ""
        if key not in _KEYS:
            raise _Bad(line, f"unknown key {key[:40]}; known are {', '.join(sorted(_KEYS))}")
        if key in lines:
            raise _Bad(line, f"{key} comes twice")
        lines[key] = line
        found = _value(loader, key)
        if found is not None:
            keys[key] = found
    return keys, lines


def _value(loader: Any, key: str) -> str | list[str] | None:
    """None where nothing stands behind the key."""
    event = loader.get_event()
    if isinstance(event, yaml.ScalarEvent):
        # In quotes the same signs are a text; to C a plain style has a name, to Python it has none.
        plain = not event.style
        return None if plain and event.value in ("", "~", "null") else str(event.value)
    texts: list[str] = []
    start = event
    while isinstance(start, yaml.SequenceStartEvent):
        event = loader.get_event()
        if isinstance(event, yaml.SequenceEndEvent):
            return texts
        if not isinstance(event, yaml.ScalarEvent):
            break
        texts.append(str(event.value))
    raise _Bad(event.start_mark.line + 1, f"{key} must be a text or a list of texts")


def _texts(body: str, locale: str, offset: int) -> tuple[list[str], dict[str, str]]:
    """Headings and answers of the body's language sections, in order."""
    titles: list[str] = []
    texts: dict[str, str] = {}
    for said, start, markdown in _sections(body, locale):
        line = offset + start + 1
        if said not in LOCALES:
            raise _Bad(line, f"the language {said[:20]} is not kept; use {' or '.join(LOCALES)}")
        try:
            reduced = reduce(markdown)
        except CannotShow as error:
            raise _Bad(line + error.line, str(error)) from None
        if reduced.title:
            titles.append(reduced.title)
        if not reduced.text:
            if said != locale:
                raise _Bad(line, f"the answer for {said} is empty")
            continue
        if said in texts:
            raise _Bad(line, f"the answer for {said} is given twice")
        texts[said] = reduced.text
    return titles, texts


def _sections(body: str, locale: str) -> Iterator[tuple[str, int, str]]:
    """(locale, lines before it, text)"""
    known = {one.lower(): one for one in LOCALES}
    marks = list(_SECTION.finditer(body))
    ends = [mark.start() for mark in marks[:1]] or [len(body)]
    yield locale, 0, body[: ends[0]]
    for n, mark in enumerate(marks):
        end = marks[n + 1].start() if n + 1 < len(marks) else len(body)
        said = known.get(mark.group(1).lower(), mark.group(1))
        # The mark's own line is blank to the reader, so that lines still count.
        yield said, body.count("\n", 0, mark.end()), body[mark.end() : end]
