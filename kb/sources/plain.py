"""Markdown reduced to the plain text a customer reads: no platform draws Markdown, and a reply goes out byte for byte.

Parsed by markdown-it-py (CommonMark and the tables of GitHub). What a chat cannot show is refused with its line instead
of dropped: an answer that silently lost a picture or a table's borders would still look approved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

BULLET = "• "
_INDENT = "  "
_OPENS = frozenset({"http", "https", "mailto", "tel"})
# A sign that means nothing anywhere in a line; one of those below at its beginning may.
_SIGN = r"[^\s\\`*_\[\]<&\x00-\x1f\x7f-\x9f\u2028\u2029]"
_SENTENCE = rf"(?![#>+=:|~\-\d]){_SIGN}(?:(?:{_SIGN}| )*{_SIGN})?"
_TITLE = rf"# (?P<title>(?![^\n]*#){_SENTENCE})(?:\n++|\Z)"
_PROSE = re.compile(rf"\n*+(?:{_TITLE})?(?P<text>{_SENTENCE}(?:\n\n?{_SENTENCE})*)?\n*")
_BREAKS = frozenset({"<br>", "<br/>", "<br />"})


@dataclass(frozen=True, slots=True)
class Reduced:
    """`title` is the text of a first-level heading that opens the document, else empty."""

    title: str
    text: str


class CannotShow(Exception):
    """`line` counts from 0 within the text that was given; the message says why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def reduce(markdown: str) -> Reduced:
    """Line breaks stay as they are written. Raises CannotShow."""
    return _prose(markdown) or _Writer(_parser().parse(markdown)).all()


def _prose(markdown: str) -> Reduced | None:
    """Most answers are nothing but sentences, which need no parser: thousands of them take a tenth of the time."""
    found = _PROSE.fullmatch(markdown)
    return found and Reduced(" ".join((found["title"] or "").split()), found["text"] or "")


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")


class _Writer:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._line = 0

    def all(self) -> Reduced:
        title = ""
        if self._tokens and self._is_title(self._tokens[0]):
            title = " ".join(self._block().split())
        blocks: list[str] = []
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if self._is_title(token):
                raise CannotShow(self._place(token), "a second # heading: one file is one article")
            blocks.append(self._block())
        return Reduced(title, _paragraphs(blocks))

    @staticmethod
    def _is_title(token: Token) -> bool:
        return token.type == "heading_open" and token.tag == "h1"

    def _place(self, token: Token) -> int:
        if token.map is not None:
            self._line = token.map[0]
        return self._line

    # -- blocks ---------------------------------------------------------------------------------------------------

    def _block(self) -> str:
        token = self._tokens[self._at]
        self._place(token)
        self._at += 1
        made = _BLOCKS.get(token.type)
        if made is None:  # pragma: no cover  every block that the parser knows has its place below
            raise CannotShow(self._line, f"{token.type} cannot be shown in a chat")
        return made(self, token)

    def _inside(self, end: str) -> list[str]:
        blocks: list[str] = []
        while self._tokens[self._at].type != end:
            blocks.append(self._block())
        self._at += 1
        return blocks

    def _leaf(self, token: Token) -> str:
        return "".join(self._inside(token.type.replace("_open", "_close")))

    def _quote(self, _token: Token) -> str:
        return _paragraphs(self._inside("blockquote_close"))

    def _list(self, token: Token) -> str:
        ordered = token.type == "ordered_list_open"
        number = int(token.attrGet("start") or 1) if ordered else 0
        lines: list[str] = []
        while self._tokens[self._at].type == "list_item_open":
            self._at += 1
            sign = f"{number}. " if ordered else BULLET
            lines += _item(sign, self._inside("list_item_close"))
            number += 1
        self._at += 1
        return "\n".join(lines)

    def _code(self, token: Token) -> str:
        return token.content.rstrip("\n")

    def _nothing(self, _token: Token) -> str:
        return ""

    def _html(self, token: Token) -> str:
        text = token.content.strip()
        if text.startswith("<!--") and text.endswith("-->") and text.count("-->") == 1:
            return ""
        raise CannotShow(self._line, "HTML cannot be shown in a chat: write it as text")

    def _table(self, _token: Token) -> str:
        rows: list[str] = []
        cells: list[str] = []
        while self._tokens[self._at].type != "table_close":
            inner = self._tokens[self._at]
            self._place(inner)
            if inner.type == "inline":
                cells.append(" ".join(self._inline(inner).split()))
            elif inner.type == "tr_close":
                rows.append(" | ".join(cells))
                cells = []
            self._at += 1
        self._at += 1
        return "\n".join(rows)

    # -- inside a block -------------------------------------------------------------------------------------------

    def _inline(self, token: Token) -> str:
        out: list[str] = []
        links: list[tuple[Token, int]] = []
        for inner in token.children or ():
            if inner.type in ("text", "text_special", "code_inline"):
                out.append(inner.content)
            elif inner.type in ("softbreak", "hardbreak") or inner.content.lower() in _BREAKS:
                out.append("\n")
            elif inner.type == "link_open":
                links.append((inner, len(out)))
            elif inner.type == "link_close":
                opened, start = links.pop()
                out.append(self._target(opened, "".join(out[start:])))
            elif inner.type == "image":
                raise CannotShow(
                    self._line, "a picture cannot be shown in a chat: describe it, or link to it"
                )
            elif inner.type == "html_inline" and not inner.content.startswith("<!--"):
                raise CannotShow(self._line, "HTML cannot be shown in a chat: write it as text")
        return "".join(out)

    def _target(self, token: Token, said: str) -> str:
        address = str(token.attrGet("href") or "")
        if urlsplit(address).scheme.lower() not in _OPENS:
            raise CannotShow(self._line, "a link must begin with https://, mailto: or tel: to lead anywhere")
        shown = address.partition(":")[2] if address.startswith(("mailto:", "tel:")) else address
        same = token.markup == "autolink" or said in (address, shown)
        return "" if same else f" ({shown})"


def _item(sign: str, blocks: Sequence[str]) -> list[str]:
    """What follows the first line stands under its text, as far as a chat lets it."""
    lines = [line for block in blocks for line in block.split("\n") if line]
    return [sign + (lines[0] if lines else ""), *(_INDENT + line for line in lines[1:])]


def _paragraphs(blocks: Sequence[str]) -> str:
    return "\n\n".join(block for block in blocks if block)


_BLOCKS: dict[str, Callable[[_Writer, Token], str]] = {
    "heading_open": _Writer._leaf,
    "paragraph_open": _Writer._leaf,
    "inline": _Writer._inline,
    "blockquote_open": _Writer._quote,
    "bullet_list_open": _Writer._list,
    "ordered_list_open": _Writer._list,
    "code_block": _Writer._code,
    "fence": _Writer._code,
    "hr": _Writer._nothing,
    "html_block": _Writer._html,
    "table_open": _Writer._table,
}
