"""Finding an article by its words alone, as a person types them into a box: no vectors, no index, no encoder."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from kb.search.normalise import normalise

_RUN = re.compile(r"[㐀-鿿豈-﫿]+|[a-z0-9]+")


def grams(text: str) -> frozenset[str]:
    """What is looked for: pairs of Chinese characters, a lone one as it is, and Latin words whole."""
    found: set[str] = set()
    for run in _RUN.findall(normalise(text)):
        if run[0] < "㐀" or len(run) == 1:
            found.add(run)
        else:
            found.update(run[n : n + 2] for n in range(len(run) - 1))
    return frozenset(found)


def share(wanted: frozenset[str], name: str, texts: Iterable[str]) -> float:
    """How much of `wanted` stands in `texts` or in the id `name`, 0..1."""
    there = _joined(name, tuple(texts))
    return sum(one in there for one in wanted) / len(wanted) if wanted else 0.0


@lru_cache(maxsize=20_000)
def _joined(name: str, texts: tuple[str, ...]) -> str:
    """Of a long text the beginning: what it is about stands there."""
    return "\n".join([name.lower(), *(normalise(one) for one in texts)])
