"""What belongs to the conversations of a pack: who saw them, the texts that were approved, the staff, the seals."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from bot.export.scope import Scope
from bot.export.writer import Folder
from bot.mongo import Doc
from bot.records import days
from bot.records.leaves import unpack
from bot.records.shipping import as_bytes
from bot.store.chain import canonical
from bot.store.exporting import ExportStore
from bot.store.seals import SealStore
from bot.vault import Vault

CONTENT = ("id", "version", "kind", "status", "product_class", "questions", "answer", "author", "approver",
           "approved_at", "valid_from", "valid_until", "retired_at", "created_at", "sha256")  # fmt: skip


def log(store: ExportStore, scope: Scope, customers: Sequence[str], folder: Folder, seen: set[str]) -> int:
    """The audit log: of the whole time, without a gap, where everything is exported, else of these customers, whenever
    it was. `seen` gets their ids."""
    found = store.log(*scope.bounds) if scope.everyone else store.about(customers, scope.conversation)
    with folder.lines("access.jsonl") as out:
        for doc in found:
            out.record(doc)
            seen.add(doc["_id"])
        return out.lines


def articles(store: ExportStore, keys: Iterable[str], folder: Folder) -> int:
    """Every version that was said, with who approved it and when."""
    with folder.lines("articles.jsonl") as out:
        for doc in store.content(sorted(keys)):
            out.add({name: doc.get(name) for name in CONTENT})
        return out.lines


def case(store: ExportStore, vault: Vault, scope: Scope, folder: Folder) -> None:
    """The case as it stands, then its history; digests for ciphertexts, and beside them what they say."""
    if scope.case is None or (found := store.case(scope.case)) is None:
        return
    with folder.lines("case.jsonl") as out:
        out.add({"record": json.loads(canonical(found))})
        for line in store.history(scope.case):
            text = vault.read(line["content"] if scope.unmasked else line["masked"])
            out.add({"record": json.loads(canonical(line)), "text": text})


def staff(store: ExportStore, vault: Vault, folder: Folder) -> None:
    with folder.lines("staff.jsonl") as out:
        for doc in store.staff():
            out.add(
                {
                    "id": doc["_id"],
                    "name": vault.read(doc["name"]),
                    "role": doc["role"],
                    "active": doc["active"],
                }
            )


def seals(store: SealStore, ids: Iterable[str], folder: Folder) -> dict[str, Any]:
    """Every seal there is, for they hold each other; and the lists of the days on which something of this pack was
    written."""
    wanted = {day.isoformat() for one in ids if (day := days.day_of(one)) is not None}
    made: list[Doc] = []
    with folder.lines("seals.jsonl") as out:
        for seal in store.since(""):
            out.put(as_bytes(seal))
            if seal["_id"] in wanted:
                made.append({"_id": seal["_id"], "parts": seal["parts"]})
    for seal in made:
        # No time of making in the header: the same list gives the same file.
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped:
            for leaf in unpack(store.parts(seal["parts"])):
                zipped.write(leaf.line().encode())
        folder.whole(f"leaves/{seal['_id']}.gz", packed.getvalue())
    latest = store.latest()
    return {
        "seals": store.number(),
        "lists": len(made),
        "until": latest["_id"] if latest else None,
        "key_id": latest["key_id"] if latest else None,
    }
