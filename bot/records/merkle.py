"""The Merkle tree of RFC 6962, section 2.1: leaves SHA-256(0x00 ‖ data), nodes SHA-256(0x01 ‖ left ‖ right).

The two prefixes keep a node from being passed off as a leaf. A tree is built leaf by leaf in memory that grows with the
logarithm of their number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256(b"").digest()


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Takes leaves in order; `root` may be asked for at any time."""

    __slots__ = ("_whole", "count")

    def __init__(self) -> None:
        self.count = 0
        # Roots of complete subtrees, the largest first, each with its height.
        self._whole: list[tuple[int, bytes]] = []

    def add(self, data: bytes) -> None:
        self.count += 1
        height, made = 0, leaf(data)
        while self._whole and self._whole[-1][0] == height:
            made = node(self._whole.pop()[1], made)
            height += 1
        self._whole.append((height, made))

    def root(self) -> bytes:
        """32 bytes; that of no leaves is SHA-256 of nothing."""
        if not self._whole:
            return EMPTY
        made = self._whole[-1][1]
        for _, left in reversed(self._whole[:-1]):
            made = node(left, made)
        return made


def path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that prove the leaf at `index` (from 0) of these data to be in the tree, from the leaf up (2.1.1)."""
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*path(leaves[:split], index), _root(leaves[split:])]
    return [*path(leaves[split:], index - split), _root(leaves[:split])]


def root_from(data: bytes, index: int, count: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that `proof` leads to from this leaf (RFC 9162, 2.1.3.2); None where the proof has another length."""
    at, last, made = index, count - 1, leaf(data)
    for other in proof:
        if last == 0:
            return None
        if at & 1 or at == last:
            made = node(other, made)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            made = node(made, other)
        at, last = at >> 1, last >> 1
    return made if last == 0 else None


def _root(leaves: Sequence[bytes]) -> bytes:
    tree = Tree()
    for data in leaves:
        tree.add(data)
    return tree.root()


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)
