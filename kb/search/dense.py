"""A vector space without what all texts of one firm share: their mean and their two commonest directions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

_DIRECTIONS = 2
_ROUNDS = 8
_SAMPLE = 1000
"""Texts that are enough to find the directions; evenly drawn, so every process finds the same."""
ENOUGH = 20
"""Below this many texts the directions would be the texts themselves."""
BLOCK = 4096
"""Rows that are worked on at once."""
MANY = 20_000
"""From this many rows on they are kept as int8, a quarter of the room; a cosine is off by less than 0.001."""


class Centre:
    """The mean and the common directions of some texts; `placed` takes vectors into the space without them."""

    def __init__(self, blocks: Iterable[Vectors], count: int, width: int) -> None:
        """`blocks` are the unit rows of `count` texts, in order."""
        self._mean = np.zeros(width, np.float32)
        self._common: Vectors | None = None
        if count < ENOUGH:
            return
        step, sample, at = 1 + count // _SAMPLE, [], 0
        total = np.zeros(width)
        for block in blocks:
            total += block.sum(axis=0, dtype=np.float64)
            sample.append(block[-at % step :: step])
            at += len(block)
        self._mean = (total / count).astype(np.float32)
        self._common = _common(np.concatenate(sample) - self._mean)

    def placed(self, rows: Vectors) -> Vectors:
        """(n, width) unit rows, centred and unit again."""
        moved = rows - self._mean
        if self._common is not None:
            moved = moved - (moved @ self._common) @ self._common.T
        length = np.linalg.norm(moved, axis=1, keepdims=True)
        result: Vectors = (moved / np.maximum(length, 1e-6)).astype(np.float32)
        return result

    def place(self, vector: Vectors) -> Vectors:
        """As `placed`, of one."""
        placed: Vectors = self.placed(vector[None, :])[0]
        return placed


class Space(Centre):
    """The centre of `rows` (n, width) with the rows themselves, placed."""

    def __init__(self, rows: Vectors) -> None:
        super().__init__([rows], len(rows), rows.shape[1])
        self.rows = self.placed(rows)


class Rows:
    """Many rows of unit vectors side by side: (n, width), as float32, or as int8 with a scale each. Immutable."""

    def __init__(
        self, values: npt.NDArray[np.float32] | npt.NDArray[np.int8], scales: Vectors | None
    ) -> None:
        self._values = values
        self._scales = scales

    @classmethod
    def of(cls, blocks: Iterable[Vectors], count: int, width: int) -> Rows:
        kind = np.dtype(np.float32 if count < MANY else np.int8)
        values = np.zeros((count, width), kind)
        scales = None if count < MANY else np.ones(count, np.float32)
        at = 0
        for block in blocks:
            part = cls._kept(block, kind)
            values[at : at + len(block)] = part._values
            if scales is not None and part._scales is not None:
                scales[at : at + len(block)] = part._scales
            at += len(block)
        return cls(values, scales)

    @classmethod
    def _kept(cls, rows: Vectors, kind: np.dtype[Any]) -> Rows:
        if kind == np.float32:
            return cls(rows, None)
        scales = np.maximum(np.abs(rows).max(axis=1, initial=0.0), 1e-9).astype(np.float32) / np.float32(127)
        return cls(np.rint(rows / scales[:, None]).astype(np.int8), scales)

    def changed(self, order: npt.NDArray[np.int64], new: Vectors) -> Rows:
        """The rows at `order`, which counts on into `new`."""
        values = np.empty((len(order), self._values.shape[1]), self._values.dtype)
        scales = None if self._scales is None else np.ones(len(order), np.float32)
        came = Rows._kept(new, self._values.dtype)
        for source, mine, at in (
            (self, order < len(self), order[order < len(self)]),
            (came, order >= len(self), order[order >= len(self)] - len(self)),
        ):
            values[mine] = source._values[at]
            if scales is not None and source._scales is not None:
                scales[mine] = source._scales[at]
        return Rows(values, scales)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def nbytes(self) -> int:
        return self._values.nbytes + (0 if self._scales is None else self._scales.nbytes)

    def taken(self, numbers: npt.NDArray[np.int64]) -> Vectors:
        rows: Vectors = self._values[numbers].astype(np.float32)
        return rows if self._scales is None else rows * self._scales[numbers, None]

    def blocks(self) -> Iterator[Vectors]:
        for start in range(0, len(self), BLOCK):
            yield self.taken(np.arange(start, min(start + BLOCK, len(self))))

    def dot(self, vector: Vectors) -> Vectors:
        """One figure a row."""
        if self._scales is None:
            products: Vectors = self._values @ vector
            return products
        products = np.empty(len(self), np.float32)
        for start in range(0, len(self), BLOCK):
            block = slice(start, start + BLOCK)
            products[block] = self._values[block].astype(np.float32) @ vector
        return products * self._scales


def _common(centred: Vectors) -> Vectors:
    """(width, 2) orthonormal: the leading directions by subspace iteration, the same in every process."""
    start = np.random.default_rng(7).standard_normal((centred.shape[1], _DIRECTIONS)).astype(np.float32)
    basis: Vectors = np.linalg.qr(start)[0].astype(np.float32)
    for _ in range(_ROUNDS):
        basis = np.linalg.qr(centred.T @ (centred @ basis))[0].astype(np.float32)
    return basis
