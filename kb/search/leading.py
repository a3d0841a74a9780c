"""Grouping by leaders: whoever came first leads those that are near enough, the same in every process."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kb.search.dense import Vectors

BLOCK = 512


def led(rows: Vectors, near: float) -> npt.NDArray[np.int32]:
    """For each row the number of its group: the likest leader so far, if that is `near`, else a group of its own.

    `rows` are unit vectors. Blockwise: memory for BLOCK rows times the leaders, never for all pairs.
    """
    owners = np.zeros(len(rows), np.int32)
    leaders: list[Vectors] = []
    known = 0
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        best, at = np.full(len(block), -1.0, np.float32), np.zeros(len(block), np.int32)
        offset = 0
        for some in leaders:
            likeness = block @ some.T
            likest = likeness.argmax(axis=1)
            values = likeness[np.arange(len(block)), likest]
            better = values > best
            best[better], at[better] = values[better], likest[better] + offset
            offset += len(some)
        among = block @ block.T
        fresh: list[int] = []
        for n in range(len(block)):
            mine, owner = float(best[n]), int(at[n])
            if fresh:
                likest_here = int(among[n, fresh].argmax())
                if among[n, fresh[likest_here]] > mine:
                    mine, owner = float(among[n, fresh[likest_here]]), known + likest_here
            if mine < near:
                owner = known + len(fresh)
                fresh.append(n)
            owners[start + n] = owner
        if fresh:
            leaders.append(block[fresh])
            known += len(fresh)
    return owners
