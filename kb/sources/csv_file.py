"""CSV as spreadsheets save it: UTF-8, a header row, line breaks inside quoted cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.errors import BadPayload
from kb.sources.encoding import text_of
from kb.sources.rows import BadRow, Row, header, row


def read(path: Path, zone: ZoneInfo) -> Iterator[Row | BadRow]:
    """Rows are numbered as a spreadsheet shows them, the header being row 1."""
    lines = csv.reader(io.StringIO(text_of(path), newline=""), strict=True)
    number = 1
    try:
        names = header(next(lines, []))
        for number, cells in enumerate(lines, 2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(names):
                yield BadRow(number, f"has {len(cells)} cells where the header has {len(names)}")
                continue
            yield row(number, {n: cell for n, cell in zip(names, cells, strict=True) if cell != ""}, zone)
    except csv.Error as error:
        raise BadPayload(f"{path.name}, after row {number}: not CSV ({error}).") from None
