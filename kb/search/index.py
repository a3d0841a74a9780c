"""All of the search for one state of the knowledge: built once, then only read, by any number of threads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kb.articles import CJK, Content
from kb.search import contrast, ridge
from kb.search.coverage import Coverage, Words
from kb.search.dense import Space
from kb.search.encoders import Encoder
from kb.search.lexical import Lexical
from kb.search.normalise import knowledge, normalise, surface

Vectors = npt.NDArray[np.float32]

_WEIGHTS = {384: 1.2, 512: 1.0}  # by width: e5, USE
_BM25, _IDF = 0.5, 0.3
_FULL = 3.0
"""The score of a perfect match with both encoders: fewer parts are scaled up to it, so one threshold serves all."""
_SCORE_IN_HYBRID = 0.7
_CHARACTERS, _PAIRS, _CONTRAST = 1.0, 0.3, 0.2
_OTHER_SCRIPT = 0.5
"""Coverage by an article without a text in the question's script, which can tell neither for nor against it."""
_CLOSER_LOOK = 12
"""Articles that are looked at word by word after the vectors have ranked all."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An article with its best question. `rank` orders; the parts make the confidence and the trace.

    `score` 0..3 is that of the question, `ridge` about 0..1 that of the article, `coverage` the share of the
    customer's words that the article has anywhere, `contrast` the word that speaks against it.
    """

    position: int
    question: str
    rank: float
    score: float
    ridge: float
    coverage: float
    contrast: str | None

    @property
    def hybrid(self) -> float:
        return self.ridge + _SCORE_IN_HYBRID * self.score


@dataclass(frozen=True, slots=True)
class Ranking:
    """`normal` is the question as searched (never kept); `exact` are positions of articles worded just so."""

    normal: str = field(repr=False)
    hits: tuple[Hit, ...] = ()
    exact: tuple[int, ...] = ()


def warm(articles: Iterable[Content], encoders: Sequence[Encoder], cache_dir: Path | None) -> None:
    """Encodes what is not in the cache yet, so that an approval later takes no time. An import calls it."""
    texts = [knowledge(q) for article in articles for q in article.questions]
    for encoder in encoders:
        encoder.cache(cache_dir).vectors(texts, encoder.encode)


def missing(articles: Iterable[Content], encoder: Encoder, cache_dir: Path | None) -> int:
    """How many questions that encoder would have to encode first."""
    return len(encoder.cache(cache_dir).missing([knowledge(q) for a in articles for q in a.questions]))


class Index:
    """`articles` in the order given; positions in hits point into it."""

    def __init__(
        self, articles: Sequence[Content], encoders: Sequence[Encoder], cache_dir: Path | None
    ) -> None:
        self.articles = tuple(articles)
        self.encoders = tuple(encoders)
        asked = [(n, q) for n, article in enumerate(self.articles) for q in article.questions]
        self._questions = tuple(q for _, q in asked)
        self._owner = np.array([n for n, _ in asked], np.int32)
        self.texts = [knowledge(q) for q in self._questions]
        self._chinese = np.array([bool(CJK.search(text)) for text in self.texts], bool)
        self._exact: dict[str, list[int]] = {}
        for (position, question), normal in zip(asked, self.texts, strict=True):
            # both spellings lead to the article, the mild one first
            for spelling in ("=" + surface(question), "~" + normal):
                found = self._exact.setdefault(spelling, [])
                if normal and position not in found:
                    found.append(position)
        self._speaks_latin = [
            any(not CJK.search(text) for text in (*a.questions, *a.answer.values())) for a in self.articles
        ]
        self._sides: dict[int, contrast.Sides] = {}
        self._lexical = Lexical(self.texts)
        self._coverage = Coverage([(*a.questions, *a.answer.values()) for a in self.articles])
        self._spaces = [Space(e.cache(cache_dir).vectors(self.texts, e.encode)) for e in self.encoders]
        joined = np.hstack([s.rows for s in self._spaces]) / len(self._spaces) ** 0.5
        self._ridge = ridge.fit(joined.astype(np.float32), self._owner, len(self.articles))
        # questions of one article stand together: the best of each is one reduceat away
        self._starts = np.flatnonzero(np.r_[True, self._owner[1:] != self._owner[:-1]])

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
        best = np.maximum.reduceat(scores, self._starts)
        hybrid = learned + _SCORE_IN_HYBRID * best
        if hidden:
            hybrid[list(hidden)] = -np.inf
        order = np.argsort(-hybrid, kind="stable")[: len(hybrid) - len(hidden)][: max(limit, _CLOSER_LOOK)]
        words = self._coverage.words(normal)
        sides = contrast.sides(normal)
        hits = [
            self._hit(int(n), normal, words, sides, scores, float(best[n]), float(learned[n])) for n in order
        ]
        hits.sort(key=lambda hit: -hit.rank)
        return Ranking(normal, tuple(hits[:limit]), exact)

    def exact(self, text: str, normal: str) -> tuple[int, ...]:
        """Articles with this very question: as typed, else as normalised."""
        found = self._exact.get("=" + surface(text)) or (normal and self._exact.get("~" + normal)) or ()
        return tuple(found)

    def _scores(self, normal: str) -> tuple[Vectors, Vectors]:
        """A score a question and a ridge value an article."""
        placed = [s.place(e.query(normal)) for s, e in zip(self._spaces, self.encoders, strict=True)]
        weights = [_WEIGHTS[e.width] for e in self.encoders]
        dense: Any = sum(w * (s.rows @ p) for w, s, p in zip(weights, self._spaces, placed, strict=True))
        bm25, shared = self._lexical.scores(normal)
        lexical = _BM25 * bm25 + _IDF * shared
        full = sum(weights) + _BM25 + _IDF
        # words of another script cannot match: there the vectors stand for the whole
        same_script = self._chinese == bool(CJK.search(normal))
        scores = np.where(same_script, (dense + lexical) * (_FULL / full), dense * (_FULL / sum(weights)))
        joined = np.concatenate(placed) / len(placed) ** 0.5
        return scores.astype(np.float32), (joined @ self._ridge).astype(np.float32)

    def _sides_of(self, question: int) -> contrast.Sides:
        """Remembered, for questions of the knowledge base only."""
        found = self._sides.get(question)
        if found is None:
            found = self._sides[question] = contrast.sides(self.texts[question])
        return found

    def _hit(
        self,
        n: int,
        normal: str,
        words: Words,
        sides: contrast.Sides,
        scores: Vectors,
        score: float,
        learned: float,
    ) -> Hit:
        start = int(self._starts[n])
        end = int(self._starts[n + 1]) if n + 1 < len(self._starts) else len(scores)
        at = start + int(np.argmax(scores[start:end]))
        matched = self.texts[at]
        against = (
            contrast.conflict(sides, self._sides_of(at))
            or contrast.undone(normal, matched)
            or contrast.unknown(
                normal, lambda word: self._coverage.mentions(word, n), self._coverage.anywhere
            )
        )
        characters, pairs = self._coverage.shares(words, n)
        if not words[1] and not self._speaks_latin[n]:
            characters = _OTHER_SCRIPT
        rank = learned + _SCORE_IN_HYBRID * score + _CHARACTERS * characters + _PAIRS * pairs
        rank -= _CONTRAST if against else 0.0
        return Hit(n, self._questions[at], rank, score, learned, characters, against)
