from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.platform_stub import Platform


@pytest.fixture(scope="session")
def _platform() -> Iterator[Platform]:
    platform = Platform()
    yield platform
    platform.close()


@pytest.fixture
def platform(_platform: Platform) -> Platform:
    _platform.plan()
    return _platform
