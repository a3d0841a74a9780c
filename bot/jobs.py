"""What RQ calls by name, with ids only."""

from __future__ import annotations

from bot.compose import of_process
from bot.runner import perform


def drain(thread: str) -> None:
    of_process().mailbox.drain(thread)


def profile(thread: str) -> None:
    of_process().profiles.fetch(thread)


def quota(account_id: str) -> None:
    of_process().quotas.look(account_id)


def run(run_id: str) -> None:
    perform(of_process(), run_id)
