"""A whole Teller for tests: the real supervisor with its real servers and processes, as `make run` starts it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.sandbox.client import Sandbox

ROOT = Path(__file__).resolve().parents[1]
READY_S = 180.0
STOP_S = 40.0
VECTORS = ROOT / ".cache" / "test-vectors"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(found: Callable[[], Any], timeout: float, what: str) -> Any:
    """The first true answer of `found`; raises AssertionError that names `what` after `timeout` seconds."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        answer = found()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {timeout} s: {what}")


@dataclass(slots=True)
class House:
    """One running Teller. `run` calls a command of `flask`, `accounts` are ids by channel of the demo accounts."""

    home: Path
    port: int
    env: dict[str, str]
    process: subprocess.Popen[str] | None = None
    lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def make(cls, home: Path, **env: str) -> House:
        port = free_port()
        # An installation's own variables must not reach a test.
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("TELLER_", "OPENAI_"))
            and key not in ("MONGODB_URI", "REDIS_URL", "PUBLIC_URL")
        }
        own = {"TELLER_HOME": str(home), "PORT": str(port), "PYTHONUNBUFFERED": "1", **env}
        return cls(home, port, {**kept, **own})

    def start(self) -> House:
        """Returns once `ready:` was printed. Raises AssertionError with the output where it was not."""
        if VECTORS.exists() and not (self.home / "cache").exists():
            # Encoding the same sample questions for every test would only warm the room.
            shutil.copytree(VECTORS, self.home / "cache")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot.supervisor"],
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        ready = threading.Event()
        threading.Thread(target=self._read, args=(self.process, ready), daemon=True).start()
        end = time.monotonic() + READY_S
        while not ready.wait(0.2):
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError("Teller did not become ready:\n" + "\n".join(self.lines[-60:]))
        if not VECTORS.exists():
            aside = VECTORS.with_name(f"{VECTORS.name}.{os.getpid()}")
            shutil.copytree(self.home / "cache", aside)
            with contextlib.suppress(OSError):
                aside.rename(VECTORS)
        return self

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("ready: "):
                ready.set()

    def stop(self) -> int:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        return self.process.wait(STOP_S)

    def run(self, *arguments: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(Path(sys.executable).parent / "flask"), *arguments],
            cwd=ROOT,
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"flask {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
        return done

    def json(self, *arguments: str, stdin: str = "") -> Any:
        """What the command prints as JSON: one object, or a list of them for several lines."""
        lines = self.run(*arguments, stdin=stdin).stdout.strip().split("\n")
        parsed = [json.loads(line) for line in lines if line]
        return parsed[0] if len(parsed) == 1 else parsed

    def accounts(self) -> dict[str, str]:
        return {row["channel"]: row["id"] for row in self.rows()}

    def rows(self) -> list[dict[str, Any]]:
        out = self.run("channels", "list", "--json").stdout
        return [json.loads(line) for line in out.splitlines()]

    @property
    def sandbox(self) -> Sandbox:
        note = json.loads((self.home / "run" / "servers.json").read_text())
        return Sandbox(note["sandbox_url"])

    def pids(self, pattern: str) -> list[int]:
        """Processes of this house whose command line matches; found by their environment, never by name alone."""
        mark = f"TELLER_HOME={self.home}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                mine = mark in (entry / "environ").read_bytes() or str(self.home) in command
                if mine and re.search(pattern, command):
                    found.append(int(entry.name))
        return sorted(found)

    def kill(self, pattern: str) -> list[int]:
        """SIGKILL to every process of this house that matches."""
        killed = self.pids(pattern)
        for pid in killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return killed


def post(url: str, headers: dict[str, str], body: bytes, timeout: float = 10.0) -> int:
    """The status of a POST; 0 where nobody answered."""
    request = urllib.request.Request(url, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@contextlib.contextmanager
def running(home: Path, **env: str) -> Iterator[House]:
    house = House.make(home, **env).start()
    try:
        yield house
    finally:
        house.stop()


def texts(calls: Sequence[dict[str, Any]]) -> list[str]:
    """What the stand-ins' received calls say to a customer, in order."""
    said: list[str] = []
    for call in calls:
        body = call.get("body") or {}
        if "messages" in body:
            said += [one["text"] for one in body["messages"]]
        elif isinstance(body.get("message"), dict):
            said.append(body["message"]["text"])
        elif "text" in body:
            said.append(body["text"])
    return said
