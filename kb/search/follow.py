"""The best index that is ready in time when articles change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kb.articles import Content
from kb.search.carry import apart, identity
from kb.search.encoders import Encoder
from kb.search.index import Index, missing

FEW = 400
"""Questions that came or went, up to which the quick way is the quicker one."""
SOON = 100
"""More new questions than this and the fast encoder serves alone until the better one is through (about 2 s)."""


def follow(
    before: Index | None, articles: Sequence[Content], able: Sequence[Encoder], cache_dir: Path | None
) -> tuple[Index, bool]:
    """An index of `articles` well within 5 s, and whether the one that takes its time has to follow."""
    gone, new = apart(before.articles if before else (), articles)
    same_encoders = before is not None and before.encoders == tuple(able)
    if before is not None and same_encoders and not gone and not new:
        in_order = all(identity(a) == identity(b) for a, b in zip(before.articles, articles, strict=True))
        if in_order:
            return before, False
    if len(able) > 1 and missing(new, able[0], cache_dir) > SOON:
        return Index(articles, able[1:], cache_dir, before), True
    if same_encoders and sum(len(one.questions) for one in (*gone, *new)) <= FEW:
        return Index(articles, able, cache_dir, before, quick=True), True
    return Index(articles, able, cache_dir, before), False
