"""All of the search for one state of the knowledge: built once, then only read, by any number of threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kb.articles import CJK, Content
from kb.search import contrast, ridge
from kb.search.carry import Carried, carried, identity
from kb.search.coverage import Coverage, units, words
from kb.search.dense import BLOCK, Centre, Rows
from kb.search.encoders import Encoder
from kb.search.lexical import Terms, Vocabulary
from kb.search.normalise import knowledge, normalise, surface

Vectors = npt.NDArray[np.float32]
Hashes = npt.NDArray[np.int64]

_WEIGHTS = {384: 1.6, 512: 0.8}  # by width: e5, USE
_FULL = 3.0
"""The score of a perfect match, with both encoders or with one."""
_FIRST_SCORE, _FIRST_SHARES = 0.7, 0.5
_CLOSER_LOOK = 20
"""Articles that are looked at word by word after vectors and shares have ranked all."""
_SUPPORT = 3
"""The article's questions that speak for it together."""
_LEARNED, _SUPPORTED, _SINGLE, _PAIRS, _MEANT, _CONTRAST = 0.98, 1.0, 1.17, 0.71, 0.9, 0.15
"""Fitted by `python -m tests.answers.fit`."""
_OTHER_SCRIPT = 0.5
"""Coverage by an article without a text in the question's script, which can tell neither for nor against it."""
_NOTHING_MEANT = 0.5
"""Coverage of concepts where the question has none of the list."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An article with its best question. `rank` orders; the parts make the confidence and the trace.

    `score` 0..3 is that of the question, `support` that of the article's best three together, `ridge` about 0..1 that
    of the article; `coverage` is the share of the customer's words that the article has anywhere, `pairs` that of pairs
    of characters, `concepts` that of what they mean; `contrast` is the word that speaks against it, `opposed` whether
    the matched question says the opposite.
    """

    position: int
    question: str
    rank: float
    score: float
    ridge: float
    support: float
    coverage: float
    pairs: float
    concepts: float
    opposed: bool
    contrast: str | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """`normal` is the question as searched (never kept); `exact` are positions of articles worded just so."""

    normal: str = field(repr=False)
    hits: tuple[Hit, ...] = ()
    exact: tuple[int, ...] = ()


def missing(articles: Iterable[Content], encoder: Encoder, cache_dir: Path | None) -> int:
    """How many questions that encoder would have to encode first."""
    return len(encoder.cache(cache_dir).missing([knowledge(q) for a in articles for q in a.questions]))


class Index:
    """`articles` in the order given, each with a question; positions in hits point into it. Immutable.

    `before` saves the words of articles that stayed as they were; with `quick` their place among the vectors too, so
    that one article takes milliseconds: what all texts share is then still that of `before`. Raises ValueError for
    `quick` with other encoders than `before` had.
    """

    def __init__(
        self,
        articles: Sequence[Content],
        encoders: Sequence[Encoder],
        cache_dir: Path | None,
        before: Index | None = None,
        *,
        quick: bool = False,
    ) -> None:
        self.articles = tuple(articles)
        self.encoders = tuple(encoders)
        self._questions = tuple(q for article in self.articles for q in article.questions)
        counts = np.array([len(article.questions) for article in self.articles], np.int64)
        self._owner = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        # questions of one article stand together: the best of each is one reduceat away
        self._slices = np.r_[0, np.cumsum(counts)]
        self._numbers = {identity(article): n for n, article in enumerate(self.articles)}
        kept = carried(
            self.articles,
            before._numbers if before else {},
            before._slices if before else np.zeros(1, np.int64),
        )
        self._index_words(before, kept)
        self._cache_dir = cache_dir
        if before is None or not quick:
            self._place_all()
        elif before.encoders == self.encoders:
            self._place_new(before, kept)
        else:
            raise ValueError("a quick index needs the encoders of the one before")

    def _index_words(self, before: Index | None, kept: Carried) -> None:
        known: list[str] = before.texts if before else []
        asked = zip(self._questions, kept.questions.tolist(), strict=True)
        self.texts: list[str] = [known[n] if n >= 0 else knowledge(q) for q, n in asked]
        # within a process a hash finds the question, whose words then decide
        fresh = [self._questions[n] for n in kept.new]
        self._surfaces: Hashes = kept.filled(
            before._surfaces if before else None, [hash(surface(q)) for q in fresh]
        )
        worded = [hash(self.texts[n]) for n in kept.new]
        self._normals: Hashes = kept.filled(before._normals if before else None, worded)
        new = [article for article, was in zip(self.articles, kept.articles, strict=True) if was < 0]
        latin = [any(not CJK.search(text) for text in (*a.questions, *a.answer.values())) for a in new]
        known_latin = before._speaks_latin if before else None
        self._speaks_latin: npt.NDArray[np.bool_] = kept.filled(known_latin, latin, articles=True)
        self._sides: dict[int, contrast.Sides] = {}
        self._mentions: Vocabulary = before._mentions if before else Vocabulary()
        said = self._mentions.terms(units((*one.questions, *one.answer.values())) for one in new)
        self._mentioned: Terms = (before._mentioned + said).taken(kept.joined_articles) if before else said
        self._coverage = Coverage(self._mentions, self._mentioned)

    def _place_all(self) -> None:
        count, width = len(self.texts), sum(e.width for e in self.encoders)
        blocks = [range(at, min(at + BLOCK, count)) for at in range(0, count, BLOCK)]
        self._centres: list[Centre] = [
            Centre((self._vectors(encoder, block) for block in blocks), count, encoder.width)
            for encoder in self.encoders
        ]
        self._rows = Rows.of((self._placed(block) for block in blocks), count, width)
        self._ridge = ridge.fit(self._joint(self._rows.blocks()), self._owner, len(self.articles), width)

    def _place_new(self, before: Index, kept: Carried) -> None:
        self._centres = before._centres
        new = self._placed(kept.new.tolist())
        self._rows = before._rows.changed(kept.joined, new)
        gone, came = self._joint([before._rows.taken(kept.gone), new])
        self._ridge = ridge.changed(before._ridge, kept.articles, gone, came, self._owner[kept.new])

    def _vectors(self, encoder: Encoder, numbers: Sequence[int]) -> Vectors:
        return encoder.cache(self._cache_dir).vectors([self.texts[n] for n in numbers], encoder.encode)

    def _placed(self, numbers: Sequence[int]) -> Vectors:
        """(questions, all widths): the spaces side by side, each a unit row."""
        sides = [
            c.placed(self._vectors(e, numbers)) for c, e in zip(self._centres, self.encoders, strict=True)
        ]
        return np.hstack(sides)

    def _joint(self, blocks: Iterable[Vectors]) -> Iterator[Vectors]:
        return (block / np.float32(len(self.encoders) ** 0.5) for block in blocks)

    def rank(
        self, text: str, limit: int = 10, hidden: frozenset[int] = frozenset(), *, settled: bool = False
    ) -> Ranking:
        """The best `limit` articles for what a customer wrote; `hidden` positions count as not there.

        With `settled` an article's very own wording needs no comparison with others, which saves the encoders' time.
        """
        normal = normalise(text)
        exact = tuple(n for n in self.exact(text, normal) if n not in hidden)
        if not normal or not self._questions or (settled and len(exact) == 1):
            return Ranking(normal, (), exact)
        scores, learned = self._scores(normal)
        best = np.maximum.reduceat(scores, self._slices[:-1])
        said = words(normal)
        single, pairs = self._coverage.shares(said.single), self._coverage.shares(said.pairs)
        meant = self._coverage.shares(said.concepts, _NOTHING_MEANT)
        if not said.pairs:
            single[~self._speaks_latin] = _OTHER_SCRIPT
        near = learned + _FIRST_SCORE * best + _FIRST_SHARES * (single + meant)
        if hidden:
            near[list(hidden)] = -np.inf
        order = np.argsort(-near, kind="stable")[: len(near) - len(hidden)][: max(limit, _CLOSER_LOOK)]
        asked = _Asked(normal, contrast.sides(normal), scores)
        hits = [
            self._hit(asked, n, float(learned[n]), float(single[n]), float(pairs[n]), float(meant[n]))
            for n in order.tolist()
        ]
        hits.sort(key=lambda hit: -hit.rank)
        return Ranking(normal, tuple(hits[:limit]), exact)

    def exact(self, text: str, normal: str) -> tuple[int, ...]:
        """Articles with this very question: as typed, else as normalised."""
        typed = surface(text)
        found = [n for n in _at(self._surfaces, typed) if surface(self._questions[n]) == typed]
        if not found and normal:
            found = [n for n in _at(self._normals, normal) if self.texts[n] == normal]
        return tuple(dict.fromkeys(int(self._owner[n]) for n in found if self.texts[n]))

    def _scores(self, normal: str) -> tuple[Vectors, Vectors]:
        """A score a question and a ridge value an article."""
        placed = [c.place(e.query(normal)) for c, e in zip(self._centres, self.encoders, strict=True)]
        weights = [np.float32(_WEIGHTS[e.width]) for e in self.encoders]
        together = np.concatenate([w * p for w, p in zip(weights, placed, strict=True)])
        scores = self._rows.dot(together * np.float32(_FULL / sum(weights)))
        joint = next(self._joint([np.concatenate(placed)]))
        return scores, joint @ self._ridge.weights

    def _sides_of(self, question: int) -> contrast.Sides:
        """Remembered, for questions of the knowledge base only."""
        found = self._sides.get(question)
        if found is None:
            found = self._sides[question] = contrast.sides(self.texts[question])
        return found

    def _hit(self, asked: _Asked, n: int, learned: float, single: float, pairs: float, meant: float) -> Hit:
        start, end = int(self._slices[n]), int(self._slices[n + 1])
        own = asked.scores[start:end]
        at = start + int(np.argmax(own))
        matched = self.texts[at]
        opposite = contrast.conflict(asked.sides, self._sides_of(at)) or contrast.undone(
            asked.normal, matched
        )
        support = float(np.sort(own)[-_SUPPORT:].mean())
        rank = (
            _LEARNED * learned
            + _SUPPORTED * support
            + _SINGLE * single
            + _PAIRS * pairs
            + _MEANT * meant
            - (_CONTRAST if opposite else 0.0)
        )
        against = opposite or contrast.unknown(
            asked.normal, lambda word: self._coverage.mentions(word, n), self._coverage.anywhere
        )
        parts = float(own.max()), learned, support, single, pairs, meant
        return Hit(n, self._questions[at], rank, *parts, opposite is not None, against)


@dataclass(frozen=True, slots=True)
class _Asked:
    normal: str = field(repr=False)
    sides: contrast.Sides
    scores: Vectors


def _at(hashes: npt.NDArray[np.int64], text: str) -> list[int]:
    found: list[int] = np.flatnonzero(hashes == hash(text)).tolist()
    return found
