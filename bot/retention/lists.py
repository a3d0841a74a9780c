"""Who was erased, in a file outside of the database: a restore of an older backup erases them again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.errors import BadPayload, Unavailable
from bot.mongo import Doc

TIMES = ("begun_at", "done_at")


@dataclass(frozen=True, slots=True)
class ErasureList:
    """A line of JSON a certificate, appended and flushed to the disk; ids and counts only."""

    path: Path

    def add(self, certificate: Doc) -> None:
        """Raises Unavailable where it cannot be written: then nothing may be called erased."""
        line = json.dumps(certificate, default=_plain, ensure_ascii=False, sort_keys=True) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "ab") as file:
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise Unavailable(f"The list of erasures {self.path} cannot be written.") from error

    def read(self) -> Iterator[Doc]:
        """The certificates, each once. Raises BadPayload for a line that is none, Unavailable without the file.

        A last line that was cut off by a crash was never certified, and is passed over.
        """
        try:
            lines = self.path.read_text(encoding="utf-8").split("\n")
        except OSError as error:
            raise Unavailable(f"The list of erasures {self.path} cannot be read.") from error
        found: dict[str, Doc] = {}
        for number, line in enumerate(lines, 1):
            if not line:
                continue
            try:
                doc = json.loads(line)
                found[doc["_id"]] = _read(doc)
            except (ValueError, KeyError, TypeError) as error:
                if number == len(lines):
                    break
                raise BadPayload(f"Line {number} of {self.path} is no erasure.") from error
        yield from found.values()


def _read(doc: dict[str, Any]) -> Doc:
    times = {name: datetime.fromisoformat(doc[name]) for name in TIMES if doc.get(name)}
    if not isinstance(doc["customers"], list):
        raise TypeError("customers")
    return {**doc, **times}


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    raise TypeError(type(value).__name__)
