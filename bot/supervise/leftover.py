"""Ending what a killed supervisor left behind, and telling whether the web's address can be had."""

from __future__ import annotations

import errno
from pathlib import Path

from bot.embedded import files, processes

MARK = "TELLER_SUPERVISED"


def end_leftovers(home: Path, patience: float = 3.0) -> list[int]:
    """Ends processes that an earlier supervisor of `home` started and that still run; returns their pids.

    They were told to stop when it died, so this mostly waits. They carry `MARK` in their environment, as
    most of their command lines do not name the folder. Linux only: elsewhere they stay until stopped by hand.
    """
    mark = f"{MARK}={home}"
    return processes.end_stale(
        processes.every_pid(), lambda pid: processes.environment_has(pid, mark), patience
    )


def address_fault(host: str, port: int) -> str | None:
    """Why the web could not listen there, as a sentence; None where it can."""
    try:
        if files.is_free(port, host):
            return None
    except OSError as fault:
        if fault.errno == errno.EACCES:
            return f"Port {port} needs more rights than this user has: set PORT to one above 1023."
        return f"HOST {host} is not an address of this machine: set HOST to 127.0.0.1 or 0.0.0.0."
    return f"Port {port} on {host} is taken by another program: stop that, or set PORT to another number."
