"""Files that people bring. Adding a kind: one file with `read(path, zone)`, one test, one line in the table.

rows       one row as a mapping of columns to a checked draft; what all kinds share
csv_file   xlsx   jsonl   encoding
markdown   one article a file, front matter and answer; plain.py makes plain text of it, folder.py finds the files

A source yields `Row`s and `BadRow`s in file order and can make nothing but drafts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.errors import BadPayload
from kb.sources import csv_file, folder, jsonl, xlsx
from kb.sources.rows import TAIPEI, BadRow, Row

SOURCES: dict[str, Callable[[Path, ZoneInfo], Iterator[Row | BadRow]]] = {
    ".jsonl": jsonl.read,
    ".csv": csv_file.read,
    ".xlsx": xlsx.read,
    ".md": folder.read_file,
    ".markdown": folder.read_file,
    ".zip": folder.read_zip,
}


def read(path: Path, zone: ZoneInfo = TAIPEI) -> Iterator[Row | BadRow]:
    """Rows by the file's suffix, or of a folder of Markdown; an id that comes twice is bad the second time.

    Raises BadPayload where the file as a whole cannot be read. `zone` is that of dates without one.
    """
    reader = folder.read_folder if path.is_dir() else SOURCES.get(path.suffix.lower())
    if reader is None:
        raise BadPayload(f"Cannot read {path.name}: use a folder or one of {', '.join(SOURCES)}.")
    if not path.exists():
        raise BadPayload(f"There is no file {path.name}.")
    seen: dict[str, Row] = {}
    for row in reader(path, zone):
        if isinstance(row, Row):
            if row.draft.id in seen:
                first = seen[row.draft.id]
                reason = f"id {row.draft.id} is already in row {first.number}"
                if first.file:
                    reason = f"id {row.draft.id} is already in {first.file}"
                yield BadRow(row.number, reason, row.file)
                continue
            seen[row.draft.id] = row
        yield row


__all__ = ["SOURCES", "BadRow", "Row", "read"]
