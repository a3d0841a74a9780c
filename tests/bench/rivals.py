"""What Teller is compared with, each under gunicorn in processes of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.house import ROOT, free_port

START_S = 60.0


@dataclass(frozen=True, slots=True)
class Rival:
    """`pid` is gunicorn's master; its children serve."""

    url: str
    pid: int


@contextlib.contextmanager
def serving(app: str, *options: str, env: Mapping[str, str] | None = None) -> Iterator[Rival]:
    """`tests.bench.apps.<app>` under gunicorn with `options`. Raises RuntimeError where it does not come up."""
    port = free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "-c", "tests/bench/apps/settings.py"),
            *("-b", f"127.0.0.1:{port}", *options, f"tests.bench.apps.{app}:app"),
        ],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
    )
    try:
        _await(port, process)
        yield Rival(f"http://127.0.0.1:{port}/callback", process.pid)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"gunicorn ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.1)
    raise RuntimeError(f"gunicorn does not answer within {START_S} s")
