"""Every chain in order, some owners at a time and each time as of one moment, so that work may go on meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from bot.model import GENESIS
from bot.records.check import Bad, bad, fault
from bot.store.chains import ChainStore, Stored

BATCH = 500
LOG_BATCH = 5000
FIRST = ""
"""Below every id."""

Step = Callable[[int], None]
"""Told how many more records were read."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A collection of chains: the field that names a record's owner, and where the owner keeps count and head."""

    name: str
    owner: str
    owners: str
    count: str
    head: str


KINDS = (
    Kind("messages", "conversation", "conversations", "seq", "head_hash"),
    Kind("notes", "conversation", "conversations", "notes", "note_head"),
    Kind("customer_notes", "customer", "customers", "notes", "note_head"),
)


def log(store: ChainStore, certified: Callable[[str, str], bool], step: Step) -> Iterator[Bad]:
    """What is wrong in the audit log. Its head is read first: what is written meanwhile is after it."""
    count, head = store.log_head()

    def lines() -> Iterator[Stored]:
        after = 0
        while after < count:
            some = [
                one for one in store.log(after, LOG_BATCH) if not isinstance(one.seq, int) or one.seq <= count
            ]
            if not some:
                return
            yield from some
            after = max((one.seq for one in some if isinstance(one.seq, int)), default=count)

    yield from _chain("audit", None, lines(), count, head, certified, step)
    # A number that is none sorts elsewhere, and one above the head was written by nobody of ours or just now.
    for one in store.log(count, LOG_BATCH):
        if (reason := fault("audit", one, certified)) is not None:
            yield bad("audit", one, reason)


def chains(store: ChainStore, kind: Kind, certified: Callable[[str, str], bool], step: Step) -> Iterator[Bad]:
    """What is wrong in the chains of one collection."""
    after = FIRST
    while True:
        with store.moment() as session:
            owners = store.owners(kind.owners, after, BATCH, session)
            upto = owners[-1]["_id"] if len(owners) == BATCH else None
            rest = {one["_id"]: one for one in owners if one.get(kind.count)}
            lines = store.lines(kind.name, kind.owner, after, upto, session)
            for chain, group in groupby(lines, key=attrgetter("chain")):
                owner = rest.pop(chain, None)
                if owner is None:
                    yield from _orphans(kind.name, group, certified, step)
                    continue
                count, head = owner[kind.count], owner.get(kind.head, GENESIS)
                yield from _chain(kind.name, chain, group, count, head, certified, step)
        for chain in rest:
            yield Bad(kind.name, None, chain, 1, "missing")
        if upto is None:
            return
        after = upto


def threads(store: ChainStore) -> Iterator[Bad]:
    """Conversations that vanished whole leave gaps in the numbers that their thread gave its messages."""
    after = FIRST
    while True:
        with store.moment() as session:
            owners = store.threads(after, BATCH, session)
            upto = owners[-1][0] if len(owners) == BATCH else None
            counts = dict(owners)
            for thread, group in groupby(store.places(after, upto, session), key=lambda one: one[0]):
                wanted = 1
                for _, pos in group:
                    if pos == wanted:
                        wanted += 1
                if wanted <= counts.pop(thread, 0):
                    yield _gap(wanted)
        for count in counts.values():
            if count:
                yield _gap(1)
        if upto is None:
            return
        after = upto


def _gap(pos: int) -> Bad:
    return Bad(
        "messages", None, None, None, f"missing: message {pos} of a customer's, with its whole conversation"
    )


def _orphans(
    name: str, lines: Iterator[Stored], certified: Callable[[str, str], bool], step: Step
) -> Iterator[Bad]:
    for one in lines:
        step(1)
        yield bad(name, one, fault(name, one, certified) or "its conversation or customer is missing")


def _chain(
    name: str,
    chain: Any,
    lines: Iterator[Stored],
    count: int,
    head: str | None,
    certified: Callable[[str, str], bool],
    step: Step,
) -> Iterator[Bad]:
    previous: str | None = GENESIS
    seq, before, told = 0, None, False
    for one in lines:
        step(1)
        reason, gap = fault(name, one, certified), False
        number = one.seq if isinstance(one.seq, int) else seq + 1
        if number > seq + 1:
            gap = True
            yield Bad(name, None, chain, seq + 1, "missing")
        elif number <= seq:
            reason = reason or "inserted: another record has its number"
        if reason is None and number > count:
            reason = "inserted: it is not counted"
        if reason is not None:
            yield bad(name, one, reason)
        elif one.doc is not None and previous not in (None, one.doc["prev_hash"]) and not gap and not told:
            if before is None:
                yield bad(name, one, "inserted: its chain does not begin with it")
            else:
                yield bad(name, before, "rewritten: the record after it was chained to another")
        previous = one.doc.get("hash") if one.doc else None
        seq, before, told = max(seq, number), one, reason is not None
    if seq < count:
        yield Bad(name, None, chain, seq + 1, "missing")
    elif before is not None and head is not None and not told and previous != head:
        yield bad(name, before, "rewritten: the end of its chain is another")
