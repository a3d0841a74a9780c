"""What two articles have in common: copies, questions that are nearly one, and siblings but for a contrast word.

Copies and siblings are found by equal keys, near questions by products of blocks of vectors: no loop over pairs.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import combinations, islice, product
from pathlib import Path

import numpy as np

from kb.articles import Content
from kb.lint.fault import Fault, quote
from kb.search import contrast
from kb.search.cache import Vectors
from kb.search.dense import ENOUGH, Space
from kb.search.encoders import Encoder
from kb.search.lexical import terms
from kb.search.normalise import knowledge, spelling, surface

NEAR_CENTRED, NEAR_RAW, NEAR_WORDS = 0.90, 0.96, 0.86
"""Cosines from which two questions count as one; read off the sample, where lower ones only share their subject."""
_TILE = 2048
_WIDTH, _SLACK = 512, 0.15
"""Terms are folded into 512 columns; a cosine there is off by 1/sqrt(512), and 0.15 is more than three times that."""
_UNDOING = 0
"""The group of contrast words whose first side undoes something: 「取消掛失」 beside 「掛失」."""

_ALWAYS, _FOREVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_MOST_OWNERS = 20
"""A question copied into more articles than this is reported as such; its likeness to others adds nothing."""

Owners = Mapping[str, Mapping[str, str]]


def faults(articles: Sequence[Content], encoders: Sequence[Encoder], cache: Path | None) -> Iterator[Fault]:
    by_id = {article.id: article for article in articles}
    yield from _copied_answers(by_id)
    owners: dict[str, dict[str, str]] = defaultdict(dict)
    for article in by_id.values():
        for question in article.questions:
            text = knowledge(question)
            if text:
                owners[text].setdefault(article.id, question)
    yield from _copied_questions(owners, by_id)
    texts = sorted(owners)
    siblings = {_pair(a, b): words for a, b, words in _siblings(texts)}
    near = dict(_near(texts, owners, encoders, cache))
    worst: dict[tuple[str, str, str], tuple[float, Fault]] = {}
    for one, other in siblings.keys() | near.keys():
        words = _apart(one, other) or siblings.get((one, other))
        kind = "contrast_sibling" if words else "near_question"
        strength = near.get((one, other), 0.0) + ((one, other) in siblings)
        for a, b in product(islice(owners[one], _MOST_OWNERS), islice(owners[other], _MOST_OWNERS)):
            if a == b or not _overlap(by_id[a], by_id[b]):
                continue
            shown = {"question": quote(owners[one][a]), "other": quote(owners[other][b])}
            if a > b:
                shown = {"question": shown["other"], "other": shown["question"]}
            fault = Fault(min(a, b), kind, shown | ({"words": words} if words else {}), (max(a, b),))
            key = (kind, *_pair(a, b))
            if key not in worst or (-strength, fault.order) < (-worst[key][0], worst[key][1].order):
                worst[key] = (strength, fault)
    yield from (fault for _, fault in worst.values())


def _copied_questions(owners: Owners, by_id: Mapping[str, Content]) -> Iterator[Fault]:
    for found in owners.values():
        ids = _together(found, by_id)
        if ids:
            yield Fault(ids[0], "copied_question", {"question": quote(found[ids[0]])}, ids[1:])


def _copied_answers(by_id: Mapping[str, Content]) -> Iterator[Fault]:
    same: dict[tuple[str, str], list[str]] = defaultdict(list)
    for article in by_id.values():
        for locale, text in article.answer.items():
            key = "".join(c for c in spelling(surface(text)) if c.isalnum())
            same[locale, key].append(article.id)
    for (locale, _), found in same.items():
        ids = _together(found, by_id)
        if ids:
            yield Fault(ids[0], "copied_answer", {"locale": locale}, ids[1:])


def _together(ids: Iterable[str], by_id: Mapping[str, Content]) -> tuple[str, ...]:
    """Those of `ids`, sorted, that are valid at the same time as another of them."""
    queue = sorted((by_id[i] for i in ids), key=lambda c: (c.valid_from or _ALWAYS, c.id))
    meeting: set[str] = set()
    longest: Content | None = None
    for article in queue:
        if longest is not None and _overlap(longest, article):
            meeting |= {longest.id, article.id}
        if longest is None or (article.valid_until or _FOREVER) > (longest.valid_until or _FOREVER):
            longest = article
    return tuple(sorted(meeting))


def _overlap(a: Content, b: Content) -> bool:
    """Whether there is a moment at which both are valid; one that follows the other is its successor, no copy."""
    return not (
        (a.valid_until is not None and b.valid_from is not None and a.valid_until <= b.valid_from)
        or (b.valid_until is not None and a.valid_from is not None and b.valid_until <= a.valid_from)
    )


def _apart(one: str, other: str) -> str | None:
    return contrast.conflict(contrast.sides(one), contrast.sides(other)) or contrast.undone(one, other)


def _siblings(texts: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """(text, text, words): equal once their words of one group are covered, or the undoing word is taken out."""
    known = set(texts)
    alike: dict[tuple[int, str], list[str]] = defaultdict(list)
    for text in texts:
        for group, found in contrast.sides(text).items():
            for word in found.values():
                alike[group, text.replace(word, "\0")].append(text)
            if group == _UNDOING and 0 in found:
                done = text.replace(found[0], "").strip()
                if done in known:
                    yield text, done, found[0]
    for (group, _), found_texts in alike.items():
        sides = {text: contrast.sides(text)[group] for text in found_texts} if len(found_texts) > 1 else {}
        for a, b in combinations(sides, 2):
            if not sides[a].keys() & sides[b].keys():
                yield a, b, "/".join(next(iter(sides[text].values())) for text in (a, b))


def _near(
    texts: Sequence[str], owners: Owners, encoders: Sequence[Encoder], cache: Path | None
) -> Iterator[tuple[tuple[str, str], float]]:
    if len(texts) < 2:
        return
    if encoders:
        spaces = [Space(e.cache(cache).vectors(texts, e.encode)).rows for e in encoders]
        rows = spaces[0] if len(spaces) == 1 else np.hstack(spaces) / np.float32(math.sqrt(len(spaces)))
        least = NEAR_CENTRED if len(texts) >= ENOUGH else NEAR_RAW
        for i, j, cosine in _close(rows, least, texts, owners):
            yield _pair(texts[i], texts[j]), cosine
        return
    weights = _weights(texts)
    for i, j, _ in _close(_folded(weights), NEAR_WORDS - _SLACK, texts, owners):
        cosine = sum(w * weights[j].get(term, 0.0) for term, w in weights[i].items())
        if cosine >= NEAR_WORDS:
            yield _pair(texts[i], texts[j]), cosine


def _close(
    rows: Vectors, least: float, texts: Sequence[str], owners: Owners
) -> Iterator[tuple[int, int, float]]:
    """(i, j, cosine), i < j, of the unit rows at least that close that do not belong to one article only."""
    numbers: dict[str, int] = {}
    whose = np.array(
        [
            -1 - n if len(owners[text]) > 1 else numbers.setdefault(next(iter(owners[text])), len(numbers))
            for n, text in enumerate(texts)
        ]
    )
    for top in range(0, len(rows), _TILE):
        for left in range(top, len(rows), _TILE):
            cosines = rows[top : top + _TILE] @ rows[left : left + _TILE].T
            for i, j in np.argwhere(cosines >= least):
                if top + i < left + j and whose[top + i] != whose[left + j]:
                    yield int(top + i), int(left + j), float(cosines[i, j])


def _weights(texts: Sequence[str]) -> list[dict[str, float]]:
    """Unit idf weights of each text's terms."""
    sets = [set(terms(text)) for text in texts]
    seen = Counter(term for found in sets for term in found)
    idf = {term: math.log1p(len(texts) / count) for term, count in seen.items()}
    lengths = [math.sqrt(sum(idf[term] ** 2 for term in found)) or 1.0 for found in sets]
    return [{t: idf[t] / size for t in sorted(found)} for found, size in zip(sets, lengths, strict=True)]


def _folded(weights: Sequence[Mapping[str, float]]) -> Vectors:
    rows: Vectors = np.zeros((len(weights), _WIDTH), np.float32)
    places: dict[str, tuple[int, float]] = {}
    for row, found in zip(rows, weights, strict=True):
        for term, weight in found.items():
            if term not in places:
                digest = int.from_bytes(hashlib.blake2b(term.encode(), digest_size=4).digest(), "big")
                places[term] = (digest % _WIDTH, 1.0 if digest >> 31 else -1.0)
            column, sign = places[term]
            row[column] += sign * weight
    return rows


def _pair(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a <= b else (b, a)
