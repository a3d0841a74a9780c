"""The first sheet of an Excel workbook, with a header row."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from bot.errors import BadPayload
from kb.sources.rows import BadRow, Row, header, row

MAX_UNPACKED = 256 * 1024 * 1024
"""Bytes: a workbook is an archive too, and a few kilobytes of one may hold gigabytes of nothing."""


def read(path: Path, zone: ZoneInfo) -> Iterator[Row | BadRow]:
    """Rows are numbered as Excel shows them. Formulas count as what Excel last computed."""
    try:
        with zipfile.ZipFile(path) as archive:
            # What a member says of its size is also all that is ever unpacked of it.
            unpacked = sum(info.file_size for info in archive.infolist())
        if unpacked > MAX_UNPACKED:
            raise BadPayload(f"{path.name} is larger than {MAX_UNPACKED // 1024 // 1024} MB when unpacked.")
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise BadPayload(f"{path.name} is not an Excel workbook (.xlsx).") from error
    try:
        lines = book.worksheets[0].iter_rows(values_only=True) if book.worksheets else iter(())
        names = header(next(lines, ()))
        for number, cells in enumerate(lines, 2):
            if all(cell is None or cell == "" for cell in cells):
                continue
            if any(cell not in (None, "") for cell in cells[len(names) :]):
                yield BadRow(number, "has cells beyond the header")
                continue
            filled = {n: cell for n, cell in zip(names, cells, strict=False) if cell not in (None, "")}
            yield row(number, filled, zone)
    finally:
        book.close()
