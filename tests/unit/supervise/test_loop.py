"""The supervisor's loop with small real children: restart, back-off, order of the stop, relayed output."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.embedded import processes
from bot.errors import ConfigError
from bot.supervise.child import STEADY, Child, Spec, program
from bot.supervise.console import Console
from bot.supervise.loop import GIVE_UP_AFTER, Loop, StopRequestedError

# Tells that it runs, and when it was told to stop; {grace} is how long it then takes.
_STEADY = """
import os, signal, sys, time
name, notes, grace = sys.argv[1], sys.argv[2], float(sys.argv[3])
def note(what):
    with open(notes, "a") as file: file.write(f"{name} {what} {os.getpid()}\\n")
def stop(*_):
    note("told"); time.sleep(grace); note("gone"); sys.exit(0)
signal.signal(signal.SIGTERM, stop)
note("up")
open(os.environ["TELLER_READY_FILE"], "w").close()
print("serving", name, flush=True)
while True: time.sleep(60)
"""


class Bench:
    """A loop with its screen in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes = folder / "notes"
        self.notes.touch()
        self._screen = os.open(folder / "screen", os.O_WRONLY | os.O_CREAT)
        self.loop = Loop(Console(folder / "logs", self._screen))

    def steady(self, name: str, stage: int = 1, *, grace: float = 0.0, patience: float = 5.0) -> Spec:
        ready = self.folder / f"{name}.ready"
        argv = [sys.executable, "-c", _STEADY, name, str(self.notes), str(grace)]
        return Spec(name, program(argv, self._env(ready), self.folder), stage, patience, ready)

    def code(self, name: str, code: str, **options: bool) -> Spec:
        argv = [sys.executable, "-c", code]
        ready = self.folder / f"{name}.ready"
        return Spec(name, program(argv, self._env(ready), self.folder), 1, 5.0, ready, **options)  # type: ignore[arg-type]

    def noted(self) -> list[str]:
        return [" ".join(line.split()[:2]) for line in self.notes.read_text().splitlines()]

    def screen(self) -> str:
        return (self.folder / "screen").read_text()

    def until(self, reached: Callable[[], bool], seconds: float = 10.0) -> None:
        end = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < end, f"not reached; screen:\n{self.screen()}"
            self.loop.turn(0.05)

    @staticmethod
    def _env(ready: Path) -> dict[str, str]:
        return {**os.environ, "TELLER_READY_FILE": str(ready)}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    with bench.loop.signals():
        yield bench
        bench.loop.stop()


def test_a_killed_child_is_back_within_a_second_and_says_so(bench: Bench) -> None:
    child = bench.loop.start(bench.steady("web"))
    bench.loop.wait_ready([child], bench.loop.console.say)
    assert child.process is not None
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    began = time.monotonic()
    bench.until(lambda: bench.noted() == ["web up", "web up"])
    assert time.monotonic() - began < 2
    bench.until(child.is_ready)
    assert child.process.pid != first
    assert "web ended (signal 9); it starts again in 0.2 s" in bench.screen()


def test_what_a_dead_child_had_started_goes_with_it(bench: Bench) -> None:
    code = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen(['sleep', '300'])\n"
        "print('child', child.pid, flush=True)\n"
        "time.sleep(300)"
    )
    master = bench.loop.start(bench.code("web", code))
    bench.until(lambda: "child" in bench.screen())
    grandchild = int(bench.screen().split("child")[1].split()[0])
    assert master.process is not None
    os.kill(master.process.pid, signal.SIGKILL)
    bench.until(lambda: not processes.alive(grandchild))


def test_the_wait_doubles_to_five_seconds_and_starts_over_after_a_steady_run(tmp_path: Path) -> None:
    spec = Spec("worker", program(["true"], dict(os.environ), tmp_path), 1)
    child = Child(spec)
    waits = []
    now = 1000.0
    for _ in range(8):
        child.start(now)
        assert child.process is not None
        waits.append(child.ended(child.process.wait(), now + 1))
        now += 10
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
    child.start(now)
    assert child.process is not None
    assert child.ended(child.process.wait(), now + STEADY) == 0.2


def test_a_program_that_cannot_be_started_is_tried_again(bench: Bench, tmp_path: Path) -> None:
    late = tmp_path / "late"
    child = bench.loop.start(Spec("late", program([str(late)], dict(os.environ), tmp_path), 1))
    assert not child.running
    late.write_text("#!/bin/sh\nexec sleep 300\n")
    late.chmod(0o755)
    bench.until(lambda: child.running)


def test_the_stop_goes_stage_by_stage_from_the_top(bench: Bench) -> None:
    children = [
        bench.loop.start(bench.steady("mongod", 0)),
        bench.loop.start(bench.steady("web", 2, grace=0.5)),
        bench.loop.start(bench.steady("worker", 2, grace=0.2)),
    ]
    bench.loop.wait_ready(children, bench.loop.console.say)
    bench.notes.write_text("")
    bench.loop.stop()
    noted = bench.noted()
    assert set(noted[:2]) == {"worker told", "web told"}
    assert noted[2:] == ["worker gone", "web gone", "mongod told", "mongod gone"]


def test_a_child_that_does_not_stop_is_killed_after_its_patience(bench: Bench) -> None:
    child = bench.loop.start(bench.steady("web", grace=60, patience=0.5))
    bench.loop.wait_ready([child], bench.loop.console.say)
    began = time.monotonic()
    bench.loop.stop()
    assert 0.4 < time.monotonic() - began < 3
    assert not child.running
    assert child.code == -signal.SIGKILL


def test_a_second_signal_ends_the_waiting(bench: Bench) -> None:
    child = bench.loop.start(bench.steady("web", grace=60, patience=60))
    bench.loop.wait_ready([child], bench.loop.console.say)
    for delay in (0.2, 0.7):
        threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    bench.loop.run()
    bench.loop.stop()
    assert time.monotonic() - began < 5


def test_a_child_that_keeps_ending_stops_the_start(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.supervise.child.LONGEST_WAIT", 0.01)
    child = bench.loop.start(bench.code("web", "print('no module wsgi'); raise SystemExit(3)"))
    with pytest.raises(ConfigError, match="web does not start"):
        bench.loop.wait_ready([child], bench.loop.console.say)
    assert bench.screen().count("no module wsgi") == GIVE_UP_AFTER


def test_ready_means_anew_after_each_start(bench: Bench) -> None:
    spec = bench.steady("worker")
    assert spec.ready_file is not None
    spec.ready_file.touch()  # left by an earlier run
    child = Child(spec)
    child.start(time.monotonic())
    assert not child.is_ready()
    bench.loop.adopt(child)
    bench.until(child.is_ready)


def test_a_one_off_is_awaited_and_not_started_again(bench: Bench) -> None:
    child = bench.loop.start(bench.code("prepare", "print('built'); raise SystemExit(4)", restart=False))
    assert bench.loop.wait_end(child, bench.loop.console.say) == 4
    assert "prepare   | built" in bench.screen()
    assert bench.loop.children == []


def test_a_stop_request_interrupts_any_wait(bench: Bench) -> None:
    child = bench.loop.start(bench.code("prepare", "import time; time.sleep(300)", restart=False))
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()
    with pytest.raises(StopRequestedError):
        bench.loop.wait_end(child, bench.loop.console.say)


def test_a_child_that_closes_its_output_costs_no_cpu(bench: Bench) -> None:
    code = (
        "import os, time\nos.close(1); os.close(2)\n"
        "open(os.environ['TELLER_READY_FILE'], 'w')\ntime.sleep(300)"
    )
    child = bench.loop.start(bench.code("quiet", code))
    bench.loop.wait_ready([child], bench.loop.console.say)
    used = time.process_time()
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        bench.loop.turn(0.5)
    assert time.process_time() - used < 0.3
    assert child.running
