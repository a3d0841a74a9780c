"""`make bench`: bare Flask, LINE's sample bot and a whole Teller in one run, and the search at size.

ARGS="--json" prints the figures alone. Exits 1 where something was refused or left unanswered; a missed goal is
printed, and with `--strict` exits 1 as well.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import secrets
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench import conversation, half_open, lists, live, looks, machine, report, search, throughput
from tests.bench.rivals import Rival, serving
from tests.bench.teller import SECRET, Teller
from tests.house import running

PARTS = ("throughput", "conversation", "half-open", "live", "looks", "search", "lists")

LIVE_RATE = 60.0


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--strict", action="store_true", help="exit 1 where a goal is missed")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds of throughput (3 or more)")
    parser.add_argument("--round-seconds", type=float, default=4.0)
    parser.add_argument("--rate", type=float, default=50.0, help="messages a second, end to end")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of an end-to-end run")
    parser.add_argument(
        "--store", type=Path, help="lists: a folder `make seed` filled, else one is seeded: minutes"
    )
    parser.add_argument("--only", choices=PARTS, help="one part alone")
    return parser.parse_args(arguments)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@contextlib.contextmanager
def everyone() -> Iterator[tuple[Teller, Rival, Rival, str]]:
    """A running Teller, bare Flask, LINE's sample, and the sample's channel secret."""
    secret, token = secrets.token_hex(16), secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="teller-bench-") as home, running(Path(home) / "home") as house:
        teller = Teller.of(house)
        teller.sandbox.add_line(token, secret, name="flask-echo")
        env = {
            "LINE_CHANNEL_SECRET": secret,
            "LINE_CHANNEL_ACCESS_TOKEN": token,
            "LINE_API_BASE": teller.sandbox.line_base,
        }
        gevent = ("-k", "gevent", "-w", "2", "--worker-connections", "2000")
        gthread = ("-k", "gthread", "-w", "2", "--threads", "8")
        with serving("bare", *gevent) as bare, serving("echo", *gthread, env=env) as echo:
            try:
                yield teller, bare, echo, secret
            finally:
                teller.close()


def measure(given: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {
        "machine": machine.describe(),
        "rate": given.rate,
        "seconds": given.seconds,
    }
    if given.only in (None, "search"):
        found["search"] = search.measure(say)
    if given.only in (None, "live"):
        # In a house of its own: a hundred conversations that people hold would be in the way of everything else.
        with (
            tempfile.TemporaryDirectory(prefix="teller-bench-") as home,
            running(Path(home) / "home") as house,
        ):
            teller = Teller.of(house)
            found["live"] = live.measure(teller, LIVE_RATE, given.seconds, say)
            teller.close()
    if given.only in (None, "looks"):
        found["looks"] = looks.measure(say)
    if given.only == "lists" or (given.only is None and given.store):
        with tempfile.TemporaryDirectory(prefix="teller-bench-") as home:
            found["lists"] = lists.measure(say, given.store or Path(home))
    if given.only in ("search", "live", "looks", "lists"):
        return found
    say("starting Teller, bare Flask and LINE's sample")
    with everyone() as (teller, bare, echo, secret):
        if given.only in (None, "conversation"):
            conversation.warm(teller)
            found["conversation"] = []
            for scenario in conversation.scenarios(given.rate, given.seconds):
                say(f"end to end: {scenario.name}")
                found["conversation"].append(
                    conversation.converse(teller, scenario, given.rate, given.seconds)
                )
            say("end to end: LINE's sample")
            found["sample"] = [
                conversation.converse_with_sample(
                    teller, echo, secret, scenario.messages, given.rate, given.seconds
                )
            ]
        if given.only in (None, "half-open"):
            say("half-open sockets")
            found["half_open"] = [half_open.stalled("Teller (gevent)", teller.url, SECRET)]
            teller.settle()
            found["half_open"].append(half_open.stalled("LINE's flask-echo (gthread)", echo.url, secret))
        if given.only in (None, "throughput"):
            known = throughput.contestants(teller, bare, echo, secret, given.round_seconds)
            for line in throughput.compare(known, max(3, given.rounds)):
                say(line)
            found["throughput"] = throughput.result(known)
    return found


def main(arguments: list[str]) -> int:
    given = options(arguments)
    found = measure(given)
    found["goals"] = [
        {"what": what, "measured": measured, "goal": goal, "met": met}
        for what, measured, goal, met in report.goals(found)
    ]
    print(json.dumps(found, ensure_ascii=False, indent=1) if given.json else "\n".join(report.lines(found)))
    broken = any(one["unanswered"] for one in found.get("conversation", []))
    missed = given.strict and not all(goal["met"] for goal in found["goals"])
    return 1 if broken or missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
