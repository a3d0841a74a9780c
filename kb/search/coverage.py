"""How much of what a customer wrote an article mentions anywhere, its answer included.

It shows what vectors blur: a product, a bank or a document that the article does not know (「黃金存摺」, 「公司戶」).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from kb.search.normalise import spelling

Words = tuple[tuple[str, ...], tuple[str, ...]]

_UNIT = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]+")
_FILLERS = frozenset("的了嗎呢怎麼如何可以要我你請問是有在會多少什想幾哪裡能辦好不啊到還把被") | frozenset(
    re.findall(
        r"\w+",
        "a an and are be can do does for how i in is it me my of on or the there to what when where which with you",
    )
)


@lru_cache(maxsize=8192)
def _vocabulary(text: str) -> frozenset[str]:
    characters, pairs = _words(spelling(unicodedata.normalize("NFKC", text).casefold()))
    return frozenset(characters) | frozenset(pairs)


def _words(text: str) -> Words:
    single: list[str] = []
    pairs: list[str] = []
    for piece in _UNIT.findall(text):
        if piece[0].isascii():
            single.append(piece)
        else:
            single += piece
            pairs += [piece[i : i + 2] for i in range(len(piece) - 1)]
    return tuple(w for w in single if w not in _FILLERS), tuple(pairs)


def _units(word: str) -> tuple[str, ...]:
    single, pairs = _words(word)
    return pairs or single


class Coverage:
    """`texts[n]` are all texts of article n."""

    def __init__(self, texts: Sequence[Iterable[str]]) -> None:
        self._known = [frozenset[str]().union(*(_vocabulary(t) for t in article)) for article in texts]
        self._count = len(self._known)
        self._articles_with = Counter(word for known in self._known for word in known)

    def words(self, normal: str) -> Words:
        """(characters and Latin words, character pairs) of a normalised question."""
        return _words(normal)

    def shares(self, words: Words, article: int) -> tuple[float, float]:
        """0..1 each, rare words counting more; 1 where there is nothing to cover."""
        known = self._known[article]
        return self._share(words[0], known), self._share(words[1], known)

    def mentions(self, word: str, article: int) -> bool:
        return all(unit in self._known[article] for unit in _units(word))

    def anywhere(self, word: str) -> bool:
        return all(unit in self._articles_with for unit in _units(word))

    def _share(self, words: Sequence[str], known: frozenset[str]) -> float:
        total = sum(map(self._rarity, words))
        return sum(self._rarity(w) for w in words if w in known) / total if total else 1.0

    def _rarity(self, word: str) -> float:
        with_it = self._articles_with.get(word, 0)
        return math.log1p((self._count - with_it + 0.5) / (with_it + 0.5))
