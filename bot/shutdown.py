"""Whether this web process is about to stop: a live stream asks, and ends instead of holding it up."""

from __future__ import annotations

from typing import Protocol


class Worker(Protocol):
    """The part of a gunicorn worker we look at; `alive` turns False at SIGTERM."""

    alive: bool


_watched: list[Worker] = []


def watch(worker: Worker) -> None:
    """Remembers the process's worker; called by gunicorn.conf.py in each worker."""
    _watched[:] = [worker]


def stopping() -> bool:
    """True once the stop was asked for; always False outside gunicorn."""
    return any(not worker.alive for worker in _watched)
