"""What of an index stays as it is when some articles change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kb.articles import Content

Numbers = npt.NDArray[np.int64]


def identity(article: Content) -> tuple[str, str]:
    return article.key, article.sha256


@dataclass(frozen=True, slots=True)
class Carried:
    """For each article and each question its number in the index before, -1 for what is new.

    `new` are numbers here that were not there, `gone` numbers there that are no longer here, and `joined` says for
    each question where it stands once the new ones are put behind all that were there; `joined_articles` likewise.
    """

    articles: Numbers
    questions: Numbers
    new: Numbers
    gone: Numbers
    joined: Numbers
    joined_articles: Numbers

    def filled(
        self, before: npt.NDArray[Any] | None, new: Sequence[Any], *, articles: bool = False
    ) -> npt.NDArray[Any]:
        """A value for each question (or article): that of before where it stayed, else the next of `new`."""
        where = self.joined_articles if articles else self.joined
        kind = type(new[0]) if new else int
        made = np.array(new, kind if before is None else before.dtype)
        everything: npt.NDArray[Any] = made if before is None else np.concatenate([before, made])[where]
        return everything


def carried(articles: Sequence[Content], known: Mapping[tuple[str, str], int], slices: Numbers) -> Carried:
    """`known` are the positions of the articles before; the questions of article n there are slices[n]..slices[n+1]."""
    was = np.array([known.get(identity(article), -1) for article in articles], np.int64)
    pieces = [
        np.arange(slices[n], slices[n + 1]) if n >= 0 else np.full(len(article.questions), -1)
        for n, article in zip(was.tolist(), articles, strict=True)
    ]
    questions = np.concatenate([np.zeros(0, np.int64), *pieces])
    there = int(slices[-1])
    stayed = np.zeros(there, bool)
    stayed[questions[questions >= 0]] = True
    new = np.flatnonzero(questions < 0)
    return Carried(
        was, questions, new, np.flatnonzero(~stayed), _joined(questions, there), _joined(was, len(known))
    )


def _joined(numbers: Numbers, there: int) -> Numbers:
    fresh = numbers < 0
    return np.where(fresh, there + np.cumsum(fresh) - 1, numbers)


def apart(before: Sequence[Content], now: Sequence[Content]) -> tuple[list[Content], list[Content]]:
    """What is no longer there, and what was not there."""
    known, current = set(map(identity, before)), set(map(identity, now))
    gone = [one for one in before if identity(one) not in current]
    return gone, [one for one in now if identity(one) not in known]
