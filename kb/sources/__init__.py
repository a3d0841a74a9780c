"""Files that people bring. Adding a kind: one file with `read(path, zone)`, one test, one line in the table.

A source yields `Row`s and `BadRow`s in file order and can make nothing but drafts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.errors import BadPayload
from kb.sources import csv_file, jsonl, xlsx
from kb.sources.rows import TAIPEI, BadRow, Row

SOURCES: dict[str, Callable[[Path, ZoneInfo], Iterator[Row | BadRow]]] = {
    ".jsonl": jsonl.read,
    ".csv": csv_file.read,
    ".xlsx": xlsx.read,
}


def read(path: Path, zone: ZoneInfo = TAIPEI) -> Iterator[Row | BadRow]:
    """Rows by the file's suffix; an id that comes twice is bad the second time.

    Raises BadPayload where the file as a whole cannot be read. `zone` is that of dates without one.
    """
    reader = SOURCES.get(path.suffix.lower())
    if reader is None:
        raise BadPayload(f"Cannot read {path.name}: use one of {', '.join(SOURCES)}.")
    if not path.is_file():
        raise BadPayload(f"There is no file {path.name}.")
    seen: dict[str, int] = {}
    for row in reader(path, zone):
        if isinstance(row, Row):
            if row.draft.id in seen:
                yield BadRow(row.number, f"id {row.draft.id} is already in row {seen[row.draft.id]}")
                continue
            seen[row.draft.id] = row.number
        yield row


__all__ = ["SOURCES", "BadRow", "Row", "read"]
