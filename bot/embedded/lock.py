"""One owner per TELLER_HOME: two mongods on one folder would be the end of it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from bot.embedded.files import folder
from bot.errors import ConfigError


class HomeLock:
    """Held until `release` or the end of the process, however that comes (flock, not a pid file)."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @classmethod
    def take(cls, home: Path) -> HomeLock:
        """Raises ConfigError when another process owns `home`."""
        path = folder(home / "run") / "lock"
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(fd, 20).decode("ascii", "replace").strip()
            os.close(fd)
            by = f" (process {owner})" if owner else ""
            raise ConfigError(
                f"Teller is already running on {home}{by}: "
                "stop that one first, or set TELLER_HOME to another folder."
            ) from None
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
        return cls(fd)

    def release(self) -> None:
        """Gives `home` free; may be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
