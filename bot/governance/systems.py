"""What runs: models and rules with version and hash, read off the process and its files, never typed in.

The hash of a model's file is worked out from the file itself and held against what its package lists.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

MACHINE = "machine"
"""Where a system runs: here, or the host that it is called at."""


@dataclass(frozen=True, slots=True)
class System:
    """`id` is a code that pages have words for (purpose, data it sees). `facts` are figures and names, no secrets."""

    id: str
    version: str
    where: str
    on: bool = True
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> dict[str, str]:
        """What makes it another one when it changes."""
        return {"version": self.version, "where": self.where, "on": str(self.on), **self.facts}


def package_of(name: str, largest: int = 1) -> tuple[str, dict[str, str]]:
    """(version, facts) of a package that carries a model: its largest files with SHA-256, and whether they are those
    the package lists. ("", {}) where it is not installed."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return "", {}
    facts = {"package": f"{name} {found.version}"}
    files = sorted(found.files or (), key=lambda one: -(one.size or 0))[:largest]
    for one in files:
        path = Path(str(one.locate()))
        stat = path.stat()
        got = _sha256(str(path), stat.st_size, stat.st_mtime_ns)
        listed = None if one.hash is None else _hex(one.hash.value)
        facts[path.name] = got
        if listed is not None and listed != got:
            facts["tampered"] = path.name
    return found.version, facts


@lru_cache(64)
def _sha256(path: str, _size: int, _changed: int) -> str:
    """Once for each state of a file: models have tens of megabytes."""
    with open(path, "rb") as file:  # noqa: PTH123 - hashlib wants a file object
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of(folder: Path, *patterns: str) -> str:
    """One hash over files: of their names and contents, in order of their names."""
    whole = hashlib.sha256()
    for path in sorted(one for pattern in patterns for one in folder.glob(pattern)):
        whole.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


def _hex(urlsafe: str) -> str:
    """As RECORD writes a hash: base64 without padding (PEP 376)."""
    return base64.urlsafe_b64decode(urlsafe + "=" * (-len(urlsafe) % 4)).hex()
