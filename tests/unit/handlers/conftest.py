from __future__ import annotations

import pytest

from handlers import Chain, build_mind
from tests.unit.handlers.factories import FakeFinder


@pytest.fixture
def finder() -> FakeFinder:
    return FakeFinder()


@pytest.fixture
def mind(finder: FakeFinder) -> Chain:
    return build_mind(finder)
