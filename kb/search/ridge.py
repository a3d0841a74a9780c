"""Which article a vector belongs to, learned in closed form from the questions of the knowledge base itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Owners = npt.NDArray[np.int32]

_LAMBDA = 0.3


@dataclass(frozen=True, slots=True)
class Ridge:
    """Ridge regression on one column an article: `weights` (width, articles), and the `inverse` (width, width) that
    gave them, from which a change of a few rows is learned without looking at the others."""

    weights: Vectors
    inverse: Vectors


def fit(blocks: Iterable[Vectors], owner: Owners, articles: int, width: int) -> Ridge:
    """`blocks` are the rows in order; `owner` names the article of each, rows of one article standing together."""
    gram, sums = _LAMBDA * np.eye(width, dtype=np.float32), np.zeros((articles, width), np.float32)
    at = 0
    for block in blocks:
        gram += block.T @ block
        _add(sums, block, owner[at : at + len(block)])
        at += len(block)
    inverse = np.linalg.inv(gram)
    return Ridge(inverse @ sums.T, inverse)


def changed(
    before: Ridge, order: npt.NDArray[np.int64], gone: Vectors, new: Vectors, new_owner: Owners
) -> Ridge:
    """What `fit` would give after some articles changed, by the formula of Woodbury.

    `order` names for each article the one it was, -1 for a new or a changed one; `gone` are the rows that are no more,
    `new` those that came, with their articles. Made for few rows: it solves a system as large as their number.
    """
    moved = np.concatenate([gone, new])
    signs = np.r_[np.full(len(gone), -1, np.float32), np.ones(len(new), np.float32)]
    side = before.inverse @ moved.T
    middle = np.linalg.inv(np.diag(signs) + moved @ side)
    inverse = before.inverse - side @ (middle @ side.T)
    # The columns of articles that stayed; those of the others are learned from their own rows.
    weights = (before.weights - side @ (middle @ (moved @ before.weights)))[:, np.maximum(order, 0)]
    sums = np.zeros((len(order), before.inverse.shape[0]), np.float32)
    _add(sums, new, new_owner)
    fresh = order < 0
    weights[:, fresh] = inverse @ sums[fresh].T
    return Ridge(weights, inverse)


def _add(sums: Vectors, rows: Vectors, owner: Owners) -> None:
    if len(rows):
        starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
        np.add.at(sums, owner[starts], np.add.reduceat(rows, starts, axis=0))
