"""How much of what a customer wrote an article mentions anywhere, its answer included.

It shows what vectors blur: a product, a bank or a document that the article does not know (「黃金存摺」, 「公司戶」).
"""

from __future__ import annotations

import math
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from kb.search.normalise import spelling

Words = tuple[tuple[str, ...], tuple[str, ...]]

_UNIT = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]+")
_FILLERS = frozenset("的了嗎呢怎麼如何可以要我你請問是有在會多少什想幾哪裡能辦好不啊到還把被") | frozenset(
    re.findall(
        r"\w+",
        "a an and are be can do does for how i in is it me my of on or the there to what when where which with you",
    )
)


def _vocabulary(text: str) -> set[str]:
    characters, pairs = _words(spelling(unicodedata.normalize("NFKC", text).casefold()))
    # the same few thousand words in every article: one copy of each is enough
    return {sys.intern(word) for word in (*characters, *pairs)}


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
    """`texts[n]` are all texts of article n; `was[n]` its number in `before`, -1 where it has changed or is new."""

    def __init__(
        self,
        texts: Sequence[Iterable[str]],
        before: Coverage | None = None,
        was: Sequence[int] = (),
    ) -> None:
        kept: list[frozenset[str] | None] = [
            before._known[n] if before and n >= 0 else None for n in (was or [-1] * len(texts))
        ]
        self._known: list[frozenset[str]] = [
            known if known is not None else frozenset[str]().union(*map(_vocabulary, article))
            for article, known in zip(texts, kept, strict=True)
        ]
        self._count = len(self._known)
        if before is None:
            self._articles_with: Counter[str] = Counter(word for known in self._known for word in known)
            return
        self._articles_with = before._articles_with.copy()
        stayed = {n for n in was if n >= 0}
        for known in (known for n, known in enumerate(before._known) if n not in stayed):
            self._articles_with.subtract(known)
        for known in (mine for mine, old in zip(self._known, kept, strict=True) if old is None):
            self._articles_with.update(known)

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
        return all(self._articles_with[unit] > 0 for unit in _units(word))

    def _share(self, words: Sequence[str], known: frozenset[str]) -> float:
        total = sum(map(self._rarity, words))
        return sum(self._rarity(w) for w in words if w in known) / total if total else 1.0

    def _rarity(self, word: str) -> float:
        with_it = self._articles_with.get(word, 0)
        return math.log1p((self._count - with_it + 0.5) / (with_it + 0.5))
