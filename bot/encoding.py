"""The sentence encoder of the hand-off rules: the rules' own examples come from the vector cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from kb.search import encoders


@cache
def encoder(cache_dir: Path) -> Callable[[Sequence[str]], Any]:
    """The bundled encoder, one a process; a customer's text never gets into the cache."""

    def encode(texts: Sequence[str]) -> Any:
        use = encoders.use()
        if len(texts) == 1:
            return use.query(texts[0])[None, :]
        return use.cache(cache_dir).vectors(texts, use.encode)

    return encode
