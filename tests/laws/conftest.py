"""The same Teller as the unit tests of the core; the first law's one knows the whole sample knowledge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.embedded import Servers
from tests.conftest import with_path
from tests.unit.core.teller import Teller, own_settings, running


@pytest.fixture(scope="module")
def teller(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Teller]:
    name = request.module.__name__.rpartition(".")[2]
    settings = own_settings(
        tmp_path_factory.mktemp(name) / "home",
        with_path(servers.mongodb_uri, f"/{name[:30]}"),
        with_path(servers.redis_url, "/15"),
    )
    with running(settings, articles=getattr(request.module, "ARTICLES", False)) as one:
        yield one
