"""gunicorn.conf.py on the real gunicorn, with a small application in Teller's place."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.embedded import processes

_APP = """
import gevent, time
from bot import shutdown
def fail(argument):
    raise ValueError("planted-value")
def stream():
    while not shutdown.stopping():
        yield b"data: x\\n\\n"
        time.sleep(0.2)
def app(environ, start):
    path = environ["PATH_INFO"]
    if path == "/fails":
        fail(None)
    if path == "/greenlet":
        gevent.spawn(fail, "planted-argument")
    start("200 OK", [("Content-Type", "text/plain")])
    return stream() if path == "/stream" else [b"pong"]
"""
_ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Web:
    process: subprocess.Popen[bytes]
    port: int
    log: Path
    home: Path

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def until_logged(self, words: str) -> str:
        end = time.monotonic() + 5
        while words not in self.log.read_text():
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)
        return self.log.read_text()


def started(folder: Path, **more: str) -> Web:
    """`more` settings; with TLS its own test asks whether it answers."""
    (folder / "small.py").write_text(_APP)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home = folder / "home"
    env = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    env |= {
        "TELLER_HOME": str(home),
        "PORT": str(port),
        "PYTHONPATH": f"{folder}:{_ROOT}",
        "HOME": str(folder),
        **more,
    }
    env.pop("XDG_RUNTIME_DIR", None)
    log = folder / "log"
    with log.open("wb") as output:
        process = processes.spawn(
            [sys.executable, "-m", "gunicorn", "-c", str(_ROOT / "gunicorn.conf.py"), "small:app"],
            output=output,
            env=env,
            cwd=_ROOT,
        )
    web = Web(process, port, log, home)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            # Both workers must be up: one that is only just starting misses the request to stop.
            if log.read_text().count("Booting worker") == 2 and (more or web.get("/")[0] == 200):
                time.sleep(1)
                return web
        time.sleep(0.05)
    raise AssertionError(log.read_text())


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    web = started(tmp_path)
    yield web
    processes.stop(web.process, 15)


def test_half_open_sockets_do_not_slow_the_next_request(web: Web) -> None:
    held = [socket.create_connection(("127.0.0.1", web.port)) for _ in range(20)]
    for connection in held[:10]:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
    for connection in held[10:]:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    began = time.monotonic()
    for _ in range(10):
        assert web.get("/") == (200, b"pong")
    assert time.monotonic() - began < 1
    for connection in held:
        connection.close()


def test_no_value_of_a_request_reaches_the_log(web: Web) -> None:
    assert web.get("/fails?token=planted-token")[0] == 500
    assert web.get("/greenlet")[0] == 200
    with socket.create_connection(("127.0.0.1", web.port), timeout=5) as broken:
        broken.sendall(b"GET /planted-path NONSENSE/9\r\nHost: x\r\n\r\n")
        assert b" 400 " in broken.recv(200)
    web.until_logged("A greenlet failed")
    log = web.until_logged("Refused a request")
    assert "Error handling request GET /fails" in log
    assert "ValueError raised in" in log
    assert "in fail\n" in log
    assert "planted" not in log


def test_open_streams_do_not_hold_the_stop_up(web: Web) -> None:
    streams = []
    for _ in range(6):
        stream = socket.create_connection(("127.0.0.1", web.port))
        stream.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200 OK" in stream.recv(500)
        streams.append(stream)
    began = time.monotonic()
    web.process.send_signal(signal.SIGTERM)
    assert web.process.wait(15) == 0
    assert time.monotonic() - began < 6, "graceful_timeout is 10 s"
    for stream in streams:
        stream.close()


def test_no_control_socket_is_made_and_metrics_start_empty(web: Web) -> None:
    assert not list(web.home.parent.rglob("*.ctl"))
    assert (web.home / "metrics").is_dir()
    assert (web.home / "metrics").stat().st_mode & 0o077 == 0
