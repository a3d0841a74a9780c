"""A draw and its report as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.mongo import Doc
from bot.quality.result import Result

COMMITTED, AD_HOC = "committed", "ad_hoc"


@dataclass(frozen=True, slots=True)
class Drawn:
    """One draw. `kind`: committed or ad_hoc; `state`: drawn or signed. `strata`: name -> (there, drawn). `proof` is
    what others need to draw it again: seed, commitment, digests."""

    id: str
    week: str
    kind: str
    state: str
    at: datetime
    by: str
    size: int
    population: int
    strata: Mapping[str, tuple[int, int]]
    twice: int
    proof: Mapping[str, str]
    late: bool = False
    signed_by: str | None = None
    signed_at: datetime | None = None

    @property
    def whole(self) -> bool:
        """Whether there were no more replies than places."""
        return sum(n for _, n in self.strata.values()) == self.population


@dataclass(frozen=True, slots=True)
class WeekReport:
    """`verdicts`: how often each; `findings`: settled faults, as documents of `audit_items`."""

    draw: Drawn
    result: Result
    verdicts: Mapping[str, int]
    by_stratum: Mapping[str, tuple[int, int]]
    disputed: int
    findings: tuple[Doc, ...]


def drawn_of(doc: Doc) -> Drawn:
    names = ("commitment", "seed", "population_digest", "sample_digest")
    return Drawn(
        id=doc["_id"],
        week=doc["week"],
        kind=doc["kind"],
        state=doc["state"],
        at=doc["drawn_at"],
        by=doc["by"],
        size=doc["size"],
        population=doc["population"],
        strata={name: (there, n) for name, there, n in doc["strata"]},
        twice=doc["twice"],
        proof={name: doc[name] for name in names if doc.get(name)},
        late=bool(doc.get("late")),
        signed_by=doc.get("signed_by"),
        signed_at=doc.get("signed_at"),
    )
