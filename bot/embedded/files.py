"""Private files under TELLER_HOME: folders 0700, secrets 0600, the ports the servers had last time."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import secrets
import socket
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import IO

LOG_BYTES = 10_000_000
LOG_KEEP = 3


def folder(path: Path) -> Path:
    """Makes `path` with mode 0700 and returns it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_private(path: Path, text: str) -> None:
    """Replaces `path` in one step; never readable by others, never half written, safely on disk on return."""
    folder(path.parent)
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def secret(path: Path, make: Callable[[], str]) -> str:
    """The secret kept in `path`; made once. A file copied in with wider rights is narrowed."""
    if not path.exists():
        write_private(path, make())
    path.chmod(0o600)
    return path.read_text(encoding="utf-8").strip()


def read_json(path: Path) -> dict[str, object]:
    """The object in `path`, empty where there is none or it is damaged."""
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
    return {}


def rotate(path: Path, limit: int = LOG_BYTES, keep: int = LOG_KEEP) -> None:
    """Moves `path` to `path.1` (and so on, `keep` of them) once it is larger than `limit` bytes."""
    if not path.exists() or path.stat().st_size <= limit:
        return
    for number in range(keep, 0, -1):
        older = path if number == 1 else path.with_name(f"{path.name}.{number - 1}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number}"))


def open_log(path: Path) -> IO[bytes]:
    """Appends to `path` (0600), rotated first where it grew too large."""
    folder(path.parent)
    rotate(path)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0)


def tail(path: Path, lines: int = 5) -> str:
    """The last lines of a log."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 8000))
        return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])
    return ""


def remembered_port(home: Path, name: str, *, avoid: Collection[int] = ()) -> int:
    """The port `name` had last time if it is still free, else a new one, remembered.

    Kept apart from run/servers.json, which a clean stop removes: the replica set's configuration
    holds the port.
    """
    path = home / "db" / "ports.json"
    ports = read_json(path)
    last = ports.get(name)
    if isinstance(last, int) and last not in avoid and _soon_free(last):
        return last
    port = _free_port({p for p in ports.values() if isinstance(p, int)} | set(avoid))
    write_private(path, json.dumps(ports | {name: port}, indent=1))
    return port


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now. Raises OSError where we never could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as fault:
            if fault.errno != errno.EADDRINUSE:
                raise
            return False
    return True


def _soon_free(port: int, patience: float = 1.0) -> bool:
    """As `is_free`, but waits a moment: a server that was just killed may not have let go yet."""
    until = time.monotonic() + patience
    while not is_free(port):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _free_port(taken: set[int]) -> int:
    # Below the range the kernel takes client ports from: while a server is down for a second, a client's own
    # connection (even one to that very port) could otherwise occupy its address.
    low = 32768
    with contextlib.suppress(OSError, ValueError):
        low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    choices = range(20000, low) if low > 21000 else range(20000, 60000)
    for port in random.sample(choices, 200):
        if port not in taken and is_free(port):
            return port
    raise OSError("no free port on 127.0.0.1")
