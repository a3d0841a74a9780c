"""A Teller a module: building one costs more than a test of it; every test brings customers of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from flask import Flask

from bot.app import create_app
from bot.embedded import Servers
from bot.store import staff as staff_store
from tests.unit.core.teller import Teller, apart


@pytest.fixture(scope="package", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Many sign in here; what a hash costs is not what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staff_store, "HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest.fixture(scope="module")
def teller(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Teller]:
    name = request.module.__name__.rpartition(".")[2]
    with apart(servers, tmp_path_factory, name) as one:
        yield one


@pytest.fixture(scope="module")
def app(teller: Teller) -> Flask:
    """The web process of that Teller."""
    return create_app(teller.service)


@pytest.fixture(autouse=True)
def _quiet(request: pytest.FixtureRequest) -> None:
    """No test answers for what another left with the platforms."""
    if "teller" in request.fixturenames:
        one: Teller = request.getfixturevalue("teller")
        for platform in one.platforms.values():
            platform.answers.clear()
        one.service.queue.redis.flushdb()
