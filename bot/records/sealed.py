"""Seals against each other, against their lists and copies, and the lists against the live records."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

from bot.model import GENESIS
from bot.records import days
from bot.records.check import Bad
from bot.records.leaves import COLLECTIONS, Leaf, unpack
from bot.records.merkle import Tree
from bot.records.seal import Seal, fault, handed_over
from bot.records.sealing import leaf_of
from bot.records.shipping import SEAL, as_bytes
from bot.store.seals import SealStore

KEPT = 100
"""Differences of a day that are kept until its list is known to be the sealed one."""
SEALS = "seals"


def of_seal(day: str, reason: str) -> Bad:
    return Bad(SEALS, day, None, None, reason)


@dataclass(slots=True)
class Sealed:
    """`trusted`: ids of keys one of which has to be the first seal's; empty: any. `folder`: where copies are."""

    store: SealStore
    trusted: Collection[str] = ()
    folder: Path | None = None
    step: Callable[[int], None] = lambda _n: None
    days: int = 0
    last: Seal | None = None
    _late: dict[tuple[str, str], Leaf] = field(default_factory=dict)

    def findings(self) -> Iterator[Bad]:
        for seal in self.store.all():
            for one in seal["late"] if fault(seal) is None else ():
                leaf = Leaf(one["collection"], one["id"], one["chain"], one["seq"], one["hash"])
                self._late[leaf.place] = leaf
        for seal in self.store.all():
            yield from self._seal(seal)
            self.days, self.last = self.days + 1, seal
        for leaf in self._late.values():
            yield Bad(leaf.collection, leaf.id, leaf.chain or None, leaf.seq, "missing: it was sealed")
        if self.folder is not None:
            yield from self._copies(self.folder)

    def _seal(self, seal: Seal) -> Iterator[Bad]:
        # Without its own name it is called by the day on which it ends: midnight in Taipei is 16:00 of it in UTC.
        named = seal["_id"] if isinstance(seal["_id"], str) else str(seal.get("to"))[:10]
        day, before = named, self.last
        if (reason := fault(seal)) is not None:
            yield of_seal(day, reason)
            return
        if before is None:
            yield from self._first(seal)
        else:
            expected = (date.fromisoformat(before["_id"]) + timedelta(days=1)).isoformat()
            if day != expected:
                yield of_seal(expected, "missing: there is no seal of this day")
            elif seal["prev"] != before["hash"]:
                yield of_seal(before["_id"], "rewritten: the seal after it was chained to another")
            if not handed_over(before, seal):
                yield of_seal(day, "signed by a key that the one before does not vouch for")
        yield from self._day(seal)

    def _first(self, seal: Seal) -> Iterator[Bad]:
        day = str(seal["_id"])
        if seal["prev"] != GENESIS:
            yield of_seal(day, "missing: there were seals before it")
        if self.trusted and seal["key_id"] not in self.trusted:
            yield of_seal(day, "signed by a key that is not trusted")
        first, _ = days.ids(date.fromisoformat(day))
        for name in COLLECTIONS:
            for doc in self.store.records(name, "", first):
                yield _found(leaf_of(name, doc), "inserted: it is older than the first seal")

    def _day(self, seal: Seal) -> Iterator[Bad]:
        """The day's list against its root, and the live records against the list."""
        tree, kept = Tree(), list[Bad]()
        whole = seal["total"] - len(seal["late"])

        def listed() -> Iterator[Leaf]:
            for leaf in unpack(self.store.parts(seal["parts"])):
                tree.add(leaf.data)
                yield leaf

        leaves = listed()
        try:
            for found in self._differences(date.fromisoformat(seal["_id"]), islice(leaves, whole)):
                if len(kept) < KEPT:
                    kept.append(found)
            for _ in leaves:
                pass
            same = (tree.count, tree.root().hex()) == (seal["total"], seal["root"])
        except ValueError:
            same = False
        if not same:
            yield of_seal(seal["_id"], "its list is not the one that was sealed")
        yield from kept

    def _differences(self, day: date, listed: Iterator[Leaf]) -> Iterator[Bad]:
        """Both are in the order of (collection, id)."""
        first, end = days.ids(day)
        live = (leaf_of(name, doc) for name in COLLECTIONS for doc in self.store.records(name, first, end))
        ours, sealed = next(live, None), next(listed, None)
        while ours is not None or sealed is not None:
            if ours is not None and (sealed is None or ours.place < sealed.place):
                came = self._late.pop(ours.place, None)
                if came is None:
                    yield _found(ours, "inserted: its day was sealed without it")
                elif came.hash != ours.hash:
                    yield _found(ours, "rewritten: it was sealed with another hash")
                self.step(1)
                ours = next(live, None)
            elif sealed is not None and (ours is None or sealed.place < ours.place):
                yield _found(sealed, "missing: it was sealed")
                sealed = next(listed, None)
            elif ours is not None and sealed is not None:
                if ours.hash != sealed.hash:
                    yield _found(ours, "rewritten: it was sealed with another hash")
                self.step(1)
                ours, sealed = next(live, None), next(listed, None)

    def _copies(self, folder: Path) -> Iterator[Bad]:
        """Every copy in the folder has its seal here, the very same."""
        seen = set()
        for path in sorted(folder.glob(f"*{SEAL}")):
            day = path.name.removesuffix(SEAL)
            seen.add(day)
            seal = self.store.seal(day)
            if seal is None:
                yield of_seal(day, "missing: a copy of it was shipped")
            elif path.read_bytes() != as_bytes(seal):
                yield of_seal(day, _how(path))
        for day, state in self.store.copies(s["_id"] for s in self.store.all()).items():
            if "at" in state.get("folder", {}) and day not in seen:
                yield of_seal(day, "its copy is missing in the folder")


def _how(path: Path) -> str:
    try:
        copy = json.loads(path.read_bytes())
    except ValueError:
        return "its copy was damaged"
    return "rewritten: its copy says something else" if fault(copy) is None else "its copy was changed"


def _found(leaf: Leaf, reason: str) -> Bad:
    return Bad(leaf.collection, leaf.id, leaf.chain or None, leaf.seq, reason)
