"""`python -m tests.sandbox --port 0 --home DIR`: prints `sandbox: http://127.0.0.1:PORT` once it listens."""

from __future__ import annotations

# First of all: posting to webhooks goes through the standard library, which must not block the server.
from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402 (monkey.patch_all must come first)
import os  # noqa: E402
import signal  # noqa: E402
from pathlib import Path  # noqa: E402

import gevent  # noqa: E402
from gevent.event import Event  # noqa: E402

from tests.sandbox.server import serve  # noqa: E402
from tests.sandbox.state import State  # noqa: E402


def main() -> None:
    """Serves until SIGTERM, SIGINT, or, with `--parent`, until that process is gone."""
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--home", type=Path, help="accounts are kept here across restarts")
    parser.add_argument("--port-file", type=Path, help="the port is written here once listening")
    parser.add_argument("--parent", type=int, help="stop when this is no longer our parent process")
    arguments = parser.parse_args()

    server = serve(State(arguments.home), arguments.port)
    if arguments.port_file:
        part = arguments.port_file.with_suffix(".part")
        part.write_text(str(server.server_port))
        part.replace(arguments.port_file)
    print(f"sandbox: http://127.0.0.1:{server.server_port}", flush=True)

    done = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, done.set)
    while not done.wait(1.0 if arguments.parent else None):
        if arguments.parent and os.getppid() != arguments.parent:
            break
    server.stop(timeout=1)


if __name__ == "__main__":
    main()
