"""Vectors on disk by hash of the text, so that a restart takes seconds and an approval milliseconds.

One folder an encoder; each save adds a small file, written beside and renamed, so several processes may read and
write at once. Many small files become one now and then. Only texts of the knowledge base come here, never customers'.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
_MAX_FILES = 24
_BATCH = 64


def key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


class VectorCache:
    """Vectors of one encoder. `folder` None keeps them in memory only. Threads may share one."""

    def __init__(self, folder: Path | None, width: int) -> None:
        self._folder = folder
        self._width = width
        self._known: dict[bytes, Vectors] = {}
        self._read: set[str] = set()
        self._lock = threading.RLock()

    def missing(self, texts: Sequence[str]) -> list[str]:
        """Those of `texts`, without doubles, that no process has encoded yet."""
        unknown = self._unknown(texts)
        if unknown:
            self._load()
            unknown = self._unknown(unknown)
        return unknown

    def _unknown(self, texts: Sequence[str]) -> list[str]:
        return [text for text in dict.fromkeys(texts) if key(text) not in self._known]

    def vectors(self, texts: Sequence[str], encode: Callable[[list[str]], Vectors]) -> Vectors:
        """A row a text; encodes what is missing and saves it. Of several processes one encodes, the others wait."""
        if self.missing(texts):
            with self._alone():
                todo = self.missing(texts)
                for start in range(0, len(todo), _BATCH):
                    batch = todo[start : start + _BATCH]
                    self._save([key(text) for text in batch], encode(batch))
        if not texts:
            return np.zeros((0, self._width), np.float32)
        return np.stack([self._known[key(text)] for text in texts])

    def _load(self) -> None:
        if self._folder is None or not self._folder.is_dir():
            return
        with self._lock:
            self._load_from(self._folder)

    def _load_from(self, folder: Path) -> None:
        for path in sorted(folder.glob("*.npz")):
            if path.name in self._read:
                continue
            # a file may be merged away, or be another version's: what cannot be read is encoded again
            with (
                suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile),
                np.load(path, allow_pickle=False) as file,
            ):
                keys, rows = file["keys"], file["rows"]
                if rows.shape == (len(keys), self._width):
                    self._known.update(zip((k.tobytes() for k in keys), rows.astype(np.float32), strict=True))
            self._read.add(path.name)

    def _save(self, keys: list[bytes], rows: Vectors) -> None:
        with self._lock:
            self._known.update(zip(keys, rows, strict=True))
        if self._folder is None:
            return
        files = sorted(self._folder.glob("*.npz"))
        if len(files) >= _MAX_FILES:
            self._load()
            keys, rows = list(self._known), np.stack(list(self._known.values()))
        self._write(keys, rows)
        if len(files) >= _MAX_FILES:
            for path in files:
                path.unlink(missing_ok=True)

    def _write(self, keys: list[bytes], rows: Vectors) -> None:
        if self._folder is None:
            return
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, keys=np.frombuffer(b"".join(keys), np.uint8).reshape(-1, 16), rows=rows)
        name = hashlib.blake2b(b"".join(keys), digest_size=12).hexdigest() + ".npz"
        Path(temporary).replace(self._folder / name)
        self._read.add(name)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._folder is None:
            yield
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
