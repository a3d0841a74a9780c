"""Which article a vector belongs to, learned in closed form from the questions of the knowledge base itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

_LAMBDA = 0.3


def fit(rows: Vectors, owner: npt.NDArray[np.int32], articles: int) -> Vectors:
    """(width, articles) weights of a ridge regression on one column an article.

    `owner` names the article of each row, rows of one article standing together. Solved on the smaller side: by
    questions while there are fewer of them than the vectors are wide.
    """
    count, width = rows.shape
    if count <= width:
        targets = np.zeros((count, articles), np.float32)
        targets[np.arange(count), owner] = 1.0
        gram = rows @ rows.T + _LAMBDA * np.eye(count, dtype=np.float32)
        weights = rows.T @ np.linalg.solve(gram, targets)
    else:
        # rows.T @ targets, without multiplying by zeros: the sum of each article's questions, which stand together
        starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
        sums = np.zeros((articles, width), np.float32)
        sums[owner[starts]] = np.add.reduceat(rows, starts, axis=0)
        gram = rows.T @ rows + _LAMBDA * np.eye(width, dtype=np.float32)
        weights = np.linalg.solve(gram, sums.T)
    result: Vectors = weights.astype(np.float32)
    return result
