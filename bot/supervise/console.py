"""What the children say: on the screen with their name in front, and in files that stay small."""

from __future__ import annotations

import contextlib
import os
import select
import time
from pathlib import Path
from typing import IO

from bot.embedded import files

_PIECE = (
    4096  # what a pipe takes whole when select calls it writable (POSIX PIPE_BUF is at least 512, Linux 4096)
)


class Console:
    """Never blocks for long: whoever started us may have stopped reading, and the service must go on."""

    def __init__(self, logs: Path, screen: int = 1, width: int = 9) -> None:
        self._logs = logs
        self._screen = screen
        self._width = width
        self._open: dict[str, tuple[IO[bytes], int]] = {}
        self._readable = True

    def say(self, text: str) -> None:
        """Our own words, without prefix; waits a moment for a slow reader, as these lines matter."""
        self._show(f"{text}\n".encode(), patience=5.0)
        self._keep("supervisor", f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {text}\n".encode())

    def relay(self, name: str, line: bytes) -> None:
        """One line of a child, without its line end."""
        self._keep(name, line + b"\n")
        self._show(f"{name:<{self._width}} | ".encode() + line + b"\n", patience=0.0)

    def close(self) -> None:
        for file, _ in self._open.values():
            file.close()
        self._open.clear()

    def _show(self, data: bytes, patience: float) -> None:
        for start in range(0, len(data), _PIECE):
            if not self._readable:
                return
            try:
                if not select.select([], [self._screen], [], patience)[1]:
                    return  # dropped: the log file has it
                os.write(self._screen, data[start : start + _PIECE])
            except (OSError, ValueError):
                self._readable = False  # the reader went away; the files remain

    def _keep(self, name: str, data: bytes) -> None:
        with contextlib.suppress(OSError):  # a full disk must not end the service
            file, size = self._open.get(name) or self._reopen(name)
            if size > files.LOG_BYTES:
                file.close()
                file, size = self._reopen(name)
            file.write(data)
            self._open[name] = file, size + len(data)

    def _reopen(self, name: str) -> tuple[IO[bytes], int]:
        path = self._logs / f"{name}.log"
        file = files.open_log(path)
        return file, path.stat().st_size
