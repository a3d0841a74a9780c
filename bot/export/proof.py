"""Seals of a pack, and its records against them; it goes into the verifier of a pack, as primitives.py does."""

from __future__ import annotations

import bisect
import gzip
import hashlib
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.export.primitives import Tree, canonical, key_id, link, signed

if TYPE_CHECKING:
    Json = dict[str, Any]
SEAL, HANDED = b"teller seal 1\n", b"teller seal key 1\n"
CHAINED = {"messages": ("seq", "head_hash"), "notes": ("notes", "note_head")}


class Bad(Exception):
    """What is wrong: args are reason, id, conversation, seq."""

    def told(self) -> Json:
        reason, record, conversation, seq = (list(self.args) + [None] * 4)[:4]
        return {"id": record, "conversation": conversation, "seq": seq, "reason": reason}


def rows(folder: Path, name: str) -> Iterator[Json]:
    path = folder / name
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            for n, line in enumerate(lines, 1):
                try:
                    yield json.loads(line)
                except ValueError:
                    raise Bad(f"{name}, line {n}: not JSON") from None


def seals(folder: Path) -> Iterator[Json]:
    """Every seal, after its hash, signature and place were checked."""
    before: Json | None = None
    for seal in rows(folder, "seals.jsonl"):
        day = seal.get("_id")
        try:
            public = bytes.fromhex(seal["public_key"])
            body = {name: value for name, value in seal.items() if name not in ("signature", "hash")}
            if link(seal["prev"], {k: v for k, v in seal.items() if k != "hash"}) != seal["hash"]:
                raise Bad("seal changed", day)
            holds = signed(public, bytes.fromhex(seal["signature"]), SEAL + canonical(body))
            if key_id(public) != seal["key_id"] or not holds:
                raise Bad("seal not signed by its key", day)
        except (KeyError, TypeError, ValueError):
            raise Bad("seal is not in the form of one", day) from None
        if before is not None:
            if before["hash"] != seal["prev"]:
                raise Bad("seal rewritten: the one after it was chained to another", before["_id"])
            if before["key_id"] != seal["key_id"] and not _vouched(before, seal):
                raise Bad("seal signed by a key that the one before does not vouch for", day)
        before = seal
        yield seal


def _vouched(before: Json, seal: Json) -> bool:
    word = seal.get("handover") or {}
    if (word.get("from"), word.get("to")) != (before["key_id"], seal["key_id"]):
        return False
    said = {name: value for name, value in word.items() if name != "signature"}
    data = HANDED + canonical(said) + bytes.fromhex(seal["public_key"])
    return signed(bytes.fromhex(before["public_key"]), bytes.fromhex(word["signature"]), data)


def leaves(path: Path) -> Iterator[list[str]]:
    with gzip.open(str(path), "rt", encoding="utf-8") as lines:
        for line in lines:
            yield line.rstrip("\n").split("\t")


def _data(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def day_of(record: str) -> str:
    """The day in Taipei in which this id was made."""
    return (date(1970, 1, 1) + timedelta(seconds=int(record[:8], 16), hours=8)).isoformat()


def against_seals(folder: Path, found: list[str], heads: Json) -> tuple[int, str]:
    """How many records stand in no seal yet. `found`: sorted `collection TAB id TAB hash`."""
    marks, last = bytearray(len(found)), ""
    sealed: set[str] = set()

    def look(collection: str, chain: str, seq: int, record: str, digest: str) -> None:
        begin = f"{collection}\t{record}\t"
        at = bisect.bisect_left(found, begin)
        if at < len(found) and found[at].startswith(begin):
            if found[at].rpartition("\t")[2] != digest:
                raise Bad("rewritten: it was sealed with another hash", record, chain, seq)
            marks[at] = 1
        elif (
            collection in CHAINED
            and chain in heads
            and seq <= (heads[chain].get(CHAINED[collection][0]) or 0)
        ):
            raise Bad("missing: it was sealed", record, chain, seq)

    for seal in seals(folder):
        last = seal["_id"]
        sealed.add(last)
        # What came too late for its own day's list stands in a later seal itself.
        for one in seal["late"]:
            look(one["collection"], one["chain"], one["seq"], one["id"], one["hash"])
        path = folder / "leaves" / (last + ".gz")
        if not path.exists():
            continue
        tree = Tree()
        for collection, chain, seq, record, digest in leaves(path):
            tree.add(_data(digest))
            look(collection, chain, int(seq), record, digest)
        if (tree.count, tree.root()) != (seal["total"], seal["root"]):
            raise Bad("the list of this seal is not the one that was sealed", last)
    open_ = 0
    for n, entry in enumerate(found):
        if marks[n]:
            continue
        record = entry.split("\t")[1]
        if (day := day_of(record)) in sealed:
            gone = not (folder / "leaves" / (day + ".gz")).exists()
            raise Bad(
                "the list of its day is missing" if gone else "inserted: its day was sealed without it",
                record,
            )
        open_ += 1
    return open_, last
