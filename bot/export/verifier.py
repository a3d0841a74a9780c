#!/usr/bin/env python3
"""Verifies an examiner's pack of Teller with Python 3.9 or newer alone: `python3 verify.py [FOLDER] [--json]`.

Checked are: the manifest's signature and the SHA-256 of every file; every chain of messages and notes from its first
record to its head; the audit events; every seal (Ed25519), its place after the one before, its Merkle root over the
list it was made of; and that every record in the pack stands in the list of its day with the same hash.

Exit code 0: all is as it was written; 1: the first record that is not is named; 2: this is no pack.
What it cannot know: whether the key that signed is Teller's. Compare the key ids it prints with those you were told.
"""

from __future__ import annotations

import bisect
import gzip
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bot.export.primitives import Tree, canonical, key_id, link, signed

Json = dict[str, Any]
Found = tuple[str, str, str]
GENESIS = "0" * 64
SEAL, PACK, HANDED = b"teller seal 1\n", b"teller pack 1\n", b"teller seal key 1\n"
CHAINED = {"messages": ("seq", "head_hash"), "notes": ("notes", "note_head")}


class Bad(Exception):
    """What is wrong: args are reason, id, conversation, seq."""

    def told(self) -> Json:
        reason, record, conversation, seq = (list(self.args) + [None] * 4)[:4]
        return {"id": record, "conversation": conversation, "seq": seq, "reason": reason}


class NoPack(Exception):
    pass


# -- the pack ------------------------------------------------------------


def rows(folder: Path, name: str) -> Iterator[Json]:
    path = folder / name
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            for n, line in enumerate(lines, 1):
                try:
                    yield json.loads(line)
                except ValueError:
                    raise Bad(f"{name}, line {n}: not JSON") from None


def files(folder: Path) -> Json:
    """The manifest, after its signature and every file's digest were checked."""
    try:
        manifest: Json = json.loads((folder / "manifest.json").read_bytes())
        public, signature = bytes.fromhex(manifest["public_key"]), bytes.fromhex(manifest["signature"])
        body = {name: value for name, value in manifest.items() if name != "signature"}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoPack(f"{folder} has no manifest.json of a pack ({type(error).__name__})") from None
    if key_id(public) != manifest["key_id"] or not signed(public, signature, PACK + canonical(body)):
        raise Bad("manifest.json: its signature does not hold", "manifest.json")
    for name, known in sorted(manifest["files"].items()):
        path, digest = folder / name, hashlib.sha256()
        if not path.is_file():
            raise Bad("missing file", name)
        with path.open("rb") as file:
            for part in iter(lambda: file.read(1 << 20), b""):
                digest.update(part)
        if digest.hexdigest() != known["sha256"]:
            raise Bad("changed file", name)
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    for name in sorted(there - set(manifest["files"]) - {"manifest.json"}):
        if "__pycache__" not in name:
            raise Bad("a file that the manifest does not name", name)
    return manifest


def checked(record: Json, collection: str) -> tuple[Any, Any, Any]:
    """Its conversation, number and hash. Raises Bad where the hash is another."""
    place = (record.get("_id"), record.get("conversation"), record.get("seq"))
    try:
        if link(record["prev_hash"], record) != record["hash"]:
            raise Bad(f"changed: its hash is another ({collection})", *place)
    except (KeyError, TypeError, ValueError):
        raise Bad(f"changed: its hash cannot be computed ({collection})", *place) from None
    return place


def chains(folder: Path, collection: str, heads: Json, step: Callable[[], None]) -> Iterator[Found]:
    """(id, hash) of every record; each chain from 1 to its head."""
    count, head = CHAINED[collection]
    seen: set[Any] = set()
    current: Any = None
    last: Any = None
    seq, previous = 0, GENESIS

    def whole() -> None:
        if current is None:
            return
        wanted = heads.get(current)
        if wanted is None:
            raise Bad("inserted: its conversation is not in the pack", last, current, seq)
        if seq != (wanted.get(count) or 0):
            raise Bad("missing", None, current, seq + 1)
        if previous != wanted.get(head):
            raise Bad("rewritten: the end of its chain is another", last, current, seq)

    for row in rows(folder, collection + ".jsonl"):
        record = row.get("record") or {}
        place = checked(record, collection)
        if place[1] != current:
            whole()
            if place[1] in seen:
                raise Bad("out of order: its conversation stands in two places", *place)
            seen.add(place[1])
            current, seq, previous = place[1], 0, GENESIS
        if place[2] != seq + 1:
            raise Bad("missing" if place[2] > seq + 1 else "out of order", None, current, seq + 1)
        if record["prev_hash"] != previous:
            raise Bad("rewritten: it was chained to another", *place)
        seq, previous, last = place[2], record["hash"], place[0]
        step()
        yield collection, place[0], record["hash"]
    whole()
    for name, wanted in heads.items():
        if (wanted.get(count) or 0) and name not in seen:
            raise Bad("missing", None, name, 1)


def events(folder: Path, gapless: bool, step: Callable[[], None]) -> Iterator[Found]:
    previous: Json | None = None
    for row in rows(folder, "access.jsonl"):
        record = row.get("record") or {}
        place = checked(record, "audit")
        if gapless and previous is not None:
            if place[2] != previous["seq"] + 1:
                raise Bad("missing", None, None, previous["seq"] + 1)
            if record["prev_hash"] != previous["hash"]:
                raise Bad("rewritten: it was chained to another", *place)
        previous = record
        step()
        yield "audit", place[0], record["hash"]


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


def leaves(folder: Path, day: str) -> list[list[str]] | None:
    path = folder / "leaves" / (day + ".gz")
    if not path.exists():
        return None
    with gzip.open(str(path), "rt", encoding="utf-8") as lines:
        return [line.rstrip("\n").split("\t") for line in lines]


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
    days: set[str] = set()
    for seal in seals(folder):
        last = seal["_id"]
        listed = leaves(folder, last)
        if listed is None:
            continue
        days.add(last)
        tree = Tree()
        for collection, chain, seq, record, digest in listed:
            tree.add(_data(digest))
            begin = f"{collection}\t{record}\t"
            at = bisect.bisect_left(found, begin)
            if at < len(found) and found[at].startswith(begin):
                if found[at].rpartition("\t")[2] != digest:
                    raise Bad("rewritten: it was sealed with another hash", record, chain, int(seq))
                marks[at] = 1
            elif collection in CHAINED and chain in heads:
                raise Bad("missing: it was sealed", record, chain, int(seq))
        if (tree.count, tree.root()) != (seal["total"], seal["root"]):
            raise Bad("the list of this seal is not the one that was sealed", last)
    open_ = 0
    for n, entry in enumerate(found):
        if marks[n]:
            continue
        record = entry.split("\t")[1]
        if day_of(record) in days:
            raise Bad("inserted: its day was sealed without it", record)
        open_ += 1
    return open_, last


def verify(folder: str | Path, step: Callable[[], None] = lambda: None) -> Json:
    """What was found of a pack that is whole. Raises Bad, NoPack."""
    folder = Path(folder)
    manifest = files(folder)
    heads = {row["id"]: row for row in rows(folder, "conversations.jsonl")}
    found: list[str] = []
    for collection in CHAINED:
        found += ["\t".join(one) for one in chains(folder, collection, heads, step)]
    found += ["\t".join(one) for one in events(folder, bool(manifest.get("gapless_log")), step)]
    found.sort()
    unsealed, until = against_seals(folder, found, heads)
    counts = {name: known["lines"] for name, known in manifest["files"].items() if "lines" in known}
    return {
        "ok": True,
        "records": len(found),
        "not_sealed_yet": unsealed,
        "sealed_until": until or None,
        "pack_key": manifest["key_id"],
        "lines": counts,
    }


def main(arguments: list[str]) -> int:
    as_json = "--json" in arguments
    names = [one for one in arguments if one != "--json"]
    said: Json
    try:
        said, code = verify(names[0] if names else Path(__file__).resolve().parent), 0
    except Bad as bad:
        said, code = {"ok": False, "bad": bad.told()}, 1
    except NoPack as error:
        said, code = {"ok": False, "error": str(error)}, 2
    if as_json or code == 2:
        line = json.dumps(said, ensure_ascii=False)
    elif code:
        line = "BAD {id}: {reason} (conversation {conversation}, seq {seq})".format(**said["bad"])
    else:
        line = "ok: {records} records, {not_sealed_yet} not sealed yet, seals until {sealed_until}, pack key {pack_key}"
        line = line.format(**said)
    sys.stdout.write(line + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
