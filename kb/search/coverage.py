"""How much of what a customer wrote an article mentions anywhere, its answer included: characters, pairs and concepts.

It shows what vectors blur: a product, a bank or a document that the article does not know (「黃金存摺」), and that it
speaks of the very thing in other words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kb.search.concepts import concepts
from kb.search.lexical import Terms, Vocabulary, stem
from kb.search.normalise import wording

Shares = npt.NDArray[np.float32]

_UNIT = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]+")
_FILLERS = frozenset("的了嗎呢怎麼如何可以要我你請問是有在會多少什想幾哪裡能辦好不啊到還把被") | frozenset(
    re.findall(
        r"\w+",
        "a an and are be can do does for how i in is it me my of on or the there to what when where which with you",
    )
)


@dataclass(frozen=True, slots=True)
class Words:
    """Of a normalised text: characters and Latin words, pairs of characters, and concepts (marked, so that no name of
    a concept is taken for a word)."""

    single: tuple[str, ...]
    pairs: tuple[str, ...]
    concepts: tuple[str, ...]


def words(normal: str) -> Words:
    single: list[str] = []
    pairs: list[str] = []
    for piece in _UNIT.findall(normal):
        if piece[0].isascii():
            single.append(stem(piece))
        else:
            single += piece
            pairs += [piece[i : i + 2] for i in range(len(piece) - 1)]
    meant = dict.fromkeys(f"={name}" for name in concepts(normal))
    return Words(tuple(w for w in single if w not in _FILLERS), tuple(pairs), tuple(meant))


def units(texts: Iterable[str]) -> tuple[str, ...]:
    """All that some texts mention, each once."""
    found = [words(wording(text)) for text in texts]
    return tuple(dict.fromkeys(u for one in found for u in (*one.single, *one.pairs, *one.concepts)))


class Coverage:
    """`mentioned` are the units of each article. Immutable."""

    def __init__(self, vocabulary: Vocabulary, mentioned: Terms) -> None:
        self._numbers = vocabulary.numbers
        self._count = count = len(mentioned.lengths)
        owners = np.repeat(np.arange(count, dtype=np.int32), mentioned.lengths)
        self._articles = owners[np.argsort(mentioned.flat, kind="stable")]
        with_it = np.bincount(mentioned.flat, minlength=len(self._numbers))
        self._ends = np.cumsum(with_it)
        self._rarity = np.log1p((count - with_it + 0.5) / (with_it + 0.5))
        self._unseen = float(np.log1p((count + 0.5) / 0.5))

    def shares(self, wanted: Iterable[str], otherwise: float = 1.0) -> Shares:
        """0..1 for each article, rare units counting more; `otherwise` where there is nothing to cover."""
        covered, total = np.zeros(self._count), 0.0
        for unit in wanted:
            found = self._with(unit)
            rarity = float(self._rarity[self._numbers[unit]]) if len(found) else self._unseen
            total += rarity
            covered[found] += rarity
        shares = covered / total if total else np.full(self._count, otherwise)
        return shares.astype(np.float32)

    def mentions(self, word: str, article: int) -> bool:
        return all(article in self._with(unit) for unit in _parts(word))

    def anywhere(self, word: str) -> bool:
        return all(len(self._with(unit)) for unit in _parts(word))

    def _with(self, unit: str) -> npt.NDArray[np.int32]:
        """The articles that mention it, rising."""
        number = self._numbers.get(unit, len(self._ends))
        if number >= len(self._ends):
            return self._articles[:0]
        return self._articles[self._ends[number - 1] if number else 0 : self._ends[number]]


def _parts(word: str) -> tuple[str, ...]:
    found = words(word)
    return found.pairs or found.single
