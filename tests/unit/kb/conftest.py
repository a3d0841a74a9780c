"""One index of the small knowledge base a run: loading the encoders is the slow part."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.live import Knowledge
from tests.unit.kb.knowledge_rows import articles, support


@pytest.fixture(scope="session")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vectors")


@pytest.fixture(scope="session")
def knowledge(vectors: Path) -> Knowledge:
    return Knowledge.from_articles([*support(), *articles()], vectors)
