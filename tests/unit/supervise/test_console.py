"""The screen must never hold the service up, and the logs must not grow without end."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bot.embedded import files
from bot.supervise.console import Console


def test_nobody_reading_the_screen_holds_nothing_up_and_loses_no_log(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    console = Console(tmp_path, writer)
    began = time.monotonic()
    for number in range(20_000):  # a pipe takes 64 kB
        console.relay("web", b"line %d" % number)
    assert time.monotonic() - began < 5
    console.close()
    assert (tmp_path / "web.log").read_text().splitlines()[-1] == "line 19999"
    assert os.read(reader, 100).startswith(b"web       | line 0\nweb       | line 1\n")
    os.close(reader)
    console.relay("web", b"after the reader went away")
    console.say("ready: http://127.0.0.1:8000")
    os.close(writer)


def test_our_own_lines_have_no_prefix(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    console = Console(tmp_path, writer)
    console.say("ready: http://127.0.0.1:8000")
    assert os.read(reader, 1000) == b"ready: http://127.0.0.1:8000\n"
    os.close(reader)
    os.close(writer)


def test_logs_are_rotated_while_running_and_three_old_ones_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LOG_BYTES", 1000)
    monkeypatch.setattr(files.rotate, "__defaults__", (1000, 3))
    with open(os.devnull, "wb") as screen:
        console = Console(tmp_path, screen.fileno())
        for number in range(600):
            console.relay("web", b"line %d" % number)
        console.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "web.log",
        "web.log.1",
        "web.log.2",
        "web.log.3",
    ]
    assert all(path.stat().st_size < 1200 for path in tmp_path.iterdir())
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())
