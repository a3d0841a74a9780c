"""A backup of the data without any key, and one of the keys with what was decided on erasure: two files, two cycles.

Who has the one without the other has nothing: data is under data keys, data keys are under the master key, which is in
neither. A key that was destroyed is in no later backup of keys.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.backup import keys
from bot.backup.stream import COLLECTION, DOCUMENTS, Writer
from bot.store.audit import AuditStore
from bot.store.backup import ERASURES, KEYS, BackupStore

DATA = "data"
Step = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Made:
    """`size` in bytes; `documents` counts all collections; `began` is the moment that the file holds."""

    path: Path
    kind: str
    size: int
    documents: int
    began: datetime


@dataclass(frozen=True, slots=True)
class Maker:
    """Raises Conflict where the file exists, OSError where it cannot be written; PyMongoError."""

    store: BackupStore
    audit: AuditStore
    key: bytes

    def data(self, path: Path, by: str, step: Step = lambda _name, _count: None) -> Made:
        return self._make(path, DATA, self.store.collections(), by, step)

    def keys(self, path: Path, by: str) -> Made:
        return self._make(path, KEYS, (KEYS, *ERASURES), by, lambda _name, _count: None)

    def _make(self, path: Path, kind: str, names: Sequence[str], by: str, step: Step) -> Made:
        began = datetime.now(UTC)
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        counted = dict.fromkeys(names, 0)
        head = {"kind": kind, "at": began.isoformat(), "key": keys.name(self.key)}
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                out = Writer(file, self.key, head)
                for name, batch in self.store.dump(names):
                    if not batch:
                        out.add(COLLECTION, json.dumps(name).encode())
                        continue
                    out.add(DOCUMENTS, batch)
                    counted[name] += _count(batch)
                    step(name, counted[name])
                out.end({"counts": counted})
                file.flush()
                os.fsync(file.fileno())
            # Its name only when it is whole, and never over another one.
            os.link(aside, path)
        finally:
            aside.unlink(missing_ok=True)
        made = Made(path, kind, path.stat().st_size, sum(counted.values()), began)
        detail = {"kind": kind, "documents": made.documents, "bytes": made.size, "key": head["key"]}
        self.audit.add(by, f"backup:{kind}:create", "backup", detail)
        return made


def _count(batch: bytes) -> int:
    """Documents in concatenated BSON, by their lengths."""
    found = at = 0
    while at < len(batch):
        at += int.from_bytes(batch[at : at + 4], "little")
        found += 1
    return found
