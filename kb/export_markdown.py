"""Articles as Markdown files that import reads back to the same article; each is read again before it is given away.

The answer is written as it stands where that reads back unchanged, with escapes where it does not, and quoted in the
front matter where Markdown has no words for it (spaces at the end, a tab, a carriage return): never a little different.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.errors import BadPayload
from bot.model import DEFAULT_LOCALE, LOCALES
from kb.articles import Content
from kb.review import Draft
from kb.sources import markdown
from kb.sources.markdown import SECTION, File
from kb.sources.plain import BULLET
from kb.sources.rows import Row

_LONGEST_NAME = 60
_NO_NAME = re.compile(r"[^\w-]+")
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)$")
_PLAIN = re.compile(r"[^\W_][\w，。、？！；：（）「」％/+-]*(?: [\w，。、？！；：（）「」％/+-]+)*")
_MARKS = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|&~=:])")
_QUOTED = re.compile(r'["\\\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]')
_UTC = ZoneInfo("UTC")

Write = Callable[[str], str]


def files(articles: Sequence[Content]) -> Iterator[File]:
    """One file an article. Raises BadPayload for one that cannot be written so that it reads back."""
    taken: set[str] = set()
    for article in articles:
        yield File(_name(article.id, taken), _written(article).encode())


def _written(article: Content) -> str:
    for make in (_as_it_stands, _escaped, None):
        text = _page(article, make)
        if _same(article, text):
            return text
    raise BadPayload(f"{article.id} cannot be written as Markdown: export .jsonl instead.")


def _same(article: Content, text: str) -> bool:
    made = next(markdown.read([File("a.md", text.encode(errors="replace"))], _UTC))
    return isinstance(made, Row) and _facts(made.draft) == _facts(article)


def _facts(one: Content | Draft) -> tuple[object, ...]:
    # No source knows parts of a second.
    period = (at and at.replace(microsecond=0) for at in (one.valid_from, one.valid_until))
    return (one.id, one.questions, dict(one.answer), one.product_class, one.tags, *period)


def _page(article: Content, write: Write | None) -> str:
    """`write` makes Markdown of a text; None puts the texts into the front matter."""
    lines = ["---", f"id: {_scalar(article.id)}", f"product_class: {article.product_class}"]
    lines += _listed("tags", article.tags)
    lines += _period("valid_from", article.valid_from) + _period("valid_until", article.valid_until)
    if write is None:
        lines += _listed("questions", article.questions)
        names = {DEFAULT_LOCALE: "answer", "en": "answer_en"}
        lines += [f"{names[locale]}: {_quoted(text)}" for locale, text in article.answer.items()]
        return "\n".join([*lines, "---", ""])
    lines += _listed("questions", article.questions[1:])
    # The first question is the title people see, so it is the heading here too.
    lines += ["---", "", f"# {write(article.questions[0])}"]
    for locale in sorted(article.answer, key=LOCALES.index):
        if locale != DEFAULT_LOCALE:
            lines += ["", SECTION.format(locale)]
        lines += ["", write(article.answer[locale])]
    return "\n".join([*lines, ""])


def _as_it_stands(text: str) -> str:
    return "\n".join(_bullet(line, "- ") or line for line in text.split("\n"))


def _escaped(text: str) -> str:
    return "\n".join(_bullet(line, "- ", _mark) or _mark(line) for line in text.split("\n"))


def _bullet(line: str, sign: str, write: Write = str) -> str:
    """A bullet that a customer sees is a list to whoever edits the file."""
    return sign + write(line.removeprefix(BULLET)) if line.startswith(BULLET) else ""


def _mark(line: str) -> str:
    return _MARKS.sub(r"\\\1", line)


def _listed(name: str, values: Sequence[str]) -> list[str]:
    return [f"{name}:", *(f"  - {_scalar(value)}" for value in values)] if values else []


def _period(name: str, at: datetime | None) -> list[str]:
    return [] if at is None else [f"{name}: {_quoted(at.isoformat())}"]


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    """A double-quoted scalar of YAML on one line."""
    return '"' + _QUOTED.sub(lambda hit: _escape(hit.group()), text) + '"'


def _escape(sign: str) -> str:
    return f"\\{sign}" if sign in '"\\' else f"\\u{ord(sign):04x}"


def _name(content_id: str, taken: set[str]) -> str:
    """A file name for an id, on every system, unlike all in `taken` even where capitals do not count."""
    name = _NO_NAME.sub("_", content_id)[:_LONGEST_NAME].strip("_") or "article"
    if _RESERVED.fullmatch(name):
        name = f"{name}_"
    unique, number = name, 1
    while unique.casefold() in taken:
        number += 1
        unique = f"{name}-{number}"
    taken.add(unique.casefold())
    return f"{unique}.md"
