"""Where Markdown files come from: a folder, a .zip, a single file. Nothing of an archive is ever written to a disk."""

from __future__ import annotations

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

from bot.errors import BadPayload
from kb.sources import markdown
from kb.sources.markdown import MAX_BYTES, SUFFIXES, File
from kb.sources.rows import BadRow, Row

MAX_FILES = 20_000
MAX_TOTAL = 64 * 1024 * 1024
"""Bytes of all files together, unpacked: what one import may hold in memory."""
_UTF8 = 0x800
_ENCRYPTED = 0x1


def read_folder(path: Path, zone: ZoneInfo) -> Iterator[Row | BadRow]:
    """Every Markdown file in and below `path`, by name; hidden ones and those that lead out of it are left alone."""
    return markdown.read(_of_folder(path), zone)


def read_file(path: Path, zone: ZoneInfo) -> Iterator[Row | BadRow]:
    return markdown.read([_file(path, _shown(path.name))], zone)


def read_zip(path: Path, zone: ZoneInfo) -> Iterator[Row | BadRow]:
    """The Markdown files of an archive, in its order. Raises BadPayload where it is none, or too large to import."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise BadPayload(f"{path.name} is not a .zip archive that can be read.") from error
    with archive:
        yield from markdown.read(_of_zip(archive, path.name), zone)


def pack(files: Iterable[File]) -> bytes:
    """An archive of these files that `read_zip` reads; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            info = zipfile.ZipInfo(file.path, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, file.data)
    return out.getvalue()


def _of_folder(root: Path) -> Iterator[File]:
    found: list[str] = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(folder).relative_to(root)
        found += [(here / name).as_posix() for name in names if _wanted(name)]
    _some(len(found), root.name)
    total = 0
    for name in sorted(found):
        if (root / name).is_symlink() and not (root / name).resolve().is_relative_to(root.resolve()):
            yield File(_shown(name), fault="is a link that leads out of the folder")
            continue
        file = _file(root / name, _shown(name))
        total += len(file.data)
        _small(total, root.name)
        yield file


def _file(path: Path, name: str) -> File:
    try:
        with path.open("rb") as opened:
            return File(name, opened.read(MAX_BYTES + 1))
    except OSError as error:
        return File(name, fault=f"cannot be read: {error.strerror}")


def _of_zip(archive: zipfile.ZipFile, name: str) -> Iterator[File]:
    members = {}
    for info in archive.infolist():
        path = _path(info)
        if not info.is_dir() and _wanted(PurePosixPath(path).name) and not _hidden(path):
            members[path] = info
    _some(len(members), name)
    total = 0
    for path, info in members.items():
        file = _member(archive, info, path)
        total += len(file.data)
        _small(total, name)
        yield file


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str) -> File:
    if info.flag_bits & _ENCRYPTED:
        return File(path, fault="is encrypted")
    if stat.S_ISLNK(info.external_attr >> 16):
        return File(path, fault="is a link, not a file")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return File(path, fault="is packed in a way that is not read: pack it with ordinary zip")
    try:
        with archive.open(info) as opened:
            return File(path, opened.read(MAX_BYTES + 1))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError):
        return File(path, fault="is damaged")


def _path(info: zipfile.ZipInfo) -> str:
    """Windows in Taiwan packs names as Big5 and says nothing; zipfile then reads them as a code page of 1981."""
    name = info.filename
    if not info.flag_bits & _UTF8 and not name.isascii():
        raw = name.encode("cp437", "replace")
        for encoding in ("utf-8", "big5"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return _shown(name.replace("\\", "/"))


def _shown(name: str) -> str:
    """A name fit for a report: it must not steer the terminal it is printed on."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in name)


def _wanted(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def _hidden(path: str) -> bool:
    return any((part.startswith(".") and part.strip(".")) or part == "__MACOSX" for part in path.split("/"))


def _some(count: int, name: str) -> None:
    if not count:
        raise BadPayload(f"{name} has no Markdown file (.md) in it.")
    if count > MAX_FILES:
        raise BadPayload(f"{name} has more than {MAX_FILES} Markdown files: bring it in parts.")


def _small(total: int, name: str) -> None:
    if total > MAX_TOTAL:
        raise BadPayload(f"{name} holds more than {MAX_TOTAL // 1024 // 1024} MB of text: bring it in parts.")
