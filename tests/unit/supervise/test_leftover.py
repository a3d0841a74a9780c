"""What a killed supervisor left behind, and the web's address."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

from bot.supervise.leftover import MARK, address_fault, end_leftovers


def test_only_processes_marked_with_our_home_are_ended(tmp_path: Path) -> None:
    ours, theirs = (
        subprocess.Popen(["sleep", "300"], env={**os.environ, MARK: str(home)})
        for home in (tmp_path / "a", tmp_path / "ab")
    )
    try:
        assert end_leftovers(tmp_path / "a") == [ours.pid]
        assert ours.wait(1) != 0
        assert theirs.poll() is None
    finally:
        for process in (ours, theirs):
            process.kill()
            process.wait()


def test_a_leftover_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    deaf = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"],
        env={**os.environ, MARK: str(tmp_path)},
        stdout=subprocess.PIPE,
    )
    assert deaf.stdout is not None
    deaf.stdout.readline()
    assert deaf.pid in end_leftovers(tmp_path, patience=0.3)
    assert deaf.wait(1) == -9


def test_a_taken_port_and_a_foreign_host_are_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"Port {port} on 127.0.0.1 is taken" in str(address_fault("127.0.0.1", port))
        assert f"Port {port} on 0.0.0.0 is taken" in str(address_fault("0.0.0.0", port))
    assert address_fault("127.0.0.1", port) is None
    assert "not an address of this machine" in str(address_fault("192.0.2.1", port))
    assert "not an address of this machine" in str(address_fault("no-such-host.invalid", port))
