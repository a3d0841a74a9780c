"""Shared by every test: one real mongod and redis-server a run, an own database for whoever asks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from bot.embedded import Servers
from bot.settings import Settings

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    running = Servers.start(tmp_path_factory.mktemp("servers"), mongodb_uri=None, redis_url=None)
    yield running
    running.stop()


@pytest.fixture
def settings(servers: Servers, tmp_path: Path) -> Settings:
    """Settings on a database and a Redis of this test's own."""
    number = next(_numbers)
    return Settings.from_env(
        {
            "TELLER_HOME": str(tmp_path / "home"),
            "MONGODB_URI": with_path(servers.mongodb_uri, f"/test_{number}"),
            "REDIS_URL": with_path(servers.redis_url, f"/{number % 16}"),
        }
    )


def with_path(uri: str, path: str) -> str:
    return urlunsplit(urlsplit(uri)._replace(path=path))
