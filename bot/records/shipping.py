"""Copies of seals where the database's keeper cannot reach them: a folder (of another machine, write-once), an address.

In the folder, a file of each that is made once and never written again:

    2026-11-22.seal.json     the seal, canonical JSON and a line break
    2026-11-22.leaves.gz     the list that it is over (bot/records/leaves.py)
"""

from __future__ import annotations

import gzip
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.errors import SendError
from bot.logs import logger
from bot.records.leaves import unpack
from bot.records.seal import Seal
from bot.store.chain import canonical
from bot.store.seals import SealStore

FOLDER, WEBHOOK = "folder", "webhook"
AT_ONCE = 50
FIRST_WAIT_S, LONGEST_WAIT_S = 30.0, 3600.0
SEAL, LEAVES = ".seal.json", ".leaves.gz"

Post = Callable[[str, bytes], None]
"""(day, body); raises SendError."""

log = logger(__name__)


def as_bytes(seal: Seal) -> bytes:
    """What is shipped: canonical JSON with `hash`, which `canonical` leaves out, last."""
    rest = canonical(seal)
    return rest[:-1] + b',"hash":"' + str(seal["hash"]).encode() + b'"}\n'


@dataclass(frozen=True, slots=True)
class Shipping:
    """`folder`, `post`: None where the firm set none."""

    store: SealStore
    folder: Path | None
    post: Post | None = field(repr=False)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(
            name for name, there in ((FOLDER, self.folder), (WEBHOOK, self.post)) if there is not None
        )

    def tick(self) -> int:
        """The clock's: copy what is due, one after the other; how many arrived. Raises PyMongoError."""
        arrived = 0
        for place in self.places:
            for day in self.store.uncopied(place, self.now(), AT_ONCE):
                if not self._copy(place, day):
                    # What is wrong with one is most often wrong with all: the next ones wait for their turn.
                    break
                arrived += 1
        return arrived

    def _copy(self, place: str, day: str) -> bool:
        seal = self.store.seal(day) or {}
        try:
            if place == FOLDER and self.folder is not None:
                self._file(seal, self.folder)
            elif self.post is not None:
                self.post(day, as_bytes(seal))
        except (OSError, SendError, ValueError) as error:
            fault = str(error) if isinstance(error, SendError | Different) else type(error).__name__
            before = self.store.copies([day]).get(day, {}).get(place, {})
            tries = int(before.get("tries", 0)) + 1
            wait = min(FIRST_WAIT_S * 2 ** min(tries - 1, 10), LONGEST_WAIT_S)
            due = self.now() + timedelta(seconds=wait)
            self.store.copied(day, place, {"tries": tries, "next_at": due, "fault": fault})
            log.warning("seal_not_copied", day=day, place=place, fault=fault)
            return False
        self.store.copied(day, place, {"at": self.now()})
        return True

    def _file(self, seal: Seal, folder: Path) -> None:
        """Raises OSError, Different, and ValueError where the stored list is damaged."""
        lines = (one.line().encode() for one in unpack(self.store.parts(seal["parts"])))
        once(folder / f"{seal['_id']}{LEAVES}", lines, packed=True)
        once(folder / f"{seal['_id']}{SEAL}", iter([as_bytes(seal)]))


class Different(ValueError):
    """There is such a file, and it says something else."""


def once(path: Path, parts: Iterator[bytes], *, packed: bool = False) -> None:
    """Write the file, read-only and on the disk when this returns; where it is there already, compare.

    Raises Different, OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o440), "wb") as file:
            if packed:
                with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as squeezed:
                    for part in parts:
                        squeezed.write(part)
            else:
                for part in parts:
                    file.write(part)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)
        except FileExistsError:
            if path.read_bytes() != aside.read_bytes():
                raise Different(f"{path.name} is there already and says something else.") from None
            return
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        aside.unlink(missing_ok=True)
