"""Files of a pack: written once, readable by their owner alone, hashed as they are written."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from bot.errors import Conflict
from bot.mongo import Doc
from bot.store.chain import PURGED, canonical

ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode


class Lines:
    """A file of JSON lines that is being written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.lines = self.size = 0

    def add(self, value: Any) -> None:
        self.put(ENCODE(value).encode() + b"\n")

    def record(self, doc: Doc, text: str | None = None) -> None:
        """A chained document as its hash is over it, digests for ciphertexts; beside it what it says."""
        links = {name: doc[name] for name in ("hash", "prev_hash", PURGED) if name in doc}
        beside = b"" if text is None else b',"text":' + ENCODE(text).encode()
        self.put(b'{"record":' + canonical(doc)[:-1] + b"," + ENCODE(links).encode()[1:] + beside + b"}\n")

    def put(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self.lines += 1
        self.size += len(data)

    def told(self) -> dict[str, Any]:
        return {"sha256": self._digest.hexdigest(), "bytes": self.size, "lines": self.lines}


class Folder:
    """An empty folder that becomes a pack; `files` is what the manifest says of each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: dict[str, dict[str, Any]] = {}
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(path.iterdir()):
            raise Conflict("The folder is not empty: name one that is, or that is not there yet.")

    @contextmanager
    def lines(self, name: str) -> Iterator[Lines]:
        with self._open(name) as file:
            made = Lines(file)
            yield made
        self.files[name] = made.told()

    def whole(self, name: str, data: bytes) -> None:
        with self._open(name) as file:
            file.write(data)
        self.files[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}

    def known(self, name: str) -> None:
        """A file that somebody else wrote there."""
        digest, path = hashlib.sha256(), self.path / name
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
        self.files[name] = {"sha256": digest.hexdigest(), "bytes": path.stat().st_size}

    def sealed(self, manifest: bytes) -> None:
        """The manifest, which names all others and not itself."""
        with self._open("manifest.json") as file:
            file.write(manifest)

    @contextmanager
    def _open(self, name: str) -> Iterator[BinaryIO]:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file


def zipped(folder: Path, path: Path, step: Callable[[int, int], None], total: int) -> None:
    """One .zip (zip64 where it has to be), readable by its owner alone."""
    with (
        os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=True, compresslevel=3) as made,
    ):
        for one in sorted(folder.rglob("*")):
            step(total, total)
            if one.is_file():
                made.write(one, str(Path(folder.name) / one.relative_to(folder)))
