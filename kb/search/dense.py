"""A vector space without what all texts of one firm share: their mean and their two commonest directions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

_DIRECTIONS = 2
_ROUNDS = 8
_SAMPLE = 1000
"""Texts that are enough to find the directions; evenly drawn, so every process finds the same."""
ENOUGH = 20
"""Below this many texts the directions would be the texts themselves."""


class Space:
    """`rows` (n, width) unit vectors, centred and unit again; `place` puts a question beside them."""

    def __init__(self, rows: Vectors) -> None:
        self._mean = rows.mean(axis=0) if len(rows) >= ENOUGH else np.zeros(rows.shape[1], np.float32)
        self._common = (
            _common((rows - self._mean)[:: 1 + len(rows) // _SAMPLE]) if len(rows) >= ENOUGH else None
        )
        self.rows = self.placed(rows)

    def place(self, vector: Vectors) -> Vectors:
        placed: Vectors = self.placed(vector[None, :])[0]
        return placed

    def placed(self, rows: Vectors) -> Vectors:
        """As `place`, of many at once."""
        moved = rows - self._mean
        if self._common is not None:
            moved = moved - (moved @ self._common) @ self._common.T
        length = np.linalg.norm(moved, axis=1, keepdims=True)
        result: Vectors = (moved / np.maximum(length, 1e-6)).astype(np.float32)
        return result


def _common(centred: Vectors) -> Vectors:
    """(width, 2) orthonormal: the leading directions by subspace iteration, the same in every process."""
    start = np.random.default_rng(7).standard_normal((centred.shape[1], _DIRECTIONS)).astype(np.float32)
    basis: Vectors = np.linalg.qr(start)[0].astype(np.float32)
    for _ in range(_ROUNDS):
        basis = np.linalg.qr(centred.T @ (centred @ basis))[0].astype(np.float32)
    return basis
