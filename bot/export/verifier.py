#!/usr/bin/env python3
"""Verifies an examiner's pack of Teller with Python 3.8 or newer alone: `python3 verify.py [FOLDER] [--json]`.

Checked are: the manifest's signature and the SHA-256 of every file; every chain of messages and notes from its first
record to its head; the audit events; every seal (Ed25519), its place after the one before, its Merkle root over the
list it was made of; and that every record in the pack stands in the list of its day with the same hash.

Exit code 0: all is as it was written; 1: the first record that is not is named; 2: this is no pack.
What it cannot know: whether the key that signed is Teller's. Compare the key ids it prints with those you were told.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.export.primitives import canonical, key_id, link, signed
from bot.export.proof import CHAINED, Bad, against_seals, rows

if TYPE_CHECKING:
    Json = dict[str, Any]
    Found = tuple[str, str, str]
GENESIS = "0" * 64
PACK = b"teller pack 1\n"


class NoPack(Exception):
    pass


# -- the pack ------------------------------------------------------------


def manifest_of(folder: Path) -> Json:
    """The manifest, after its signature was checked."""
    try:
        manifest: Json = json.loads((folder / "manifest.json").read_bytes())
        public, signature = bytes.fromhex(manifest["public_key"]), bytes.fromhex(manifest["signature"])
        body = {name: value for name, value in manifest.items() if name != "signature"}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoPack(f"{folder} has no manifest.json of a pack ({type(error).__name__})") from None
    if key_id(public) != manifest["key_id"] or not signed(public, signature, PACK + canonical(body)):
        raise Bad("manifest.json: its signature does not hold", "manifest.json")
    return manifest


def files(folder: Path, manifest: Json) -> None:
    """Raises Bad for the first file that is not as the manifest has it."""
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


def checked(record: Json, name: str) -> tuple[Any, Any, Any]:
    """Its conversation, number and hash. Raises Bad where the hash is another."""
    place = (record.get("_id"), record.get("conversation"), record.get("seq"))
    try:
        if link(record["prev_hash"], record) != record["hash"]:
            raise Bad(f"changed: its hash is another ({name})", *place)
    except (KeyError, TypeError, ValueError):
        raise Bad(f"changed: its hash cannot be computed ({name})", *place) from None
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
        place = checked(record, collection + ".jsonl")
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
        place = checked(record, "access.jsonl")
        if gapless and previous is not None:
            if place[2] != previous["seq"] + 1:
                raise Bad("missing", None, None, previous["seq"] + 1)
            if record["prev_hash"] != previous["hash"]:
                raise Bad("rewritten: it was chained to another", *place)
        previous = record
        step()
        yield "audit", place[0], record["hash"]


def verify(folder: str | Path, step: Callable[[], None] = lambda: None) -> Json:
    """What was found of a pack that is whole. Raises Bad, NoPack."""
    folder = Path(folder)
    manifest = manifest_of(folder)
    try:
        files(folder, manifest)
    except Bad as fault:
        # The chains tell which record of the file it is; where they hold, the file is all that can be named.
        try:
            _records(folder, manifest, step)
        except Bad as record:
            named = record.told()
            raise record if named["seq"] or ", line " in named["reason"] else fault from None
        except Exception:  # noqa: BLE001 - a damaged file may hold anything
            raise fault from None
        raise
    try:
        found, unsealed, until = _records(folder, manifest, step)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Bad(f"not in the form of a pack ({type(error).__name__})") from None
    counts = {name: known["lines"] for name, known in manifest["files"].items() if name.endswith(".jsonl")}
    return {
        "ok": True,
        "records": found,
        "not_sealed_yet": unsealed,
        "sealed_until": until or None,
        "pack_key": manifest["key_id"],
        "lines": counts,
    }


def _records(folder: Path, manifest: Json, step: Callable[[], None]) -> tuple[int, int, str]:
    kept = ("seq", "head_hash", "notes", "note_head")
    heads = {row["id"]: {name: row.get(name) for name in kept} for row in rows(folder, "conversations.jsonl")}
    found: list[str] = []
    for collection in CHAINED:
        found += ["\t".join(one) for one in chains(folder, collection, heads, step)]
    found += ["\t".join(one) for one in events(folder, bool(manifest.get("gapless_log")), step)]
    found.sort()
    unsealed, until = against_seals(folder, found, heads)
    return len(found), unsealed, until


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
