"""The list of what a seal is over: a line a record, in the order of the tree's leaves, packed in parts.

    collection TAB chain TAB seq TAB id TAB hash LF

Ids and hashes of ciphertext only. With it a verification can name the very record that was changed, dropped or slipped
in, even where somebody computed all hashes of a chain anew. The order is that of COLLECTIONS, then of `_id`; what came
too late for its own day follows, in the same order.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

COLLECTIONS = ("audit", "customer_notes", "messages", "notes")
PART = 10_000


@dataclass(frozen=True, slots=True, order=True)
class Leaf:
    """`chain` is the id of the conversation or customer, empty for the audit log."""

    collection: str
    id: str
    chain: str
    seq: int
    hash: str

    @property
    def data(self) -> bytes:
        """What goes into the tree: the 32 bytes of the record's hash."""
        try:
            return bytes.fromhex(self.hash)
        except ValueError:
            # Somebody wrote something else there: it is sealed as it stands, and the verification names it.
            return hashlib.sha256(self.hash.encode(errors="surrogatepass")).digest()

    @property
    def place(self) -> tuple[str, str]:
        return self.collection, self.id

    def line(self) -> str:
        cells = (self.collection, self.chain, str(self.seq), self.id, self.hash)
        return "\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in cells) + "\n"


def read(line: str) -> Leaf:
    """Raises ValueError for what is no such line."""
    collection, chain, seq, record, digest = line.rstrip("\n").split("\t")
    return Leaf(collection, record, chain, int(seq), digest)


def pack(leaves: Iterable[Leaf]) -> Iterator[bytes]:
    """In parts of PART lines."""
    rest = iter(leaves)
    while some := list(islice(rest, PART)):
        yield zlib.compress("".join(one.line() for one in some).encode())


def unpack(parts: Iterable[bytes]) -> Iterator[Leaf]:
    """Raises ValueError where a part is damaged."""
    for part in parts:
        try:
            lines = zlib.decompress(part).decode().splitlines()
        except zlib.error as error:
            raise ValueError("a part of the list cannot be read") from error
        for line in lines:
            yield read(line)
