"""Headings, paragraphs and tables as a PDF, in Traditional Chinese and English.

The font is Adobe's MSung-Light by its name, as the PDF standard has it for Traditional Chinese: nothing is embedded, a
file is a few kilobytes, and a reader shows it with a font of its own. What has to be read the same in five years is in
JSON and HTML beside it; the PDF is for people.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph as Flowing
from reportlab.platypus import SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Grid

FONT = "MSung-Light"
MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` hold as many cells as `head`; `shares` are the widths of the columns, in any unit (none: all alike)."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    shares: Sequence[float] = ()


Block = Heading | Paragraph | Table


def write(title: str, meta: str, blocks: Sequence[Block]) -> bytes:
    """The same blocks make the same bytes. `meta` stands under the title: what it is about, when it was made."""
    _register()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        title=title,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        invariant=1,
    )
    story: list[Any] = [_text(title, 16, after=4), _text(meta, 9, color=colors.HexColor("#555555"), after=10)]
    for block in blocks:
        story += _flowing(block)
    document.build(story, onFirstPage=_numbered, onLaterPages=_numbered)
    return out.getvalue()


@cache
def _register() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))


def _flowing(block: Block) -> list[Any]:
    if isinstance(block, Heading):
        return [Spacer(1, 8), _text(block.text, 12.5, after=4)]
    if isinstance(block, Paragraph):
        return [_text(block.text, 10, after=6)]
    shares = list(block.shares) or [1.0] * len(block.head)
    widths = [WIDTH * share / sum(shares) for share in shares]
    cells = [[_text(cell, 9) for cell in row] for row in (block.head, *block.rows)]
    grid = Grid(cells, colWidths=widths, repeatRows=1)
    grid.setStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#b9bdc6")),
            ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#eef0f4")),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )
    return [grid, Spacer(1, 6)]


def _text(text: str, size: float, *, after: float = 0, color: Any = colors.black) -> Any:
    style = ParagraphStyle(
        f"{size}", fontName=FONT, fontSize=size, leading=size * 1.45, spaceAfter=after, textColor=color
    )
    style.wordWrap = "CJK"
    return Flowing(escape(text).replace("\n", "<br/>"), style)


def _numbered(canvas: Any, document: Any) -> None:
    canvas.setFont(FONT, 8)
    canvas.drawRightString(A4[0] - MARGIN, 10 * mm, str(document.page))
