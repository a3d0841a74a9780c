"""From a seed and a population to a sample that anybody can draw again, with this file or without.

    population   lines `id TAB stratum LF`, sorted by id; its digest is the SHA-256 of them
    commitment   SHA-256(seed || week), the week as ASCII: it stands in the audit log before the week is over
    places       in proportion by the largest remainder, but to each stratum its floor
    within       the ids with the smallest HMAC-SHA-256(seed, id)
    read twice   the smallest HMAC-SHA-256(seed, "twice:" id) among those drawn

A stratum that is small is drawn from more densely than others, so the share of all replies is estimated with weights
(`bot.quality.result`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

FLOOR = 2
"""Places that the smallest kind of reply has at least, where there are enough."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reply that can be drawn: the id of its message, and its stratum."""

    id: str
    stratum: str


@dataclass(frozen=True, slots=True)
class Sample:
    """`drawn` in the order of their ids; `twice` are those that two people read. `strata`: name -> (there, drawn)."""

    drawn: tuple[Candidate, ...]
    twice: frozenset[str]
    strata: Mapping[str, tuple[int, int]]
    population: int
    digest: str


def commitment(seed: bytes, week: str) -> str:
    """What is published before the week is over, hex."""
    return hashlib.sha256(seed + week.encode("ascii")).hexdigest()


def lines(population: Iterable[Candidate]) -> bytes:
    """The population as it is hashed and kept."""
    ordered = sorted(population, key=lambda one: one.id)
    return "".join(f"{one.id}\t{one.stratum}\n" for one in ordered).encode()


def read(written: bytes) -> list[Candidate]:
    """The population out of its lines."""
    pairs = (line.split("\t") for line in written.decode().splitlines())
    return [Candidate(pair[0], pair[1]) for pair in pairs]


def digest(population: Iterable[Candidate]) -> str:
    return hashlib.sha256(lines(population)).hexdigest()


def draw(seed: bytes, population: Sequence[Candidate], size: int, double: float) -> Sample:
    """`size` of them, or all where there are no more; the share `double` of those is read twice (rounded up)."""
    members: defaultdict[str, list[str]] = defaultdict(list)
    for one in population:
        members[one.stratum].append(one.id)
    places = allocate({name: len(ids) for name, ids in members.items()}, size)
    chosen = [
        Candidate(one, name)
        for name, n in places.items()
        for one in sorted(members[name], key=lambda each: _rank(seed, each))[:n]
    ]
    chosen.sort(key=lambda one: one.id)
    again = sorted((one.id for one in chosen), key=lambda each: _rank(seed, f"twice:{each}"))
    n_twice = -(-Fraction(str(double)).limit_denominator(10_000) * len(chosen) // 1)
    return Sample(
        tuple(chosen),
        frozenset(again[: int(n_twice)]),
        {name: (len(members[name]), n) for name, n in sorted(places.items())},
        len(population),
        digest(population),
    )


def allocate(counts: Mapping[str, int], size: int, floor: int = FLOOR) -> dict[str, int]:
    """Places by stratum: never more than there are, `size` in sum where there are so many.

    The floor gives way, to one and then to none, where the strata are too many for it; ties go by name.
    """
    total = sum(counts.values())
    if total <= size:
        return dict(counts)
    least = next(f for f in range(floor, -1, -1) if sum(min(f, n) for n in counts.values()) <= size)
    base = {name: min(least, n) for name, n in counts.items()}
    places: dict[str, int] = {}
    # Whoever would get less than the floor gets it, and the others share what is left: once more, as there is less.
    while True:
        free = {name: n for name, n in counts.items() if name not in places}
        rest, weight = size - sum(places.values()), sum(free.values())
        shares = {name: Fraction(rest * n, weight) for name, n in free.items()}
        low = {name: base[name] for name, share in shares.items() if share < base[name]}
        if not low:
            break
        places |= low
    places |= {name: int(share) for name, share in shares.items()}
    left = size - sum(places.values())
    for name in sorted(shares, key=lambda one: (int(shares[one]) - shares[one], one))[:left]:
        places[name] += 1
    return places


def _rank(seed: bytes, what: str) -> bytes:
    return hmac.new(seed, what.encode(), hashlib.sha256).digest()
