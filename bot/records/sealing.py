"""Making seals: one for each day that is over, since the first record, empty days too; what was missed is caught up.

Only the clock and `flask records` have a `Sealer`: it is what reads the key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path

from bot.errors import ConfigError, Conflict
from bot.logs import logger
from bot.model import GENESIS
from bot.mongo import Doc
from bot.records import days, keys
from bot.records.keys import SealKey
from bot.records.leaves import COLLECTIONS, Leaf, pack, unpack
from bot.records.merkle import Tree
from bot.records.seal import FORM, Seal, handover, moment, signed
from bot.store.records import new_id
from bot.store.seals import AlreadySealed, SealStore

LOOK_BACK = 7
"""So many sealed days are looked at again for records that came later. `verify` looks at all of them."""
LATE = 1000
"""So many late records go into one seal; the rest into the next."""
LEASE = timedelta(minutes=5)

log = logger(__name__)


@dataclass(slots=True)
class _Sum:
    """What a seal says about its list, added up while the list is written."""

    tree: Tree = field(default_factory=Tree)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COLLECTIONS, 0))
    first: Leaf | None = None
    last: Leaf | None = None
    log_head: Leaf | None = None
    chains: int = 0

    def take(self, leaves: Iterator[Leaf], renew: Callable[[], None]) -> Iterator[Leaf]:
        for one in leaves:
            if self.tree.count % 5000 == 0:
                renew()
            self.tree.add(one.data)
            self.counts[one.collection] += 1
            self.first = self.first or one
            self.last = one
            if one.collection == "audit" and (self.log_head is None or one.seq > self.log_head.seq):
                self.log_head = one
            # A chain's first record of the day is not always its first of all: `seq` 1 says that a chain began.
            self.chains += one.collection != "audit" and one.seq == 1
            yield one


@dataclass(frozen=True, slots=True)
class Sealer:
    """`key_file` None: no key is to be had here. `make_key`: in development the key is made where there is none.

    Methods raise ConfigError where the key cannot be read, and PyMongoError.
    """

    store: SealStore
    key_file: Path | None = field(repr=False)
    make_key: bool
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def key(self) -> SealKey:
        return keys.load(self.key_file, make=self.make_key)

    def missing(self) -> list[date]:
        """The days that are over and not sealed, the oldest first."""
        last = days.last_over(self.now())
        latest = self.store.latest()
        if latest is not None:
            first: date | None = date.fromisoformat(latest["_id"]) + timedelta(days=1)
        else:
            first = self._first_day()
        if first is None or first > last:
            return []
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def seal_missing(self, told: Callable[[Seal], object] = lambda _seal: None) -> int:
        """Seal what is missing; how many days that were. Another process at it: none."""
        token, made = new_id(), 0
        if not (due := self.missing()):
            return 0
        key = self.key()
        self._renew(token)
        try:
            for day in due:
                told(self._seal(day, key, lambda: self._renew(token)))
                made += 1
        except AlreadySealed:
            log.info("already_sealed")
        finally:
            self.store.release(token)
        return made

    def tick(self) -> None:
        """The clock's. A key that cannot be read is told in the log; doctor and /records show the missing days."""
        try:
            self.seal_missing(lambda seal: log.info("sealed", day=seal["_id"], records=seal["total"]))
        except ConfigError as error:
            log.error("not_sealed", error=str(error))  # noqa: TRY400 - its sentence says it all
        except Conflict:
            return

    def change_key(self) -> tuple[str, str]:
        """A new key takes the file's place, and the old one vouches for it in the next seal; their ids, old and new.

        The old key is gone then. Raises ConfigError, and Conflict where a day is missing that the old key has to seal,
        or where the last change is in no seal yet.
        """
        if self.missing():
            raise Conflict("A day that is over is not sealed yet: run `flask records seal` first.")
        if self.key_file is None:
            raise ConfigError("TELLER_SEAL_KEY_FILE must be set: it names the key to change.")
        old, new = self.key(), keys.fresh()
        latest = self.store.latest()
        if latest is not None and latest["key_id"] != old.id:
            raise Conflict(
                "The last change of the key stands in no seal yet: change it after tomorrow's seal."
            )
        self.store.hand_over(handover(old, new.public, self.now()))
        keys.replace(self.key_file, new)
        return old.id, new.id

    # -- a day --------------------------------------------------------------------------------------------------------

    def _seal(self, day: date, key: SealKey, renew: Callable[[], None]) -> Seal:
        name, run, before = day.isoformat(), new_id(), self.store.latest()
        late = self._late(day)
        added = _Sum()
        leaves = added.take(chain(self.of_day(day), late), renew)
        self.store.add_parts(name, run, pack(leaves))
        begin, end = days.bounds(day)
        body: Doc = {
            "_id": name,
            "v": FORM,
            "from": moment(begin),
            "to": moment(end),
            "sealed_at": moment(self.now()),
            "counts": added.counts,
            "total": added.tree.count,
            "root": added.tree.root().hex(),
            "first": added.first and _told(added.first),
            "last": added.last and _told(added.last),
            "heads": {"audit": _head(added.log_head), "begun": added.chains},
            "late": [_told(one) for one in late],
            "parts": run,
            "prev": before["hash"] if before else GENESIS,
        }
        if before is not None and before["key_id"] != key.id:
            word = self.store.word()
            if word is not None and (word.get("from"), word.get("to")) == (before["key_id"], key.id):
                body["handover"] = word
            else:
                # Sealed all the same: a day without a seal proves less than one by a key that nobody vouched for.
                log.error("seal_key_unknown", day=name)
        made = signed(body, key)
        renew()
        self.store.add(made)
        self.store.drop_parts(name, but=run)
        return made

    def of_day(self, day: date) -> Iterator[Leaf]:
        first, end = days.ids(day)
        for name in COLLECTIONS:
            for doc in self.store.records(name, first, end):
                yield leaf_of(name, doc)

    def _late(self, day: date) -> list[Leaf]:
        """Records of days sealed before that stand in no list, at most LATE."""
        found: list[Leaf] = []
        begin = day - timedelta(days=LOOK_BACK)
        seals = list(self.store.since(begin.isoformat(), (day - timedelta(days=1)).isoformat()))
        came = [one for seal in seals for one in seal["late"]]
        for seal in seals:
            of = date.fromisoformat(seal["_id"])
            first, end = days.ids(of)
            for name in COLLECTIONS:
                own = seal["counts"][name] - sum(one["collection"] == name for one in seal["late"])
                later = {one["id"] for one in came if one["collection"] == name and first <= one["id"] < end}
                if self.store.count(name, first, end) <= own + len(later):
                    continue
                listed = {one.id for one in unpack(self.store.parts(seal["parts"])) if one.collection == name}
                records = self.store.records(name, first, end)
                found += [leaf_of(name, doc) for doc in records if doc["_id"] not in listed | later]
        return sorted(found)[:LATE]

    def _first_day(self) -> date | None:
        found = (days.day_of(self.store.first_id(name)) for name in COLLECTIONS)
        return min((one for one in found if one is not None), default=None)

    def _renew(self, token: str) -> None:
        now = self.now()
        if not self.store.lease(token, now, now + LEASE):
            raise Conflict("Another process is sealing at the moment.")


def leaf_of(collection: str, doc: Doc) -> Leaf:
    """`doc` as `SealStore.records` gives it."""
    chain_of = {"audit": "", "customer_notes": doc.get("customer")}.get(collection, doc.get("conversation"))
    seq = doc.get("seq")
    return Leaf(
        collection,
        str(doc["_id"]),
        str(chain_of or ""),
        seq if isinstance(seq, int) else 0,
        str(doc.get("hash")),
    )


def _told(one: Leaf) -> Doc:
    return {"collection": one.collection, "id": one.id, "chain": one.chain, "seq": one.seq, "hash": one.hash}


def _head(one: Leaf | None) -> Doc | None:
    return None if one is None else {"seq": one.seq, "hash": one.hash}
