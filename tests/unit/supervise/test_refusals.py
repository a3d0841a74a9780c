"""`python -m bot.supervisor` says in one sentence why it does not start, and leaves nothing behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from bot.embedded import HomeLock


def _run(home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    servers = {"MONGODB_URI": "mongodb://127.0.0.1:1/", "REDIS_URL": "redis://127.0.0.1:1/"}
    return subprocess.run(
        [sys.executable, "-m", "bot.supervisor"],
        env={**os.environ, **servers, "TELLER_HOME": str(home), **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_second_start_on_the_same_home_is_refused(tmp_path: Path) -> None:
    lock = HomeLock.take(tmp_path)
    (tmp_path / "run" / "servers.json").write_text("{}")
    refused = _run(tmp_path)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"Teller is already running on {tmp_path} (process {os.getpid()}): "
        "stop that one first, or set TELLER_HOME to another folder.\n"
    )
    # The note belongs to the one that runs.
    assert (tmp_path / "run" / "servers.json").exists()
    lock.release()


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = _run(tmp_path, PORT=str(port))
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        f"Port {port} on 127.0.0.1 is taken by another program: stop that, or set PORT to another number."
    ]


def test_all_faulty_settings_are_named_at_once(tmp_path: Path) -> None:
    refused = _run(tmp_path, PORT="http", QUEUE_WORKERS="0")
    assert refused.returncode == 1
    assert [line.split()[0] for line in refused.stderr.splitlines()] == ["PORT", "QUEUE_WORKERS"]
