"""What RQ calls by name, with ids only. The service is built once a process, by the process that uses it."""

from __future__ import annotations

from functools import cache

from bot.compose import Service, build
from bot.settings import Settings


@cache
def service() -> Service:
    return build(Settings.from_env())


def drain(thread: str) -> None:
    service().mailbox.drain(thread)


def profile(thread: str) -> None:
    service().profiles.fetch(thread)
