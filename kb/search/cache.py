"""Vectors on disk by hash of the text, so that a restart takes seconds and an approval milliseconds.

One folder an encoder; each save adds a file, written beside and renamed, so several processes may read and write at
once. Small files become one now and then. Only texts of the knowledge base come here, never customers'. Files are
read through the page cache and let go of: what a process keeps is the place of each vector, not the vector.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
_SMALL, _MAX_SMALL = 4096, 24
"""Files of fewer rows are merged once there are so many of them; large ones are never written again."""
_BATCH = 64


def key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


class VectorCache:
    """Vectors of one encoder. `folder` None keeps them in memory only. Threads may share one.

    Kept as float16: half the room, and 5e-4 of a component is far below what tells two questions apart.
    """

    def __init__(self, folder: Path | None, width: int) -> None:
        self._folder = folder
        self._width = width
        self._record = np.dtype([("key", "S16"), ("row", "<f2", (width,))])
        # What is read: names of files, or the arrays themselves where there is no folder.
        self._parts: list[str | npt.NDArray[Any]] = []
        self._keys = np.zeros(0, "S16")
        self._places = np.zeros((0, 2), np.int32)
        self._lock = threading.RLock()

    def missing(self, texts: Sequence[str]) -> list[str]:
        """Those of `texts`, without doubles, that no process has encoded yet."""
        unknown = self._unknown(texts)
        if unknown:
            self._look()
            unknown = self._unknown(unknown)
        return unknown

    def vectors(self, texts: Sequence[str], encode: Callable[[list[str]], Vectors]) -> Vectors:
        """A row a text; encodes what is missing and saves it. Of several processes one encodes, the others wait."""
        while True:
            if self.missing(texts):
                self._encode_missing(texts, encode)
            with suppress(FileNotFoundError, ValueError):
                return self._gathered(texts)
            # Another process has merged a file away since we looked.
            self._forget()

    def _encode_missing(self, texts: Sequence[str], encode: Callable[[list[str]], Vectors]) -> None:
        with self._alone():
            todo = self.missing(texts)
            for start in range(0, len(todo), _BATCH):
                batch = todo[start : start + _BATCH]
                rows = np.zeros(len(batch), self._record)
                rows["key"] = [key(text) for text in batch]
                rows["row"] = encode(batch)
                self._save(rows)

    def _unknown(self, texts: Sequence[str]) -> list[str]:
        distinct = list(dict.fromkeys(texts))
        found = self._find(self._keys, distinct)
        return [text for text, at in zip(distinct, found, strict=True) if at < 0]

    @staticmethod
    def _find(keys: npt.NDArray[np.bytes_], texts: Sequence[str]) -> npt.NDArray[np.int64]:
        """Where each text stands in sorted `keys`; -1 for nowhere."""
        wanted = np.array([key(text) for text in texts], "S16")
        if not len(keys) or not len(wanted):
            return np.full(len(wanted), -1)
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[at] == wanted, at, -1)

    def _gathered(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            keys, places, parts = self._keys, self._places, list(self._parts)
        at = self._find(keys, texts)
        if (at < 0).any():
            raise ValueError("forgotten meanwhile")
        rows = np.zeros((len(texts), self._width), np.float32)
        where = places[at]
        for number in np.unique(where[:, 0]):
            mine = where[:, 0] == number
            rows[mine] = self._open(parts[number])["row"][where[mine, 1]]
        return rows

    def _open(self, part: str | npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Raises FileNotFoundError for a file that was merged away, ValueError for what is no file of ours."""
        if not isinstance(part, str):
            return part
        if self._folder is None:  # pragma: no cover  a name belongs to a folder
            raise ValueError(part)
        array: npt.NDArray[Any] = np.load(self._folder / part, mmap_mode="r", allow_pickle=False)
        if array.dtype != self._record or array.ndim != 1:
            raise ValueError(part)
        return array

    def _look(self) -> None:
        """Learns what other processes have saved."""
        if self._folder is None or not self._folder.is_dir():
            return
        with self._lock:
            known = {part for part in self._parts if isinstance(part, str)}
            for path in sorted(self._folder.glob("*.npy")):
                if path.name not in known:
                    # it may be merged away by now, or be damaged: what cannot be read is encoded again
                    with suppress(OSError, ValueError, EOFError):
                        self._add(path.name, np.array(self._open(path.name)["key"]))

    def _forget(self) -> None:
        with self._lock:
            self._parts, self._keys, self._places = [], np.zeros(0, "S16"), np.zeros((0, 2), np.int32)

    def _add(self, part: str | npt.NDArray[Any], keys: npt.NDArray[np.bytes_]) -> None:
        with self._lock:
            self._parts.append(part)
            new = np.stack([np.full(len(keys), len(self._parts) - 1), np.arange(len(keys))], axis=1)
            everything = np.concatenate([self._keys, keys])
            order = np.argsort(everything, kind="stable")
            self._keys = everything[order]
            self._places = np.concatenate([self._places, new.astype(np.int32)])[order]

    def _save(self, rows: npt.NDArray[Any]) -> None:
        if self._folder is None:
            self._add(rows, np.array(rows["key"]))
            return
        self._add(self._write(self._folder, rows), np.array(rows["key"]))
        row = self._record.itemsize
        small = [p for p in sorted(self._folder.glob("*.npy")) if p.stat().st_size < _SMALL * row]
        if len(small) >= _MAX_SMALL:
            self._merge(self._folder, small)

    def _merge(self, folder: Path, files: Sequence[Path]) -> None:
        rows = []
        for path in files:
            with suppress(OSError, ValueError, EOFError):
                rows.append(np.array(self._open(path.name)))
        self._write(folder, np.concatenate(rows))
        for path in files:
            path.unlink(missing_ok=True)
        self._forget()
        self._look()

    def _write(self, folder: Path, rows: npt.NDArray[Any]) -> str:
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".", suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            np.save(file, rows)
        name = hashlib.blake2b(rows["key"].tobytes(), digest_size=12).hexdigest() + ".npy"
        Path(temporary).replace(folder / name)
        return name

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._folder is None:
            with self._lock:
                yield
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
