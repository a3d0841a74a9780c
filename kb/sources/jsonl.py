"""JSON lines, UTF-8: one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from kb.sources.encoding import HINT
from kb.sources.rows import BadRow, Row, row


def read(path: Path, zone: ZoneInfo) -> Iterator[Row | BadRow]:
    """Blank lines are skipped but counted."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if not raw.strip():
                continue
            try:
                value = json.loads(raw.decode("utf-8-sig"))
            except UnicodeDecodeError:
                yield BadRow(number, HINT)
            except (ValueError, RecursionError) as error:
                yield BadRow(number, f"not JSON: {getattr(error, 'msg', 'nested too deeply')}")
            else:
                if isinstance(value, dict):
                    yield row(number, value, zone)
                else:
                    yield BadRow(number, "not a JSON object")
